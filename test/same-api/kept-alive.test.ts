/** Streams that pass and fall silent: a comment keeps front proxies from cutting them, and nothing else changes. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { begun, roads } from '../faults/roads.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Step } from '../helpers/upstream.ts'

const comment = ': keep-alive\n\n'
const chunk = (choice: object) => `data: ${JSON.stringify({ id: 'c', choices: [choice] })}\n\n`

const chat = {
  name: 'chat with a model of its own',
  path: '/v1/chat/completions',
  ask: { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hi' }] },
  stream: ([text]: string[]) => [
    chunk({ index: 0, delta: { content: text }, finish_reason: null }),
    `${chunk({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`,
  ],
}

for (const road of [...roads.slice(0, 2), chat]) {
  const { name, path, ask, stream } = road
  const whole = stream(['first'])
  const first = begun(road, ['first'])
  const last = whole.slice(first.length).join('')

  const read = async (t: TestContext, sse: Step[]) => {
    const upstream = await startUpstream(t, [{ sse }])
    const config = oneUpstream(upstream.url, { keep_alive_s: 0.1 })
    const { url } = await startProxy(t, { config })
    return await (await post(url + path, { ...ask, stream: true })).text()
  }

  test(`contract §6.9: ${name}: a stream that is silent between two events gets comments`, async (t) => {
    const text = await read(t, [{ waitMs: 250 }, ...first, { waitMs: 250 }, last])

    assert.equal(text.replaceAll(comment, ''), whole.join(''))
    assert.ok(text.startsWith(comment), text)
    assert.ok(text.includes(first.join('') + comment), text)
  })

  test(`contract §6.9: ${name}: a stream that is silent within an event gets none`, async (t) => {
    const cut = [...first, last.slice(0, 8), { waitMs: 350 }, last.slice(8)]

    assert.equal(await read(t, cut), whole.join(''))
  })
}

test('contract §6.9: a stream that is packed gets no comment, which nobody could unpack', async (t) => {
  const packed = gzipSync(chat.stream(['first']).join(''))
  const upstream = await startUpstream(t, [
    { sse: [{ waitMs: 250 }, packed], headers: { 'content-encoding': 'gzip' } },
  ])
  const config = oneUpstream(upstream.url, { keep_alive_s: 0.1 })
  const { url } = await startProxy(t, { config })

  const answer = await post(
    url + chat.path,
    { ...chat.ask, stream: true },
    { 'accept-encoding': 'gzip' },
  )

  assert.equal(await answer.text(), chat.stream(['first']).join(''))
})

test('contract §6.9: a stream of a sub-path, whose end only its upstream knows, gets no comment', async (t) => {
  const upstream = await startUpstream(t, [{ sse: [{ waitMs: 250 }, 'data: {}\n\n'] }])
  const config = oneUpstream(upstream.url, { keep_alive_s: 0.1 })
  const { url } = await startProxy(t, { config })

  const answer = await post(`${url}/v1/responses/compact`, { model: 'gpt-5.1', input: [] })

  assert.equal(await answer.text(), 'data: {}\n\n')
})
