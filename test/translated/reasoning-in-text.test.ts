/** `reasoning_in_text`: a local model whose template has begun its reasoning, so that its answer has only the end of it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

type Json = Record<string, unknown>

const parameters = { type: 'object', properties: { at: { type: 'string' } } }
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

interface Said {
  text: string
  finish?: string
}

function answerOf({ text, finish = 'stop' }: Said, stream: boolean) {
  const chunkOf = (delta: Json, finish_reason: string | null) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  if (!stream) {
    const message = { role: 'assistant', content: text }
    return { body: { id: 'c', choices: [{ index: 0, message, finish_reason: finish }], usage } }
  }
  const pieces = text.match(/[^]{1,4}/g) ?? []
  return {
    sse: [
      ...pieces.map((content) => chunkOf({ content }, null)),
      chunkOf({}, finish),
      'data: [DONE]\n\n',
    ],
  }
}

async function start(t: TestContext, said: Said, more: Json) {
  const upstream = await startUpstream(t, (request) =>
    answerOf(said, (request.json() as Json).stream === true),
  )
  const models = [{ name: 'Local', id: 'local', type: 'common', ...more }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })
  return { url, upstream }
}

const messages = [{ role: 'user', content: 'Hi' }]

/** What a client of either API makes of the answer. */
async function heard(url: string, route: string, stream: boolean, more: Json = {}) {
  const back = await post(url + route, {
    model: 'local',
    messages,
    max_tokens: 900,
    stream,
    ...more,
  })
  assert.equal(back.status, 200)
  const events = stream ? dataOf(await back.text()) : [(await back.json()) as Json]
  let reasoning = ''
  let text = ''
  for (const event of events) {
    for (const choice of (event.choices ?? []) as Json[]) {
      const message = (choice.delta ?? choice.message) as Json
      reasoning += (message.reasoning_content as string | undefined) ?? ''
      text += (message.content as string | null) ?? ''
    }
    const blocks = (event.content ?? (event.delta ? [event.delta] : [])) as Json[]
    for (const block of blocks) {
      reasoning += (block.thinking as string | undefined) ?? ''
      text += (block.text as string | undefined) ?? ''
    }
  }
  return { reasoning, text }
}

function dataOf(text: string): Json[] {
  const all = [...text.matchAll(/^data: (\{.*)$/gm)]
  return all.map(([, json]) => JSON.parse(json!) as Json)
}

const thinking = { thinking: { type: 'enabled', budget_tokens: 1024 } }

const rows: [what: string, said: Said, heard: { reasoning: string; text: string }][] = [
  [
    'only the end',
    { text: 'The user greets.\n</think>\n\nHello </think>.' },
    { reasoning: 'The user greets.\n', text: 'Hello </think>.' },
  ],
  [
    'both words',
    { text: '<think>The user greets.</think>Hello.' },
    { reasoning: 'The user greets.', text: 'Hello.' },
  ],
  [
    "Magistral's end",
    { text: 'The user greets.[/THINK]Hello.' },
    { reasoning: 'The user greets.', text: 'Hello.' },
  ],
  [
    'no word, to its end',
    { text: 'Hello <b>you</b>.' },
    { reasoning: 'Hello <b>you</b>.', text: 'Hello <b>you</b>.' },
  ],
  [
    'no word, since its limit was spent',
    { text: 'The user gre', finish: 'length' },
    { reasoning: 'The user gre', text: '' },
  ],
  ['nothing', { text: '' }, { reasoning: '', text: '' }],
]

for (const [what, said, expected] of rows) {
  for (const stream of [false, true]) {
    for (const route of ['/v1/messages', '/v1/chat/completions']) {
      test(`translation §11.3: ${route}, stream ${stream}: an answer that has ${what}`, async (t) => {
        const { url } = await start(t, said, { reasoning_in_text: true })

        assert.deepEqual(await heard(url, route, stream, thinking), expected)
      })
    }
  }
}

for (const stream of [false, true]) {
  test(`translation §11.3: a call behind reasoning without its beginning is found, stream ${stream}`, async (t) => {
    const text =
      'I look.</think>\n<tool_call>\n{"name": "look", "arguments": {"at": "/a"}}\n</tool_call>'
    const { url } = await start(t, { text }, { reasoning_in_text: true, calls_in_text: true })
    const tools = [{ type: 'function', function: { name: 'look', parameters } }]

    const back = await post(`${url}/v1/chat/completions`, {
      model: 'local',
      messages,
      tools,
      stream,
    })

    const answer = await back.text()
    assert.match(answer, /"reasoning_content":"I/)
    assert.match(answer, /"name":"look"/)
    assert.doesNotMatch(answer, /think>/)
  })
}

test('translation §11.1: without the setting the bytes of a chat server pass as they are', async (t) => {
  const said = { text: 'The user greets.</think>Hello.' }
  const { url } = await start(t, said, {})

  assert.deepEqual(await heard(url, '/v1/chat/completions', true), {
    reasoning: '',
    text: said.text,
  })
})

test('translation §11.3: a server that finds the reasoning by itself is heard as ever', async (t) => {
  const upstream = await startUpstream(t, () => {
    const message = { role: 'assistant', content: '\n\nHello.', reasoning_content: 'Hm.' }
    return { body: { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage } }
  })
  const models = [{ name: 'Local', id: 'local', type: 'common', reasoning_in_text: true }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })

  assert.deepEqual(await heard(url, '/v1/messages', false, thinking), {
    reasoning: 'Hm.',
    text: 'Hello.',
  })
})
