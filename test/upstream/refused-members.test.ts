/**
 * What a model or an API does not take of a request of its own API, though agents send it whatever their user chose: members that it
 * does not know, sampling, a form of thinking, an effort, a limit.
 * Source: CLIProxyAPI #5738, #5563 and #897, claude-code #33180, #32820, #30795 and #52541, claude-agent-sdk-python #694, pr-agent #2456,
 * vscode #320605, langchain #35544, copilot-api #261 and #308, caozhiyuan/copilot-api #218 and #286, codex #6647, #29469 and #30161,
 * continue #9602, software-agent-sdk #987 and #1837, Agent-S #135, read 2026-11.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const messages = [{ role: 'user', content: 'Hi' }]
const said = { role: 'assistant', content: 'I' }
const look = { name: 'look', input_schema: { type: 'object' } }
const mark = { type: 'ephemeral', scope: 'global' }
const effortOf = (effort: string) => ({ output_config: { effort } })
const json = { type: 'json_schema', schema: { type: 'object' } }

interface Row {
  says: string
  sent: JsonObject
  /** what goes up in its place; undefined for what is left out */
  instead: JsonObject
}

const ofClaude: Row[] = [
  {
    says: 'context_management: Extra inputs are not permitted',
    sent: { context_management: { edits: [] } },
    instead: { context_management: undefined },
  },
  {
    says: 'safeguards: Extra inputs are not permitted',
    sent: { safeguards: [{ type: 'dangerous_tool_use' }] },
    instead: { safeguards: undefined },
  },
  {
    says: 'tools.0.custom.eager_input_streaming: Extra inputs are not permitted',
    sent: { tools: [{ ...look, eager_input_streaming: true }] },
    instead: { tools: [look] },
  },
  {
    says: 'tools.1.custom.defer_loading: Extra inputs are not permitted',
    sent: { tools: [look, { ...look, name: 'later', defer_loading: true }] },
    instead: { tools: [look] },
  },
  {
    says: 'messages.1.output_config: Extra inputs are not permitted',
    sent: {
      messages: [...messages, { role: 'system', content: 'Plan.', ...effortOf('max') }],
      ...effortOf('low'),
    },
    instead: { messages: [...messages, { role: 'system', content: 'Plan.' }], ...effortOf('max') },
  },
  {
    says: 'system.0.cache_control.ephemeral.scope: Extra inputs are not permitted',
    sent: { system: [{ type: 'text', text: 'a', cache_control: mark }] },
    instead: { system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
  },
  {
    says: 'output_config: Extra inputs are not permitted',
    sent: effortOf('low'),
    instead: { output_config: undefined },
  },
  {
    says: 'thinking.adaptive.display: Extra inputs are not permitted',
    sent: { thinking: { type: 'adaptive', display: 'updates' } },
    instead: { thinking: { type: 'adaptive' } },
  },
  {
    says: 'tool_reference and image.source.file are unknown here; `temperature` is deprecated',
    sent: { temperature: 0 },
    instead: { temperature: undefined },
  },
  {
    says: "messages.1.role: Input should be 'user' or 'assistant'",
    sent: { messages: [...messages, { role: 'system', content: 'Plan.' }] },
    instead: {
      messages: [
        {
          role: 'user',
          content: ['Hi', '<system-reminder>\nPlan.\n</system-reminder>'].map((text) => ({
            type: 'text',
            text,
          })),
        },
      ],
    },
  },
  {
    says: '`temperature` is deprecated for this model.',
    sent: { temperature: 0, top_p: 0.9, top_k: 4 },
    instead: { temperature: undefined, top_p: undefined, top_k: undefined },
  },
  {
    says: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
    sent: { temperature: 0, top_p: 0.9 },
    instead: { top_p: undefined },
  },
  {
    says: '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    sent: { thinking: { type: 'enabled', budget_tokens: 10_000, display: 'summarized' } },
    instead: { thinking: { type: 'adaptive', display: 'summarized' }, ...effortOf('medium') },
  },
  {
    says: 'adaptive thinking is not supported on this model',
    sent: { thinking: { type: 'adaptive' }, ...effortOf('low') },
    instead: { thinking: { type: 'enabled', budget_tokens: 4096 }, output_config: undefined },
  },
  {
    says: 'adaptive thinking is not supported on this model',
    sent: { thinking: { type: 'adaptive' }, max_tokens: 1000 },
    instead: { thinking: undefined },
  },
  {
    says: 'This model does not support the effort parameter.',
    sent: { output_config: { effort: 'high', format: json } },
    instead: { output_config: { format: json } },
  },
  {
    says: 'output_config.effort "high" was provided, but model claude-haiku-4.5 does not support reasoning effort',
    sent: effortOf('high'),
    instead: { output_config: undefined },
  },
  {
    says: 'output_config.effort "high" is not supported by model claude-opus-4.7; supported values: [medium]',
    sent: effortOf('high'),
    instead: effortOf('medium'),
  },
  {
    says: 'Thinking may not be enabled when tool_choice forces tool use.',
    sent: {
      tools: [look],
      tool_choice: { type: 'any' },
      thinking: { type: 'enabled', budget_tokens: 1024 },
    },
    instead: { thinking: undefined },
  },
  {
    says: 'max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-haiku-20241022',
    sent: { max_tokens: 64_000, thinking: { type: 'enabled', budget_tokens: 31_999 } },
    instead: { max_tokens: 8192, thinking: { type: 'enabled', budget_tokens: 7168 } },
  },
  {
    says: 'This model does not support assistant message prefill. The conversation must end with a user message.',
    sent: { messages: [...messages, said] },
    instead: {
      messages: [...messages, said, { role: 'user', content: 'Go on from where you stopped.' }],
    },
  },
]

const asked = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }

