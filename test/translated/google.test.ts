/** Chat clients on Gemini, end to end: §15. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { ChatCompletion, ChatCompletionMessage } from '../../pipelines/wire/chat.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer, type Script } from '../helpers/upstream.ts'

const model = 'gemini-3-pro'
const hello = [{ role: 'user', content: 'Hello.' }]
const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]

async function start(t: TestContext, script: Script, endpoint: JsonObject = {}) {
  const upstream = await startUpstream(t, script)
  const proxy = await startProxy(t, {
    env: { GEMINI_KEY: 'AIza-of-the-operator' },
    config: {
      system_prompt: '',
      endpoints: [
        {
          name: 'g',
          type: 'google',
          base_url: upstream.url,
          auth: { env: 'GEMINI_KEY' },
          ...endpoint,
        },
      ],
      models: [{ name: 'Gemini', id: model, type: 'google' }],
    },
  })
  const ask = (body: JsonObject, headers = {}) =>
    post(`${proxy.url}/v1/chat/completions`, { model, messages: hello, ...body }, headers)
  return { upstream, proxy, ask }
}

function response(parts: unknown[], more: JsonObject = {}): JsonObject {
  return { candidates: [{ content: { role: 'model', parts }, ...more }], responseId: 'r1' }
}

function streamed(...events: JsonObject[]): Answer {
  const ended = [...events, response([], { finishReason: 'STOP' })]
  return { sse: ended.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`) }
}

async function messageOf(answer: Response): Promise<ChatCompletionMessage> {
  const { choices } = (await answer.json()) as ChatCompletion
  return choices[0]!.message
}

/** The data of each event. */
async function eventsOf(answer: Response): Promise<string[]> {
  const text = await answer.text()
  return Array.from(text.matchAll(/^data: (.*)$/gm), ([, data]) => data!)
}

test('a body: address, key and usage (§15.1, §15.6)', async (t) => {
  const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, thoughtsTokenCount: 4 }
  const { upstream, proxy, ask } = await start(t, [
    { body: { ...response([{ text: 'Hi.' }], { finishReason: 'STOP' }), usageMetadata } },
  ])

  const answer = await ask({ temperature: 0.5 })
  const completion = (await answer.json()) as ChatCompletion

  const [asked] = upstream.requests
  assert.equal(asked?.url, '/v1beta/models/gemini-3-pro:generateContent')
  assert.equal(asked.headers['x-goog-api-key'], 'AIza-of-the-operator')
  assert.equal(asked.headers.authorization, undefined)
  assert.deepEqual(asked.json(), {
    contents: [{ role: 'user', parts: [{ text: 'Hello.' }] }],
    generationConfig: { temperature: 0.5, thinkingConfig: { includeThoughts: true } },
  })
  assert.equal(completion.choices[0]?.message.content, 'Hi.')
  assert.equal(completion.choices[0].finish_reason, 'stop')
  assert.equal(completion.id, 'chatcmpl-r1')
  assert.deepEqual(completion.usage, {
    prompt_tokens: 3,
    completion_tokens: 6,
    total_tokens: 9,
    completion_tokens_details: { reasoning_tokens: 4 },
  })
  const line = proxy.logs.findLast(({ msg }) => msg === 'request')
  assert.deepEqual([line?.upstream, line?.inputTokens], ['g', 3])
})

