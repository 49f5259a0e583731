/** Accounts and models that stand in, while answers break off, clients leave and refusals come in odd shapes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post } from '../helpers/proxy.ts'
import { gzipSync } from 'node:zlib'
import { anthropicStream, type Answer } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'
import { good, question, refusal, spent, twoAccounts } from './setting.ts'

const stream = { ...question, stream: true }

const broken = {
  ...spent,
  body: undefined,
  sse: ['{"type":"err', 'hang-up'],
  silent: true,
} as Answer

test('contract §17: a refusal that breaks off moves the request on like a whole one', async (t) => {
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? broken : good))

  const answer = await ask()

  assert.equal(answer.status, 200)
  assert.deepEqual(asked(), ['one', 'two'])
})

test('contract §17: a refusal that breaks off, with nobody else to ask, is a 502', async (t) => {
  const { ask } = await twoAccounts(t, () => broken)

  const answer = await ask()

  assert.equal(answer.status, 502)
  assert.match(await answer.text(), /before the answer was complete/)
})

test('contract §17: a refusal that is packed is understood, and passed on as it came', async (t) => {
  const error = { type: 'error', error: { message: 'Your credit balance is too low' } }
  const packed = {
    status: 400,
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: gzipSync(JSON.stringify(error)),
  }
  const { ask, asked } = await twoAccounts(t, () => packed)

  const answer = await ask({}, { 'accept-encoding': 'gzip' })

  assert.deepEqual(await answer.json(), error)
  assert.deepEqual(asked(), ['one', 'two'])
})

for (const size of [0, 10, 70_000, 300_000]) {
  test(`contract §17: a refusal of ${size} bytes is passed on whole`, async (t) => {
    const body = 'x'.repeat(size)
    const { ask } = await twoAccounts(t, () => ({ status: 422, body }))

    const answer = await ask()

    assert.equal(answer.status, 422)
    assert.equal(await answer.text(), body)
  })
}

test('contract §17: an answer without a body is passed on at once, also in pieces', async (t) => {
  const { ask } = await twoAccounts(t, () => ({ status: 422, sse: [], silent: true }))
  const stopped = await twoAccounts(t, () => ({ sse: [] }))

  const answers = [await ask(), await stopped.ask({ stream: true })]

  assert.deepEqual(
    answers.map(({ status }) => status),
    [422, 200],
  )
  assert.equal(await answers[0]!.text(), '')
})

test('contract §17: a refusal without an end holds nobody up for long', async (t) => {
  const endless = { ...refusal(422), body: undefined, sse: ['{"type":"error"', 'hang'] } as Answer
  const { ask } = await twoAccounts(t, () => endless)

  const answer = await ask()

  assert.equal(answer.status, 422)
  await answer.body?.cancel()
})

test('contract §17: a client that leaves while the head is held back ends the request upstream', async (t) => {
  const start = anthropicStream({ text: ['x'] })[0]!
  const { proxy, upstream } = await twoAccounts(t, () => ({ sse: [start, 'hang'] }))
  const leave = new AbortController()
  const pending = post(`${proxy.url}/v1/messages`, stream, {}, leave.signal)
  await upstream.nextRequest()

  leave.abort()
  await pending.catch(() => undefined)

  await until(() => upstream.closedEarly === 1 && proxy.app.calls.size === 0)
  assert.equal(upstream.requests.length, 1)
})

test('contract §17: a client that leaves while its request waits is not asked for again', async (t) => {
  const { proxy, upstream, asked } = await twoAccounts(t, () =>
    refusal(429, { 'retry-after': '2' }),
  )
  const leave = new AbortController()
  const pending = post(`${proxy.url}/v1/messages`, question, {}, leave.signal)
  await upstream.nextRequest()
  await until(() => upstream.open === 0)

  leave.abort()
  await pending.catch(() => undefined)

  await until(() => proxy.app.calls.size === 0)
  assert.deepEqual(asked(), ['one'])
  const line = proxy.logs.find(({ msg }) => msg === 'request')
  assert.equal(line?.status, 499)
})

test('contract §17: a stream that says nothing for long is passed on, and ends as ever', async (t) => {
  const events = anthropicStream({ text: ['Hello.'] })
  const { ask } = await twoAccounts(
    t,
    () => ({ sse: [events[0]!, { waitMs: 300 }, ...events.slice(1)] }),
    { config: { keep_alive_s: 0.05 } },
  )

  const answer = await ask({ stream: true })

  const text = await answer.text()
  assert.equal(text.replaceAll(': keep-alive\n\n', ''), events.join(''))
})