const ofGpt: Row[] = [
  {
    says: "Unsupported parameter: 'temperature' is not supported with this model.",
    sent: { temperature: 0 },
    instead: { temperature: undefined },
  },
  {
    says: 'Unsupported parameter: prompt_cache_retention',
    sent: { prompt_cache_retention: '24h', prompt_cache_key: 'k' },
    instead: { prompt_cache_retention: undefined },
  },
  {
    says: "Unknown parameter: 'input[0].internal_chat_message_metadata_passthrough'.",
    sent: { input: [{ ...asked, internal_chat_message_metadata_passthrough: {} }, asked] },
    instead: { input: [asked, asked] },
  },
  {
    says: "Unknown parameter: 'input[0].content[0].prompt_cache_breakpoint'.",
    sent: {
      input: [{ ...asked, content: [{ ...asked.content[0], prompt_cache_breakpoint: {} }] }],
    },
    instead: { input: [asked] },
  },
  {
    says: "Unknown parameter: 'stream_options.include_usage'.",
    sent: { stream_options: { include_usage: true } },
    instead: { stream_options: undefined },
  },
  {
    says: 'Encrypted content is not supported with this model.',
    sent: { include: ['reasoning.encrypted_content'] },
    instead: { include: undefined },
  },
  {
    says: 'Your organization must be verified to generate reasoning summaries. Please go to: https://platform.openai.com/',
    sent: { reasoning: { effort: 'low', summary: 'auto' } },
    instead: { reasoning: { effort: 'low' } },
  },
]

/** Sends requests, each of a session of its own, so that nothing that was learned counts. Gives what went up of each. */
async function startRefusing(t: TestContext) {
  let refusals: { status: number; body: object }[] = []
  const upstream = await startUpstream(t, ({ url }) => {
    const refusal = refusals.shift()
    if (refusal) return refusal
    return { body: url.endsWith('responses') ? responsesBody({}) : anthropicMessage({}) }
  })
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: ['anthropic', 'openai'].map((type) => ({
        name: type,
        type,
        base_url: upstream.url,
        auth: 'none',
      })),
      models: [
        { name: 'c', id: 'claude-sonnet-5', type: 'anthropic' },
        { name: 'g', id: 'gpt-5.1', type: 'openai' },
      ],
    },
  })
  let count = 0
  return async (path: string, body: JsonObject, refusal: object, status = 400) => {
    refusals = [{ status, body: refusal }]
    count += 1
    const from = upstream.requests.length
    const back = await post(url + path, body, { 'session-id': `s${count}` })
    const text = await back.text()
    const sent = upstream.requests.slice(from).map((request) => request.json() as JsonObject)
    assert.equal(back.status, sent.length === 1 ? status : 200, text)
    return sent
  }
}

const approval = { type: 'mcp_approval_response', approval_request_id: 'm', approve: false }

const refusedBy = { message: '', type: 'invalid_request_error' }

/** What JSON has of it: a member that is undefined is none. */
function written(body: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject
}

