/** What servers of local models refuse of agents' requests, which their users cannot change. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'

type Json = Record<string, unknown>

const message = { role: 'assistant', content: 'Hello.' }
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const whole = { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
const delta = { content: 'Hello.' }
const chunk = { id: 'c', choices: [{ index: 0, delta, finish_reason: 'stop' }], usage }

/** `refusal`: of a body; undefined for one that the server takes. */
async function start(t: TestContext, refusal: (sent: Json) => string | undefined, more: Json = {}) {
  const upstream = await startUpstream(t, (request): Answer => {
    const sent = request.json() as Json
    const why = refusal(sent)
    if (why !== undefined) {
      return { status: 400, body: { error: { code: 400, message: why, type: 'BadRequestError' } } }
    }
    return sent.stream === true
      ? { sse: [`data: ${JSON.stringify(chunk)}\n\n`, 'data: [DONE]\n\n'] }
      : { body: whole }
  })
  const models = [{ name: 'Local', id: 'local', type: 'common', ...more }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })
  const sent = () => upstream.requests.map((request) => request.json() as Json)
  return { url, sent }
}

const schema = {
  type: 'object',
  $schema: 'http://json-schema.org/draft-07/schema#',
  required: ['pattern'],
  properties: {
    pattern: { type: 'string', pattern: String.raw`\S`, minLength: 1 },
    format: { type: 'string', enum: ['minLength', 'x'], default: { pattern: 'y' } },
    list: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 5, format: 'uri' } },
    one: { anyOf: [{ type: 'integer', exclusiveMinimum: 0 }, { not: {} }] },
  },
  additionalProperties: false,
}
const loose = {
  type: 'object',
  required: ['pattern'],
  properties: {
    pattern: { type: 'string' },
    format: { type: 'string', enum: ['minLength', 'x'], default: { pattern: 'y' } },
    list: { type: 'array', items: { type: 'string' } },
    one: { anyOf: [{ type: 'integer' }, {}] },
  },
  additionalProperties: false,
}

const hello = [{ role: 'user', content: 'Hi' }]
const asks: Record<string, (parameters: object, limit: number) => Json> = {
  '/v1/messages': (parameters, limit) => ({
    messages: hello,
    max_tokens: limit,
    tools: [{ name: 'a', input_schema: parameters }],
  }),
  '/v1/responses': (parameters, limit) => ({
    input: 'Hi',
    max_output_tokens: limit,
    tools: [{ type: 'function', name: 'a', parameters }],
  }),
  '/v1/chat/completions': (parameters, limit) => ({
    messages: hello,
    max_tokens: limit,
    tools: [{ type: 'function', function: { name: 'a', parameters } }],
  }),
}

function parametersOf(sent: Json): unknown {
  const [tool] = sent.tools as { function: { parameters: unknown } }[]
  return tool?.function.parameters
}

const grammar = [
  'Failed to initialize samplers: failed to parse grammar',
  "Unable to generate parser for this template. Automatic parser generation failed: JSON schema conversion failed:\nPattern must start with '^' and end with '$'",
]

for (const [path, ask] of Object.entries(asks)) {
  for (const [index, why] of grammar.entries()) {
    test(`translation §11.1: ${path}: schemas that llama.cpp makes no grammar of go up without constraints, ${index}`, async (t) => {
      const { url, sent } = await start(t, (body) =>
        JSON.stringify(parametersOf(body)).includes('"maxItems":3') ? why : undefined,
      )

      const back = await post(url + path, {
        model: 'local',
        stream: index === 0,
        ...ask(schema, 100),
      })
      await back.text()

      assert.equal(back.status, 200)
      const [first, second, ...others] = sent()
      assert.equal(others.length, 0)
      assert.deepEqual(parametersOf(second!), loose)
      assert.deepEqual({ ...second, tools: 0 }, { ...first, tools: 0 })
    })
  }
}

const tooMuch: [who: string, why: string, most: number][] = [
  [
    'vLLM (cc-switch #1022)',
    "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 17459 input tokens (32000 > 32768 - 17459). (parameter=max_tokens, value=32000)",
    15_309,
  ],
  [
    'DeepSeek (cc-haha #29)',
    "This model's maximum context length is 102400 tokens. However, you requested 102772 tokens (70772 in the messages, 32000 in the completion). Please reduce the length of the messages or completion.",
    31_628,
  ],
  [
    'SGLang',
    "Requested token count exceeds the model's maximum context length of 40000 tokens. You requested a total of 42000 tokens: 10000 tokens from the input messages and 32000 tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.",
    30_000,
  ],
  [
    'TGI',
    '`inputs` tokens + `max_new_tokens` must be <= 32769. Given: 15000 `inputs` tokens and 32000 `max_new_tokens`',
    17_769,
  ],
  ['DashScope', 'Range of max_tokens should be [1, 8192]', 8192],
  [
    'DeepSeek, of old',
    'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]',
    8192,
  ],
  [
    'Groq',
    '`max_tokens` must be less than or equal to `16384`, the maximum value for `max_tokens` is less than the `context_window` for this model',
    16_384,
  ],
]

for (const [path, ask] of Object.entries(asks)) {
  for (const [who, why, most] of tooMuch) {
    test(`translation §11.1: ${path}: an answer as long as ${who} has no room for may be as long as it has`, async (t) => {
      const { url, sent } = await start(t, ({ max_tokens: limit }) =>
        Number(limit) > most ? why : undefined,
      )

      const back = await post(url + path, { model: 'local', ...ask(loose, 32_000) })
      await back.text()

      assert.equal(back.status, 200)
      assert.deepEqual(
        sent().map(({ max_tokens: limit }) => limit),
        [32_000, most],
      )
    })
  }
}

