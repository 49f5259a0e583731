/** The official `openai` package's Responses client against models that speak other APIs, over real sockets. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import type { ResponseInput } from 'openai/resources/responses/responses'
import { z } from 'zod'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  sse,
  startUpstream,
  type RecordedRequest,
  type Script,
} from '../helpers/upstream.ts'

const model = 'claude-sonnet-4-5'

async function start(t: TestContext, script: Script, more: JsonObject = {}) {
  const upstream = await startUpstream(t, script)
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, more) })
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'any', maxRetries: 0 })
  return { upstream, client, url: `${proxy.url}/v1/responses` }
}

function bodyOf(request: RecordedRequest | undefined): JsonObject {
  return objectFrom(request?.body.toString() ?? '') ?? {}
}

/** The objects of a list. */
function objects(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}

const shell = {
  type: 'function' as const,
  name: 'shell',
  strict: false,
  parameters: { type: 'object', properties: { command: { type: 'string' } } },
}
const codex = {
  model,
  store: false,
  include: ['reasoning.encrypted_content' as const],
  reasoning: { summary: 'auto' as const, effort: 'high' as const },
}

test('§17.6 the stream of a Claude model is one to the official package', async (t) => {
  const answer = { thinking: ['I ', 'think.'], text: ['Hel', 'lo'] }
  const { client, upstream } = await start(t, [{ sse: anthropicStream(answer) }])
  const stream = client.responses.stream({ ...codex, instructions: 'Be brief.', input: 'Hi' })
  const deltas: string[] = []
  stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta))
  const response = await stream.finalResponse()

  assert.deepEqual(deltas, ['Hel', 'lo'])
  assert.equal(response.output_text, 'Hello')
  assert.deepEqual(
    response.output.map((item) => item.type === 'reasoning' && item.summary),
    [[{ type: 'summary_text', text: 'I think.' }], false],
  )
  assert.equal(response.usage?.total_tokens, 17)
  assert.equal(response.model, model)
  const { system, messages, stream: streamed } = bodyOf(upstream.requests[0])
  assert.deepEqual(system, [{ type: 'text', text: 'Be brief.' }])
  assert.deepEqual(messages, [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }])
  assert.equal(streamed, true)
})

for (const streamed of [true, false]) {
  test(`§17.7 parallel calls, and thinking that comes back, ${streamed ? 'streamed' : 'as a body'}`, async (t) => {
    const tools = ['toolu_1', 'toolu_2'].map((id) => ({
      id,
      name: 'shell',
      input: ['{"comm', 'and":"ls"}'],
    }))
    const first = { thinking: ['I look.'], signature: 'sig', text: ['Two at once.'], tools }
    const { client, upstream } = await start(t, (request) => {
      const said = bodyOf(request).messages
      const answer = Array.isArray(said) && said.length > 1 ? { text: ['Done.'] } : first
      return streamed ? { sse: anthropicStream(answer) } : { body: anthropicMessage(answer) }
    })
    const ask = (input: ResponseInput) => {
      const request = { ...codex, tools: [shell], input }
      return streamed
        ? client.responses.stream(request).finalResponse()
        : client.responses.create(request)
    }
    const input: ResponseInput = [{ role: 'user', content: 'Look.' }]
    const { output } = await ask(input)
    const calls = output.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))
    const results = calls.map((call_id) => ({
      type: 'function_call_output' as const,
      call_id,
      output: `result of ${call_id}`,
    }))
    const last = await ask([...input, ...(output as ResponseInput), ...results])

    assert.equal(last.output_text, 'Done.')
    const [, assistant, user] = objects(bodyOf(upstream.requests[1]).messages)
    const use = { type: 'tool_use', name: 'shell', input: { command: 'ls' } }
    assert.deepEqual(assistant?.content, [
      { type: 'thinking', thinking: 'I look.', signature: 'sig' },
      { type: 'text', text: 'Two at once.' },
      { ...use, id: 'toolu_1' },
      { ...use, id: 'toolu_2' },
    ])
    assert.deepEqual(
      objects(user?.content).map((block) => [block.tool_use_id, block.content]),
      [
        ['toolu_1', 'result of toolu_1'],
        ['toolu_2', 'result of toolu_2'],
      ],
    )
  })
}