test('translation §14: what an API of Anthropic does not take goes up once more without it', async (t) => {
  const ask = await startRefusing(t)
  for (const { says, sent, instead } of ofClaude) {
    const body = { model: 'claude-sonnet-5', max_tokens: 32_000, messages, ...sent }
    const refusal = { type: 'error', error: { ...refusedBy, message: says } }

    const [first, second, third] = await ask('/v1/messages', body, refusal)

    assert.deepEqual(first, body, says)
    assert.deepEqual(second, written({ ...body, ...instead }), says)
    assert.equal(third, undefined, says)
  }
})

test('translation §14: with a member that an API does not know goes all that can be told otherwise', async (t) => {
  const ask = await startRefusing(t)
  const body = {
    model: 'claude-sonnet-5',
    max_tokens: 32_000,
    messages: [...messages, { role: 'system', content: [], ...effortOf('max') }],
    tools: [look, { ...look, name: 'later', defer_loading: true }],
    thinking: { type: 'adaptive', display: 'updates' },
    context_management: { edits: [] },
    ...effortOf('low'),
  }
  const message = 'context_management: Extra inputs are not permitted'

  const [, second] = await ask('/v1/messages', body, { error: { ...refusedBy, message } })

  const { context_management: _management, ...rest } = body
  const thinking = { type: 'adaptive' }
  assert.deepEqual(second, { ...rest, messages, tools: [look], thinking, ...effortOf('max') })
})

test('translation §14: what an API of OpenAI does not take goes up once more without it', async (t) => {
  const ask = await startRefusing(t)
  for (const { says, sent, instead } of ofGpt) {
    const body = { model: 'gpt-5.1', input: [asked], ...sent }

    const [first, second, third] = await ask('/v1/responses', body, { detail: says })

    assert.deepEqual(first, body, says)
    assert.deepEqual(second, written({ ...body, ...instead }), says)
    assert.equal(third, undefined, says)
  }
})

test('translation §14: an effort that a GPT does not have becomes the nearest of those that it names', async (t) => {
  const ask = await startRefusing(t)
  const says = (list: string) =>
    `Unsupported value: 'x' is not supported with the 'gpt-5.1' model. Supported values are: ${list}.`
  for (const [effort, list, taken] of [
    ['none', "'low', 'medium', and 'high'", { effort: 'low' }],
    ['xhigh', "'low', 'medium', and 'high'", { effort: 'high' }],
    ['minimal', "'none', 'low'", { effort: 'low' }],
    ['low', '', undefined],
  ] as const) {
    const body = { model: 'gpt-5.1', input: 'Hi', reasoning: { effort } }
    const error = {
      ...refusedBy,
      message: says(list),
      param: 'reasoning.effort',
      code: 'unsupported_value',
    }

    const [, second] = await ask('/v1/responses', body, { error })

    assert.deepEqual(second!.reasoning, taken, effort)
  }
})

test('translation §14: the summary of reasoning that a chat is given is not asked for where nobody may have it', async (t) => {
  const ask = await startRefusing(t)
  const message = 'Your organization must be verified to generate reasoning summaries.'
  const error = { ...refusedBy, message, param: 'reasoning.summary', code: 'unsupported_value' }
  const body = { model: 'gpt-5.1', messages, reasoning_effort: 'high' }

  const [first, second] = await ask('/v1/chat/completions', body, { error })

  assert.deepEqual(first!.reasoning, { effort: 'high', summary: 'auto' })
  assert.deepEqual(second!.reasoning, { effort: 'high' })
})