test('a stream: thoughts, text, calls in parallel, and its end (§15.5)', async (t) => {
  const { upstream, ask } = await start(t, [
    streamed(
      response([{ text: 'Hm.', thought: true }]),
      response([{ text: 'Hel' }]),
      response([{ text: 'lo' }]),
      response([
        { functionCall: { name: 'look', args: { n: 1 }, id: 'fc1' }, thoughtSignature: 'c2ln' },
        { functionCall: { name: 'look', args: {} } },
      ]),
    ),
  ])

  const events = await eventsOf(await ask({ stream: true, tools }))

  assert.equal(
    upstream.requests[0]?.url,
    '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
  )
  assert.equal(events.at(-1), '[DONE]')
  const choices = events.slice(0, -1).map((data) => {
    const { delta, finish_reason: reason } = JSON.parse(data).choices[0]
    return reason ?? delta
  })
  const detail = {
    type: 'reasoning.encrypted',
    data: 'c2ln',
    format: 'google-gemini-v1',
    index: 1,
    id: 'fc1',
    model,
    at: { content: 5, tools: 0 },
  }
  assert.deepEqual(choices, [
    { role: 'assistant', content: '' },
    { reasoning_content: 'Hm.' },
    { content: 'Hel' },
    { content: 'lo' },
    { reasoning_details: [detail] },
    {
      tool_calls: [
        {
          index: 0,
          id: 'fc1',
          type: 'function',
          function: { name: 'look', arguments: '' },
          extra_content: { google: { thought_signature: 'c2ln' } },
        },
      ],
    },
    { tool_calls: [{ index: 0, function: { arguments: '{"n":1}' } }] },
    {
      tool_calls: [
        { index: 1, id: 'call_r1_1', type: 'function', function: { name: 'look', arguments: '' } },
      ],
    },
    { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    'tool_calls',
  ])
})

function withoutSignature(message: ChatCompletionMessage): JsonObject[] {
  return (message.tool_calls ?? []).map((call) =>
    Object.assign({}, call, { extra_content: undefined }),
  )
}

const signedCalls = response(
  [
    { functionCall: { name: 'look', args: {}, id: 'fc1' }, thoughtSignature: 'c2ln' },
    { functionCall: { name: 'look', args: {}, id: 'fc2' } },
  ],
  { finishReason: 'STOP' },
)

test('signatures come back from what the client keeps of them, or from the memory (§15.5)', async (t) => {
  const forms: [string, (message: ChatCompletionMessage) => unknown][] = [
    ['all', (message) => message],
    ['details', (message) => ({ ...message, tool_calls: withoutSignature(message) })],
    ['extra_content', (message) => ({ ...message, reasoning_details: undefined })],
    ['nothing', (message) => ({ role: 'assistant', tool_calls: withoutSignature(message) })],
  ]
  for (const [name, kept] of forms) {
    for (const isStreamed of [true, false]) {
      const first: Answer = isStreamed ? streamed(signedCalls) : { body: signedCalls }
      const { upstream, ask } = await start(t, [first, streamed(response([{ text: 'Done.' }]))])
      const message = await messageOf(await ask({ tools, stream: false }))
      const results = (message.tool_calls ?? []).map(({ id }) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'x',
      }))

      await ask({ tools, messages: [...hello, kept(message), ...results] })

      const { contents } = upstream.requests[1]!.json() as { contents: { parts: unknown[] }[] }
      assert.deepEqual(
        contents[1]?.parts[0],
        { functionCall: { name: 'look', args: {}, id: 'fc1' }, thoughtSignature: 'c2ln' },
        `${name}, ${isStreamed}`,
      )
    }
  }
})

test('the form of the upstream’s answer decides: a stream for a body, a body for a stream, a list of events (§15.5)', async (t) => {
  const events = [response([{ text: 'Hel' }]), response([{ text: 'lo' }], { finishReason: 'STOP' })]
  const body = response([{ text: 'Hello' }], { finishReason: 'STOP' })
  const { ask } = await start(t, [
    streamed(events[0]!, events[1]!),
    { body },
    { body: events },
    { body: events },
  ])

  assert.equal((await messageOf(await ask({}))).content, 'Hello')
  const asStream = await eventsOf(await ask({ stream: true }))
  assert.match(asStream.join('\n'), /"content":"Hello"[\s\S]*\[DONE\]$/)
  assert.equal((await messageOf(await ask({}))).content, 'Hello')
  assert.match((await eventsOf(await ask({ stream: true }))).join('\n'), /"Hel"[\s\S]*\[DONE\]$/)
})

test('a blocked prompt is an answer that was refused (§15.6)', async (t) => {
  const promptFeedback = { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'Not this.' }
  const { ask } = await start(t, [
    { body: { promptFeedback } },
    { sse: [`data: ${JSON.stringify({ promptFeedback })}\n\n`] },
  ])

  const body = (await (await ask({})).json()) as ChatCompletion
  const events = await eventsOf(await ask({ stream: true }))

  assert.equal(body.choices[0]?.finish_reason, 'content_filter')
  assert.equal(body.choices[0].message.refusal, 'Not this.')
  assert.match(events.join('\n'), /"refusal":"Not this\."[\s\S]*"content_filter"[\s\S]*\[DONE\]$/)
})

test('errors: over HTTP, as the first event, and in the middle of a stream (§15.6)', async (t) => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30.2s' }]
  const quota = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow down.', details }
  const busy = { error: { code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded.' } }
  const event = `data: ${JSON.stringify(busy)}\n\n`
  const text = `data: ${JSON.stringify(response([{ text: 'Hi.' }]))}\n\n`
  const { ask } = await start(t, [
    { status: 429, body: [{ error: quota }] },
    { sse: [event] },
    { sse: [text, event] },
  ])

  const refused = await ask({ stream: true })
  const first = await ask({ stream: true })
  const late = await eventsOf(await ask({ stream: true }))

  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '31'])
  assert.deepEqual(await refused.json(), {
    error: {
      message: 'Slow down.',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
    },
  })
  assert.equal(first.status, 503)
  assert.match(await first.text(), /"code":"overloaded"/)
  assert.match(late.at(-1)!, /"message":"The model is overloaded\."/)
})

