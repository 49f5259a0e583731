/** `calls_in_text`: a local model whose server leaves its calls in the text, asked by each client, in both forms. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

type Json = Record<string, unknown>

const said = 'I look.\n<tool_call>\n{"name": "look", "arguments": {"at": "/a"}}\n</tool_call>'
const parameters = { type: 'object', properties: { at: { type: 'string' } } }

function choice(text: string, isStream: boolean, reason: string | null) {
  const message = isStream
    ? { delta: { content: text } }
    : { message: { role: 'assistant', content: text } }
  return {
    id: 'c',
    object: 'chat.completion',
    model: 'up',
    choices: [{ index: 0, ...message, finish_reason: reason }],
  }
}

function streamOf(text: string): string[] {
  const pieces = text.match(/[^]{1,4}/g) ?? []
  const chunks = [...pieces.map((piece) => choice(piece, true, null)), choice('', true, 'stop')]
  const usage = { id: 'c', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }
  return [
    ...[...chunks, usage].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
    'data: [DONE]\n\n',
  ]
}

async function start(t: TestContext, more: Json, text = said) {
  const upstream = await startUpstream(t, (request) => {
    const { stream } = request.json() as Json
    if (stream === true) return { sse: streamOf(text) }
    return {
      body: { ...choice(text, false, 'stop'), usage: { prompt_tokens: 3, completion_tokens: 4 } },
    }
  })
  const models = [{ name: 'Local', id: 'local', upstream_id: 'qwen', type: 'common', ...more }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })
  return { url, upstream }
}

const hello = [{ role: 'user', content: 'Hi' }]
const clients = {
  '/v1/chat/completions': {
    body: {
      messages: hello,
      tools: [{ type: 'function', function: { name: 'look', parameters } }],
    },
    called: (answer: Json) => {
      const [{ message, finish_reason }] = answer.choices as [
        { message: Json; finish_reason: string },
      ]
      const calls = message.tool_calls as { function: Json }[] | undefined
      return [message.content, calls?.map((call) => call.function), finish_reason]
    },
    expected: ['I look.', [{ name: 'look', arguments: '{"at":"/a"}' }], 'tool_calls'],
  },
  '/v1/messages': {
    body: { max_tokens: 100, messages: hello, tools: [{ name: 'look', input_schema: parameters }] },
    called: (answer: Json) => {
      const content = answer.content as Json[]
      return [
        content.map(({ type, text, name, input }) => [type, text ?? name, input]),
        answer.stop_reason,
      ]
    },
    expected: [
      [
        ['text', 'I look.', undefined],
        ['tool_use', 'look', { at: '/a' }],
      ],
      'tool_use',
    ],
  },
  '/v1/responses': {
    body: { input: 'Hi', tools: [{ type: 'function', name: 'look', parameters }] },
    called: (answer: Json) =>
      (answer.output as Json[]).map(({ type, name, arguments: input }) => [type, name, input]),
    expected: [
      ['message', undefined, undefined],
      ['function_call', 'look', '{"at":"/a"}'],
    ],
  },
}

for (const [path, { body, called, expected }] of Object.entries(clients)) {
  test(`translation §11.3: ${path} gets a call that stands in the text`, async (t) => {
    const { url } = await start(t, { calls_in_text: true })

    const whole = await post(url + path, { model: 'local', ...body })
    const stream = await (await post(url + path, { model: 'local', stream: true, ...body })).text()

    assert.deepEqual(called((await whole.json()) as Json), expected)
    assert.ok(!stream.includes('<tool_call>') && !stream.includes('arguments\\": {'), stream)
    assert.match(stream, /"name":"look"/)
    assert.match(stream, /"tool_calls"|"tool_use"|"function_call"/)
  })

  test(`translation §11.3: without calls_in_text ${path} gets the text`, async (t) => {
    const { url } = await start(t, {})

    const back = await (await post(url + path, { model: 'local', ...body })).text()
    const stream = await (await post(url + path, { model: 'local', stream: true, ...body })).text()

    assert.ok(back.includes('<tool_call>'))
    assert.ok(!stream.includes('"name":"look"'))
  })
}

const chat = '/v1/chat/completions'
const { body: chatBody } = clients[chat]

test('translation §11.1: what a chat client sends to a model with calls_in_text goes up as it came', async (t) => {
  const { url, upstream } = await start(t, { calls_in_text: true })
  const own = { min_p: 0.05, chat_template_kwargs: { enable_thinking: false }, keep_alive: -1 }

  await (
    await post(url + chat, {
      model: 'local',
      ...chatBody,
      ...own,
      top_k: 20,
      seed: 9007199254740993n.toString(),
    })
  ).text()

  const sent = upstream.requests.at(-1)!.json() as Json
  assert.deepEqual(
    { ...sent, model: 'local' },
    { model: 'local', ...chatBody, ...own, top_k: 20, seed: '9007199254740993' },
  )
})

test('translation §11.1: a stream without a wish for usage has none, and one with it has', async (t) => {
  const { url } = await start(t, { calls_in_text: true })
  const ask = async (more: Json) =>
    (await post(url + chat, { model: 'local', stream: true, ...chatBody, ...more })).text()

  assert.ok(!(await ask({})).includes('"prompt_tokens"'))
  assert.ok((await ask({ stream_options: { include_usage: true } })).includes('"prompt_tokens":3'))
})

for (const [what, more] of [
  ['no tools', { tools: undefined }],
  ['tools of which none may be called', { tool_choice: 'none' }],
  ['several answers', { n: 2 }],
  ['a tool that only its server knows', { tools: [{ type: 'own', own: { x: 1 } }] }],
  ['the functions of old', { tools: undefined, functions: [{ name: 'look', parameters }] }],
] as const) {
  test(`translation §11.1: the answer to a request with ${what} passes byte for byte`, async (t) => {
    const { url } = await start(t, { calls_in_text: true })

    const back = await post(url + chat, { model: 'local', ...chatBody, ...more })

    assert.equal(((await back.json()) as Json).model, 'up')
  })
}

test('an answer that breaks off within a call ends as broken, and calls nothing', async (t) => {
  const events = streamOf('<tool_call>\n{"name": "look", "arguments": {"at": "/a"}}').slice(0, -3)
  const upstream = await startUpstream(t, () => ({ sse: [...events, 'hang-up'] }))
  const models = [{ name: 'Local', id: 'local', type: 'common', calls_in_text: true }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })

  const back = await post(url + chat, { model: 'local', stream: true, ...chatBody })

  const text = await back.text()
  assert.ok(!text.includes('"look"') && !text.includes('[DONE]'), text)
  assert.match(text, /"error"/)
})