test('§17.7 reasoning of a chat model is a summary, and goes back under its field', async (t) => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  const called = { index: 0, id: 'call_0', function: { name: 'shell', arguments: '{}' } }
  const { client, upstream } = await start(t, () => ({
    sse: [
      chunk({ role: 'assistant', reasoning_content: 'because' }),
      chunk({ content: 'so' }),
      chunk({ tool_calls: [called] }),
      chunk({}, 'tool_calls'),
      'data: [DONE]\n\n',
    ],
  }))
  const request = { ...codex, model: 'glm-4.6', tools: [shell] }
  const input: ResponseInput = [{ role: 'user', content: 'Look.' }]
  const { output } = await client.responses.stream({ ...request, input }).finalResponse()

  const [reasoning, message, call] = output
  assert.deepEqual(reasoning?.type === 'reasoning' && reasoning.summary, [
    { type: 'summary_text', text: 'because' },
  ])
  assert.deepEqual([message?.type, call?.type], ['message', 'function_call'])

  const result = { type: 'function_call_output' as const, call_id: 'call_0', output: 'r' }
  const again = [...input, ...(output as ResponseInput), result]
  await client.responses.stream({ ...request, input: again }).finalResponse()
  const [, assistant] = objects(bodyOf(upstream.requests[1]).messages)
  assert.deepEqual([assistant?.reasoning_content, assistant?.content], ['because', 'so'])
  assert.ok(!upstream.requests[1]?.body.includes('d2a1.'))
})

test('§17.1 parse gives what the schema describes', async (t) => {
  const { client, upstream } = await start(t, () => ({
    body: anthropicMessage({ text: ['{"city":"Rome"}'] }),
  }))
  const format = zodTextFormat(z.object({ city: z.string() }), 'place')
  const { output_parsed: parsed } = await client.responses.parse({
    model,
    input: 'Where?',
    text: { format },
  })

  assert.deepEqual(parsed, { city: 'Rome' })
  const { output_config: config } = bodyOf(upstream.requests[0])
  assert.equal((config as { format: JsonObject }).format.type, 'json_schema')
})

const calls: [what: string, tool: JsonObject, sent: string, input: string[], item: JsonObject][] = [
  [
    'of apply_patch, in free text',
    { type: 'custom', name: 'apply_patch' },
    'apply_patch',
    ['{"input":"*** Begin', ' Patch\\n"}'],
    { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch\n' },
  ],
  [
    'in a namespace',
    { type: 'namespace', name: 'mcp__x', tools: [{ type: 'function', name: 'get' }] },
    'mcp__x__get',
    ['{}'],
    { type: 'function_call', name: 'get', namespace: 'mcp__x', arguments: '{}' },
  ],
  [
    'of a local shell',
    { type: 'local_shell' },
    'local_shell',
    ['{"command":["ls"]}'],
    { type: 'local_shell_call', action: { type: 'exec', command: ['ls'], env: {} } },
  ],
]
for (const [what, tool, sent, input, item] of calls) {
  for (const streamed of [true, false]) {
    test(`§17.6 a call ${what} comes as its client declared it, ${streamed ? 'streamed' : 'as a body'}`, async (t) => {
      const answer = { tools: [{ id: 'toolu_1', name: sent, input }] }
      const { url, upstream } = await start(t, () =>
        streamed ? { sse: anthropicStream(answer) } : { body: anthropicMessage(answer) },
      )
      const back = await post(url, { model, stream: streamed, tools: [tool], input: 'x' })
      const text = await back.text()
      const response = streamed ? lastResponse(text) : objectFrom(text)
      const [found] = objects(response?.output)

      const { id: _id, status, call_id, ...rest } = found ?? {}
      assert.deepEqual([rest, status, call_id], [item, 'completed', 'toolu_1'])
      const [declared] = objects(bodyOf(upstream.requests[0]).tools)
      assert.equal(declared?.name, sent)
    })
  }
}

/** Of a stream's last event. */
function lastResponse(text: string): JsonObject | undefined {
  const [data] = text.split('\ndata: ').slice(-1)
  return objectFrom(data ?? '')?.response as JsonObject | undefined
}

test('§17.8 at the limit a call that was cut has no end', async (t) => {
  const events = anthropicStream({
    text: ['a'],
    tools: [{ id: 'toolu_1', name: 'shell', input: ['{"command":"rm -', 'rf"}'] }],
    stop_reason: 'max_tokens',
  }).filter((event) => !event.includes('rf'))
  const { url } = await start(t, [{ sse: events }])
  const back = await post(url, { model, stream: true, tools: [shell], input: 'x' })
  const text = await back.text()
  const ends = text.match(/^event: .*(?:done|incomplete)$/gm)

  assert.deepEqual(ends, [
    'event: response.output_text.done',
    'event: response.content_part.done',
    'event: response.output_item.done',
    'event: response.incomplete',
  ])
  const { output, incomplete_details: details } = lastResponse(text) ?? {}
  assert.deepEqual(details, { reason: 'max_output_tokens' })
  assert.deepEqual(
    objects(output).map(({ type, status }) => [type, status]),
    [
      ['message', 'completed'],
      ['function_call', 'incomplete'],
    ],
  )
})

test('§17.9 a stream that is cut ends with response.failed, and what was whole', async (t) => {
  const events = anthropicStream({
    text: ['a'],
    tools: [{ id: 't', name: 'shell', input: ['{', '}'] }],
  })
  const cut = events.slice(0, -4)
  const { url } = await start(t, [{ sse: [...cut, 'hang-up'] }])
  const back = await post(url, { model, stream: true, tools: [shell], input: 'x' })
  const text = await back.text()
  const response = lastResponse(text)

  assert.match(text, /event: response\.failed\ndata: .*\n\n$/)
  assert.deepEqual(
    [response?.status, isObject(response?.error) && response.error.code],
    ['failed', 'upstream_truncated'],
  )
  assert.deepEqual(
    objects(response?.output).map(({ type }) => type),
    ['message'],
  )
})

test('§17.9 half an answer raises an error in the official package', async (t) => {
  const cut = anthropicStream({ text: ['a'] }).slice(0, 4)
  const { client } = await start(t, [{ sse: [...cut, 'hang-up'] }])
  const types: string[] = []

  await assert.rejects(
    async () => {
      const stream = await client.responses.create({ model, input: 'x', stream: true })
      for await (const { type } of stream) types.push(type)
    },
    (thrown) => {
      assert.ok(thrown instanceof OpenAI.APIError)
      assert.deepEqual([thrown.type, thrown.code], ['upstream_error', 'upstream_truncated'])
      return true
    },
  )
  assert.ok(types.includes('response.output_text.delta'))
})

test('§17.9 an error in the stream has a code on which Codex acts', async (t) => {
  const [begun = '', ...rest] = anthropicStream({ text: ['a'] })
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  const { url } = await start(t, [{ sse: [begun, ...rest.slice(0, 3), sse('error', error)] }])
  const back = await post(url, { model, stream: true, input: 'x' })

  assert.deepEqual(lastResponse(await back.text())?.error, {
    code: 'overloaded',
    message: 'Overloaded',
  })
})

test('§17.9 an upstream that has a limit for hours ends a turn of Codex with the time', async (t) => {
  const error = { type: 'error', error: { type: 'rate_limit_error', message: 'Spent.' } }
  const answer = { status: 429, headers: { 'retry-after': '9000' }, body: error }
  const { client } = await start(t, [answer])

  await assert.rejects(client.responses.create({ model, input: 'x', stream: true }), (thrown) => {
    assert.ok(thrown instanceof OpenAI.RateLimitError)
    const { type, resets_at } = thrown.error as { type: string; resets_at: number }
    assert.equal(type, 'usage_limit_reached')
    assert.ok(Math.abs(resets_at - Date.now() / 1000 - 9000) < 60)
    return true
  })
})

test('§17.9 an error before the stream is one by its status, with retry-after', async (t) => {
  const error = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } }
  const { client } = await start(t, [{ status: 429, headers: { 'retry-after': '7' }, body: error }])

  await assert.rejects(client.responses.create({ model, input: 'x', stream: true }), (thrown) => {
    assert.ok(thrown instanceof OpenAI.RateLimitError)
    assert.equal(thrown.headers.get('retry-after'), '7')
    assert.match(thrown.message, /Slow down\./)
    return true
  })
})

