/** Streams that pass and fall silent: a comment keeps front proxies from cutting them, and nothing else changes. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { begun, roads } from '../faults/roads.ts'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'

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

/** As servers on Windows write it. */
const withCrlf = {
  ...chat,
  name: 'chat with CRLF',
  stream: (text: string[]) => chat.stream(text).map((event) => event.replaceAll('\n', '\r\n')),
}

for (const road of [...roads.slice(0, 2), chat, withCrlf]) {
  const { name, path, ask, stream } = road
  const whole = stream(['first'])
  const first = begun(road, ['first'])
  const last = whole.slice(first.length).join('')

  const between = `contract §6.9: ${name}: a stream that is silent between two events gets comments`
  test(between, { timeout: 30_000 }, async (t) => {
    const [heardFirst, heardSecond] = [deferred(), deferred()]
    const { url } = await startSilent(t, {
      sse: [{ until: heardFirst.promise }, ...first, { until: heardSecond.promise }, last],
    })

    const answer = await post(url + path, { ...ask, stream: true })
    let text = ''
    const bare = () => text.replaceAll(comment, '')
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      if (text.startsWith(comment)) heardFirst.resolve()
      if (bare() === first.join('') && text.endsWith(comment)) heardSecond.resolve()
    }

    assert.equal(bare(), whole.join(''))
  })

  test(`contract §6.9: ${name}: a stream that is silent within an event gets none there`, async (t) => {
    const { url } = await startSilent(t, {
      sse: [...first, last.slice(0, 8), { waitMs: 350 }, last.slice(8)],
    })

    const text = await (await post(url + path, { ...ask, stream: true })).text()

    assert.ok(text.includes(last), text)
    // on a busy machine there may be such a silence between the events
    assert.equal(text.replaceAll(comment, ''), whole.join(''))
  })
}

/** A proxy that comments a silence of 0.1 s, in front of an upstream with this answer. */
async function startSilent(t: TestContext, answer: Answer): Promise<TestProxy> {
  const upstream = await startUpstream(t, [answer])
  return await startProxy(t, { config: oneUpstream(upstream.url, { keep_alive_s: 0.1 }) })
}

test('contract §6.9: a stream that is packed gets no comment, which nobody could unpack', async (t) => {
  const packed = gzipSync(chat.stream(['first']).join(''))
  const { url } = await startSilent(t, {
    sse: [{ waitMs: 250 }, packed],
    headers: { 'content-encoding': 'gzip' },
  })

  const answer = await post(
    url + chat.path,
    { ...chat.ask, stream: true },
    { 'accept-encoding': 'gzip' },
  )

  assert.equal(await answer.text(), chat.stream(['first']).join(''))
})

test('contract §6.9: a stream of a sub-path, whose end only its upstream knows, gets no comment', async (t) => {
  const { url } = await startSilent(t, { sse: [{ waitMs: 250 }, 'data: {}\n\n'] })

  const answer = await post(`${url}/v1/responses/compact`, { model: 'gpt-5.1', input: [] })

  assert.equal(await answer.text(), 'data: {}\n\n')
})