test('translation §14: what makes another question of a request is never left out, nor is what was not sent', async (t) => {
  const ask = await startRefusing(t)
  const claude = { model: 'claude-sonnet-5', max_tokens: 9, messages }
  for (const [says, sent] of [
    ['thread: Extra inputs are not permitted', { thread: { type: 'create' } }],
    ['mcp_servers: Extra inputs are not permitted', { mcp_servers: [] }],
    ['output_config: Extra inputs are not permitted', { output_config: { format: json } }],
    ['output_config.format: Extra inputs are not permitted', { output_config: { format: json } }],
    ['messages.0.content.0.text: Extra inputs are not permitted', {}],
    ['temperature: Input should be less than or equal to 1', { temperature: 7 }],
    ['`temperature` is deprecated for this model.', {}],
    ['output_config.effort: Input should be low, medium or high', effortOf('much')],
  ] as const) {
    const sentUp = await ask('/v1/messages', { ...claude, ...sent }, { error: { message: says } })
    assert.equal(sentUp.length, 1, says)
  }
  for (const [says, sent] of [
    ["Unknown parameter: 'conversation'.", { conversation: 'c' }],
    ["Unsupported parameter: 'text.format'", { text: { format: json } }],
    ["Unsupported value: 'tools' is not supported.", { tools: [] }],
    ["Unknown parameter: 'input[0].call_id'.", {}],
    ["Unknown parameter: 'input[0].toString'.", {}],
    ["Unknown parameter: 'input[0].id'.", { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ["Unknown parameter: 'input[0].approve'.", { input: [approval] }],
    ["Unsupported parameter: 'temperature'", {}],
    ["Invalid value: 'temperature'", { temperature: 7 }],
  ] as const) {
    const gpt = { model: 'gpt-5.1', input: [asked], ...sent }
    const sentUp = await ask('/v1/responses', gpt, { error: { message: says } })
    assert.equal(sentUp.length, 1, says)
  }
})

const betas = 'claude-code-20250219,context-management-2025-06-27,effort-2025-11-24'

/** What goes up for a request of Claude Code, and for the next of its session, where these betas are refused. */
async function withBetas(
  t: TestContext,
  says: string,
  isRefused: (beta: string) => boolean,
  headers = {},
) {
  const upstream = await startUpstream(t, (request) => {
    const sent = String(request.headers['anthropic-beta'] ?? '').split(',')
    if (!sent.some((beta) => isRefused(beta))) return { body: anthropicMessage({}) }
    return { status: 400, body: { error: { ...refusedBy, message: says } } }
  })
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none', headers }],
      models: [{ name: 'c', id: 'claude-sonnet-5', type: 'anthropic' }],
    },
  })
  const management = { context_management: { edits: [] } }
  const body = {
    model: 'claude-sonnet-5',
    max_tokens: 9,
    messages,
    ...management,
    ...effortOf('low'),
  }
  const statuses: number[] = []
  for (let count = 0; count < 2; count += 1) {
    const back = await post(`${url}/v1/messages`, body, { 'anthropic-beta': betas })
    statuses.push(back.status)
  }
  const sent = upstream.requests.map((request) => {
    const { context_management, output_config } = request.json() as JsonObject
    return [request.headers['anthropic-beta'], context_management && true, output_config && true]
  })
  return { statuses, sent }
}

test('translation §14: betas that an API does not know go, with what needs them, also from the next request', async (t) => {
  const says =
    'Unexpected value(s) `context-management-2025-06-27` for the `anthropic-beta` header. Please consult our documentation'

  const { statuses, sent } = await withBetas(t, says, (beta) => beta.startsWith('context'))

  const left = ['claude-code-20250219,effort-2025-11-24', undefined, true]
  assert.deepEqual(statuses, [200, 200])
  assert.deepEqual(sent, [[betas, true, true], left, left])
})

test('translation §14: where an API names no beta that it does not know, all go', async (t) => {
  const { statuses, sent } = await withBetas(t, 'invalid beta flag', (beta) => beta !== '')

  const left = [undefined, undefined, true]
  assert.deepEqual(statuses, [200, 200])
  assert.deepEqual(sent, [[betas, true, true], left, left])
})

test('translation §14: a list of betas that the endpoint fixes is not changed', async (t) => {
  const { statuses, sent } = await withBetas(t, 'invalid beta flag', () => true, {
    'anthropic-beta': 'effort-2025-11-24',
  })

  assert.deepEqual(statuses, [400, 400])
  assert.deepEqual(new Set(sent.map(([beta]) => beta)), new Set(['effort-2025-11-24']))
})

test('translation §14: where an API refuses either form of thinking, neither goes up again and again', async (t) => {
  const upstream = await startUpstream(t, (request) => {
    const { thinking } = request.json() as { thinking: { type: string } }
    const message =
      thinking.type === 'enabled'
        ? '"thinking.type.enabled" is not supported for this model.'
        : 'adaptive thinking is not supported on this model'
    return { status: 400, body: { error: { ...refusedBy, message } } }
  })
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { retry: { attempts: 20 } }),
  })
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9000, messages, thinking }

  const answer = await post(`${url}/v1/messages`, body)

  assert.equal(answer.status, 400)
  assert.ok(upstream.requests.length <= 4, String(upstream.requests.length))
})