test('§17.9 a conversation that is too long has the code on which Codex acts', async (t) => {
  const message = 'prompt is too long: 210000 tokens > 200000 maximum'
  const error = { type: 'error', error: { type: 'invalid_request_error', message } }
  const { client } = await start(t, [{ status: 400, body: error }])

  await assert.rejects(client.responses.create({ model, input: 'x', stream: true }), {
    status: 400,
    code: 'context_length_exceeded',
  })
})

test('§17.10 previous_response_id of an answer that is not kept is refused, and nothing is asked', async (t) => {
  const { client, upstream } = await start(t, [])

  await assert.rejects(
    client.responses.create({ model, input: 'x', previous_response_id: 'resp_1' }),
    { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' },
  )
  assert.equal(upstream.requests.length, 0)
})

test('§17.4 a search beside tools is dropped, and named', async (t) => {
  const { url } = await start(t, [{ body: anthropicMessage({ text: ['a'] }) }])
  const tools = [shell, { type: 'web_search' }]
  const back = await post(url, { model, tools, input: 'x', truncation: 'auto' })

  assert.equal(back.headers.get('x-droid2api-dropped'), 'truncation, tools.web_search')
})

test('§17.9 headers of an upstream that Codex takes for its own do not pass', async (t) => {
  const headers = { 'openai-model': 'x', 'x-codex-primary-used-percent': '9', 'x-models-etag': 'e' }
  const { url } = await start(t, [{ headers, body: anthropicMessage({ text: ['a'] }) }])
  const back = await post(url, { model, input: 'x' })

  assert.deepEqual(
    Object.keys(headers).filter((name) => back.headers.has(name)),
    [],
  )
})
