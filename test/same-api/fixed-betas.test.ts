/**
 * An API that is not Anthropic's own (Bedrock or Vertex behind a gateway, another vendor) refuses betas that it does not know, and
 * what needs one of them: the operator fixes the list, and the request of Claude Code keeps to it.
 * Source: new-api #3041, CLIProxyAPI #4750, claude-code #21612, #70563 and #63469, 9router #1468, read 2026-11.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const sent = 'claude-code-20250219,context-management-2025-06-27,mid-conversation-system-2026-04-07'
const body = {
  model: 'm',
  max_tokens: 9,
  speed: 'fast',
  output_config: { effort: 'high', task_budget: { type: 'tokens', total: 9 } },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'system', content: 'Plan mode is on.' },
  ],
}

/** What goes up, and its `anthropic-beta`. */
async function up(t: TestContext, headers: Record<string, string>, model: object = {}) {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none', headers }],
      models: [{ name: 'm', id: 'm', type: 'anthropic', ...model }],
    },
  })
  await post(`${url}/v1/messages`, body, { 'anthropic-beta': sent })
  const [request] = upstream.requests
  return { beta: request!.headers['anthropic-beta'], body: request!.json() }
}

const { speed: _speed, context_management: management, output_config: _config, ...rest } = body
const reminder = '<system-reminder>\nPlan mode is on.\n</system-reminder>'
const told = [{ role: 'user', content: ['Hi', reminder].map((text) => ({ type: 'text', text })) }]

test('translation §14: a list of betas that the endpoint fixes goes up, and the body keeps to it', async (t) => {
  const beta = 'context-management-2025-06-27, effort-2025-11-24'

  assert.deepEqual(await up(t, { 'Anthropic-Beta': beta }), {
    beta,
    body: {
      ...rest,
      messages: told,
      context_management: management,
      output_config: { effort: 'high' },
    },
  })
})

test('translation §14: an empty list takes the header out, whatever else is changed', async (t) => {
  const { beta, body: sentBody } = await up(t, { 'anthropic-beta': '' }, { reasoning: 'high' })

  const { messages, context_management, speed } = sentBody as Record<string, unknown>
  assert.equal(beta, undefined)
  assert.deepEqual([messages, context_management, speed], [told, undefined, undefined])
})

test('translation §14: a member that was taken out for the model does not come back with a list', async (t) => {
  const sonnet = { upstream_id: 'claude-sonnet-4-5' }
  const { body: sentBody } = await up(t, { 'anthropic-beta': 'x' }, sonnet)

  const { output_config, messages } = sentBody as Record<string, unknown>
  assert.deepEqual([output_config, messages], [undefined, told])
})

test('translation §14: without a list the betas and the body go up as the client sent them', async (t) => {
  assert.deepEqual(await up(t, {}), { beta: sent, body })
})

/** As Claude Code 2.1.332 writes for Claude 5.5, through the Agent SDK. */
const newest = {
  model: 'm',
  max_tokens: 9,
  thinking: { type: 'adaptive', display: 'updates', block_binding: {} },
  safeguards: [{ type: 'dangerous_tool_use', classifier_context: { v: 1 } }],
  output_config: { effort: 'medium' },
  tools: [
    { name: 'Bash', input_schema: { type: 'object' } },
    { name: 'WebFetch', input_schema: { type: 'object' }, defer_loading: true },
    { name: 'Later', input_schema: { type: 'object' }, defer_loading: true },
  ],
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'system', content: 'Plan.', output_config: { effort: 'medium' }, clear_at: 'never' },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 't', name: 'ToolSearch', input: {} }],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 't',
          content: [{ type: 'tool_reference', tool_name: 'WebFetch' }],
        },
      ],
    },
    { role: 'system', content: [], output_config: { effort: 'max' } },
  ],
}

async function upNewest(t: TestContext, beta: string, ask: object = newest, model: object = {}) {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const headers = beta === 'any' ? {} : { 'anthropic-beta': beta }
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none', headers }],
      models: [{ name: 'm', id: 'm', type: 'anthropic', ...model }],
    },
  })
  await post(`${url}/v1/messages`, ask, { 'anthropic-beta': sent })
  return upstream.requests[0]!.json() as typeof newest
}

test('translation §14: what newer betas permit is told without them: efforts of turns, deferred tools, updates', async (t) => {
  const { tools, thinking, output_config, messages, safeguards } = await upNewest(
    t,
    'mid-conversation-system-1',
  )

  const [bash, fetch] = newest.tools
  const { defer_loading: _deferred, ...loaded } = fetch!
  assert.deepEqual(tools, [bash, loaded])
  assert.deepEqual([thinking, safeguards], [{ type: 'adaptive' }, undefined])
  assert.deepEqual(output_config, { effort: 'max' })
  const [first, , called, result] = newest.messages
  const text = { type: 'text', text: 'Tool WebFetch is loaded.' }
  assert.deepEqual(messages, [
    first,
    { role: 'system', content: 'Plan.' },
    called,
    { ...result, content: [{ type: 'tool_result', tool_use_id: 't', content: [text] }] },
  ])
})

test('translation §14: a turn that holds nothing but an effort leaves no empty turn behind', async (t) => {
  const { messages, output_config } = await upNewest(t, '', {
    ...newest,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'system', content: [], output_config: { effort: 'low' } },
      { role: 'user', content: 'Go.' },
    ],
  })

  assert.deepEqual(
    messages.map(({ role }) => role),
    ['user', 'assistant', 'user'],
  )
  assert.deepEqual(output_config, { effort: 'low' })
})

test('translation §14: what the betas of the list permit stays', async (t) => {
  const list =
    'per-turn-control-2026-07-01, advanced-tool-use-2025-11-20, thinking-display-updates-2026-08-18, thinking-binding-controls-2026-08-01, mid-conversation-system-2026-04-07, mid-conversation-system-clear-at-2026-08-21, dangerous-tool-use-2026-09-03'

  assert.deepEqual(await upNewest(t, list), newest)
})

test('translation §14: tools that the API itself searches for stay deferred', async (t) => {
  const search = { type: 'tool_search_tool_regex_20251119', name: 'search' }
  const tools = [search, ...newest.tools]

  assert.deepEqual((await upNewest(t, '', { ...newest, tools })).tools, tools)
})

test("translation §14: the operator's level holds against an effort that a turn sets", async (t) => {
  const opus = { upstream_id: 'claude-opus-5-5', reasoning: 'low' }
  const { messages, output_config } = await upNewest(t, 'any', newest, opus)

  assert.deepEqual(output_config, { effort: 'low' })
  assert.doesNotMatch(JSON.stringify(messages), /effort/)
})

test('translation §14: an effort of a turn becomes that of the request for a model that knows no such turn', async (t) => {
  const of = (upstream_id: string) => upNewest(t, 'any', newest, { upstream_id })

  const opus48 = await of('claude-opus-4-8')
  assert.deepEqual(opus48.output_config, { effort: 'max' })
  assert.doesNotMatch(JSON.stringify(opus48.messages), /effort/)
  assert.equal(opus48.messages[1]!.role, 'system')
  assert.deepEqual((await of('claude-opus-4-6')).output_config, { effort: 'max' })
  const opus55 = await of('claude-opus-5-5')
  assert.deepEqual(opus55.messages, newest.messages)
})