test('translation §11.1: a conversation that leaves no room is too long, and asked once', async (t) => {
  const why =
    "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 32000 input tokens (32000 > 32768 - 32000)."
  const { url, sent } = await start(t, () => why)

  const back = await post(`${url}/v1/messages`, {
    model: 'local',
    ...asks['/v1/messages']!(loose, 32_000),
  })

  assert.equal(back.status, 400)
  assert.match(await back.text(), /prompt is too long/)
  assert.equal(sent().length, 1)
})

const noParser =
  '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'

for (const [path, ask] of Object.entries(asks)) {
  test(`translation §11.1: ${path}: with calls_in_text vLLM needs no parser`, async (t) => {
    const { url, sent } = await start(
      t,
      ({ tool_choice: choice }) => (choice === 'none' ? undefined : noParser),
      { calls_in_text: true },
    )

    const back = await post(url + path, { model: 'local', ...ask(loose, 100) })
    await back.text()

    assert.equal(back.status, 200)
    assert.deepEqual(
      sent().map(({ tool_choice: choice }) => choice),
      [undefined, 'none'],
    )
  })

  test(`translation §11.1: ${path}: without it the client reads what vLLM needs`, async (t) => {
    const { url, sent } = await start(t, () => noParser)

    const back = await post(url + path, { model: 'local', ...ask(loose, 100) })

    assert.equal(back.status, 400)
    assert.match(await back.text(), /--enable-auto-tool-choice/)
    assert.equal(sent().length, 1)
  })
}

const spoken = [
  { role: 'developer', content: 'A' },
  { role: 'user', content: 'B' },
  { role: 'user', content: [{ type: 'text', text: 'C' }] },
  { role: 'system', content: 'D' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'a', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'c', content: 'E' },
  { role: 'user', content: 'F' },
]
const [, , , , calling, result, last] = spoken
const user = (content: unknown) => ({ role: 'user', content })
const system = { role: 'system', content: 'A\n\nD' }
const text = (said: string) => ({ type: 'text', text: said })

const demands: [why: string, isTaken: (messages: Json[]) => boolean, taken: object[]][] = [
  [
    'Unexpected message role.',
    (all) => !all.some(({ role }) => role === 'developer'),
    [system, user('B'), user([text('C')]), calling!, result!, last!],
  ],
  [
    'Unable to generate parser for this template. Automatic parser generation failed: Error: Jinja Exception: System message must be at the beginning.',
    (all) =>
      all.every(({ role }, at) => role !== 'system' || at === 0) && all[0]?.role === 'system',
    [system, user('B'), user([text('C')]), calling!, result!, last!],
  ],
  [
    'Conversation roles must alternate user/assistant/user/assistant/...',
    (all) => all.every(({ role }, at) => role !== all[at - 1]?.role),
    [system, user([text('B'), text('C')]), calling!, result!, last!],
  ],
  [
    'System role not supported',
    (all) => all.every(({ role }) => role !== 'system' && role !== 'developer'),
    [user([text('A\n\nD\n\nB'), text('C')]), calling!, result!, last!],
  ],
]

for (const [why, isTaken, taken] of demands) {
  test(`translation §11.1: a chat client’s messages are put as the template demands: ${why.slice(-40)}`, async (t) => {
    const { url, sent } = await start(t, ({ messages }) =>
      isTaken(messages as Json[]) ? undefined : why,
    )

    const back = await post(`${url}/v1/chat/completions`, { model: 'local', messages: spoken })

    assert.equal(back.status, 200, await back.text())
    assert.deepEqual(
      sent().map(({ messages }) => messages),
      [spoken, taken],
    )
  })
}

test('translation §11.1: a refusal of a role that is not among the messages is the client’s to hear', async (t) => {
  const { url, sent } = await start(t, () => 'Unexpected message role.')

  const back = await post(`${url}/v1/chat/completions`, { model: 'local', messages: hello })

  assert.equal(back.status, 400)
  assert.equal(sent().length, 1)
})

const heard = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'up',
  content: [{ type: 'text', text: 'Hello.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
}

for (const [what, isRefused, why, taken] of [
  [
    'no grammar (lmstudio-bug-tracker #2220)',
    ({ tools }: Json) => JSON.stringify(tools).includes('"maxItems"'),
    grammar[0]!,
    { max_tokens: 32_000, tools: [{ name: 'a', input_schema: loose }] },
  ],
  [
    'no room',
    ({ max_tokens: limit }: Json) => Number(limit) > 15_309,
    tooMuch[0]![1],
    { max_tokens: 15_309, tools: [{ name: 'a', input_schema: schema }] },
  ],
] as const) {
  test(`translation §14: a local server with Anthropic's API that has ${what} is asked once more`, async (t) => {
    const upstream = await startUpstream(t, (request): Answer => {
      if (!isRefused(request.json() as Json)) return { body: heard }
      const error = { type: 'invalid_request_error', message: why }
      return { status: 400, body: { type: 'error', error } }
    })
    const models = [{ name: 'Local', id: 'local', type: 'anthropic' }]
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })
    const asked = asks['/v1/messages']!(schema, 32_000)

    const back = await post(`${url}/v1/messages`, { model: 'local', ...asked })

    assert.equal(back.status, 200, await back.text())
    assert.equal(upstream.requests.length, 2)
    assert.deepEqual(upstream.requests[1]!.json(), { model: 'local', messages: hello, ...taken })
  })
}
