/** `stop` with a model whose API has no word for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { chunksOf } from '../pipelines/serialise/chat-answers.ts'
import { responsesBody, responsesStream, startUpstream } from '../helpers/upstream.ts'

const chat = {
  model: 'gpt-5.1',
  messages: [{ role: 'user', content: 'Count.' }],
  stop: ['four', ''],
}
const counted = ['one two th', 'ree fo', 'ur five']

test('§7.1 stop: a stream ends in front of the sequence, and the upstream is stopped', async (t) => {
  const sse = [...responsesStream({ text: counted }).slice(0, 7), { until: new Promise(() => {}) }]
  const upstream = await startUpstream(t, [{ sse }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const back = await post(`${url}/v1/chat/completions`, { ...chat, stream: true })
  const text = await back.text()

  assert.equal(contentOf(text), 'one two three ')
  assert.match(text, /"finish_reason":"stop"}\]}\n\ndata: \[DONE\]\n\n$/)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
  await upstream.whenClosed(0)
  assert.equal(upstream.closedEarly, 1)
})

test('§7.1 stop: a body ends in front of the sequence, and counts what it cost', async (t) => {
  const upstream = await startUpstream(t, [{ body: responsesBody({ text: counted }) }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const back = await post(`${url}/v1/chat/completions`, { ...chat, stream: false })
  const completion = (await back.json()) as Completion

  assert.equal(completion.choices[0]?.message.content, 'one two three ')
  assert.equal(completion.choices[0]?.finish_reason, 'stop')
  assert.equal(completion.usage.total_tokens, 17)
  assert.equal('stop' in (upstream.requests[0]!.json() as object), false)
})

interface Completion {
  choices: { message: { content: string }; finish_reason: string }[]
  usage: { total_tokens: number }
}

function contentOf(sse: string): string {
  const { chunks } = chunksOf(sse)
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
}
