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