test('a stream that is cut ends in an error, never with [DONE] (§15.6)', async (t) => {
  const text = `data: ${JSON.stringify(response([{ text: 'Hi.' }]))}\n\n`
  const { ask } = await start(t, [{ sse: [text] }, { sse: [text, 'hang-up'] }, { sse: [text] }])

  for (const _ of [1, 2]) {
    const events = await eventsOf(await ask({ stream: true }))
    assert.match(events.at(-1)!, /"code":"upstream_(?:truncated|unreachable)"|"error"/)
    assert.ok(!events.includes('[DONE]'))
  }
  const body = await ask({})
  assert.equal(body.status, 502)
  assert.match(await body.text(), /upstream_truncated/)
})

test('the caller’s own key goes where Google looks for it, an access token as it came (§15.1)', async (t) => {
  const answer = { body: response([{ text: 'Hi.' }], { finishReason: 'STOP' }) }
  const { upstream, ask } = await start(t, [answer, answer, answer], { auth: 'client' })

  await ask({}, { authorization: 'Bearer AIza-own' })
  await ask({}, { authorization: '', 'x-api-key': 'AIza-own' })
  await ask({}, { authorization: 'Bearer ya29.token' })

  const sent = upstream.requests.map(({ headers }) => [
    headers['x-goog-api-key'],
    headers.authorization,
    headers['x-api-key'],
  ])
  assert.deepEqual(sent, [
    ['AIza-own', undefined, undefined],
    ['AIza-own', undefined, undefined],
    [undefined, 'Bearer ya29.token', undefined],
  ])
})

test('the model in the address, and at Factory’s own one in the body (§15.1)', async (t) => {
  const script = () => ({ body: response([{ text: 'Hi.' }], { finishReason: 'STOP' }) })
  const { upstream, ask } = await start(t, script)
  const base = upstream.url
  const vertex = await start(t, script, { base_url: `${base}/v1/publishers/google/models/{model}` })
  const factory = await start(t, script, { base_url: `${base}/api/llm/g/v1/generate` })

  await ask({})
  await vertex.ask({ stream: true })
  await factory.ask({ stream: true })

  assert.deepEqual(
    upstream.requests.map(({ url }) => url),
    [
      '/v1beta/models/gemini-3-pro:generateContent',
      '/v1/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse',
      '/api/llm/g/v1/generate',
    ],
  )
  const models = upstream.requests.map((request) => (request.json() as JsonObject).model)
  assert.deepEqual(models, [undefined, undefined, model])
})

test('a Messages client gets the signature of a call in front of it, and hands it back (§15.5)', async (t) => {
  const { upstream, proxy } = await start(t, [
    { body: signedCalls },
    streamed(response([{ text: 'Done.' }])),
  ])
  const ask = async (messages: unknown[]) => {
    const body = { model, max_tokens: 2000, messages, thinking: { type: 'adaptive' } }
    const look = { name: 'look', input_schema: { type: 'object' } }
    return await post(`${proxy.url}/v1/messages`, { ...body, tools: [look] })
  }

  const first = (await (await ask(hello)).json()) as { content: JsonObject[] }
  const results = first.content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'x' }))
  const second = await ask([
    ...hello,
    { role: 'assistant', content: first.content },
    { role: 'user', content: results },
  ])

  assert.equal(second.status, 200)
  assert.deepEqual(
    first.content.map(({ type }) => type),
    ['redacted_thinking', 'tool_use', 'tool_use'],
  )
  const asked = upstream.requests[1]!
  const { contents } = asked.json() as { contents: { parts: unknown[] }[] }
  assert.deepEqual(contents[1]?.parts, [
    { functionCall: { name: 'look', args: {}, id: 'fc1' }, thoughtSignature: 'c2ln' },
    { functionCall: { name: 'look', args: {}, id: 'fc2' } },
  ])
  assert.doesNotMatch(asked.body.toString(), /d2a1\./)
})

test('a tool that takes free text is called with it (§15.3)', async (t) => {
  const functionCall = { name: 'patch', args: { input: '*** x' }, id: 'fc1' }
  const { ask } = await start(t, [{ body: response([{ functionCall }], { finishReason: 'STOP' }) }])

  const message = await messageOf(
    await ask({ tools: [{ type: 'custom', custom: { name: 'patch' } }] }),
  )

  assert.deepEqual(message.tool_calls, [
    { id: 'fc1', type: 'custom', custom: { name: 'patch', input: '*** x' } },
  ])
})

test('the official client streams, and runs tools to the end (§15.5)', async (t) => {
  const { upstream, proxy } = await start(t, [
    streamed(response([{ text: 'Hel' }]), response([{ text: 'lo' }])),
    streamed(signedCalls),
    streamed(response([{ text: 'Done.' }])),
  ])
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Hello.' }]
  const called = { name: 'look', description: 'Looks.', parameters: {}, function: () => 'seen' }
  const look = { type: 'function' as const, function: called }

  const collected = await client.chat.completions.stream({ model, messages }).finalContent()
  const runner = client.chat.completions.runTools({
    model,
    messages,
    stream: true,
    tools: [look],
  })

  assert.equal(collected, 'Hello')
  assert.equal(await runner.finalContent(), 'Done.')
  const { contents } = upstream.requests[2]!.json() as { contents: { parts: unknown[] }[] }
  assert.equal(JSON.stringify(contents[2]?.parts).split('"output":"seen"').length, 3)
})

/*
 * What people met who put other proxies in front of Gemini.
 */

test('a call whose STOP comes in an event of its own finishes with tool_calls (§15.6; envoyproxy/ai-gateway #2399, litellm #21041)', async (t) => {
  const { ask } = await start(t, [
    {
      sse: [
        response([{ functionCall: { name: 'look', args: {} }, thoughtSignature: 'c2ln' }]),
        response([{ text: '' }], { finishReason: 'STOP' }),
      ].map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`),
    },
  ])

  const events = await eventsOf(await ask({ stream: true, tools }))

  assert.match(events.join('\n'), /"finish_reason":"tool_calls"/)
})

test('a malformed call with nothing but a signature is an error, not an empty success (§15.6; sub2api #7098, hermes-agent #83882)', async (t) => {
  const parts = [{ text: '', thoughtSignature: 'c2ln' }]
  const broken = response(parts, { finishReason: 'MALFORMED_FUNCTION_CALL' })
  const { ask } = await start(t, [
    { body: broken },
    { sse: [`data: ${JSON.stringify(broken)}\n\n`] },
  ])

  const body = await ask({ tools })
  const events = await eventsOf(await ask({ stream: true, tools }))

  assert.equal(body.status, 502)
  assert.match(await body.text(), /MALFORMED_FUNCTION_CALL/)
  assert.match(events.at(-1)!, /MALFORMED_FUNCTION_CALL/)
  assert.ok(!events.includes('[DONE]'))
})

test('a result that is a JSON list goes up within an object (§15.2; 9router #3318, vscode-copilot-chat #2745)', async (t) => {
  const { upstream, ask } = await start(t, [
    { body: response([{ text: 'Done.' }], { finishReason: 'STOP' }) },
  ])
  const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }

  await ask({
    tools,
    messages: [
      ...hello,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: '[{"file":"a.ts"}]' },
    ],
  })

  const { contents } = upstream.requests[0]!.json() as { contents: { parts: unknown[] }[] }
  assert.deepEqual(contents[2]?.parts, [
    { functionResponse: { name: 'look', response: { output: '[{"file":"a.ts"}]' } } },
  ])
})

test("Claude Code's auto mode is answered, whose check of an action may have 64 tokens (§15.4; claude-code #84673, hindsight #3365)", async (t) => {
  const thoughts = 400
  const { upstream, proxy } = await start(t, (request) => {
    const { generationConfig } = request.json() as JsonObject
    const { maxOutputTokens } = generationConfig as { maxOutputTokens: number }
    // thinking is taken from the limit, and comes first
    const end = { finishReason: maxOutputTokens > thoughts ? 'STOP' : 'MAX_TOKENS' }
    const parts = maxOutputTokens > thoughts ? [{ text: '<block>no' }] : []
    return { body: response(parts, end) }
  })
  const check = { model, max_tokens: 64, stop_sequences: ['</block>'], messages: hello }

  for (const thinking of [undefined, { type: 'disabled' }]) {
    const back = await post(`${proxy.url}/v1/messages`, { ...check, ...(thinking && { thinking }) })

    const { content, stop_reason } = (await back.json()) as JsonObject
    assert.deepEqual([content, stop_reason], [[{ type: 'text', text: '<block>no' }], 'end_turn'])
  }
  const probe = await post(`${proxy.url}/v1/messages`, { ...check, max_tokens: 1 })
  assert.equal(((await probe.json()) as JsonObject).stop_reason, 'max_tokens')
  assert.equal(upstream.requests.length, 3)
})
