/** What the proxy may cost, counted and not timed: pieces written, bytes copied, others held up. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test, type TestContext } from 'node:test'
import { JsonDocument } from '../pipelines/json/document.ts'
import type { Delta } from '../pipelines/neutral/delta.ts'
import { clients, providers } from '../pipelines/index.ts'
import { parseExactObject } from '../pipelines/json/request-body.ts'
import type { Model } from '../pipelines/model.ts'
import { rewriteMessages } from '../pipelines/providers/anthropic/rewrite.ts'
import { deltaStages } from '../pipelines/stages/translate.ts'
import { agentBody } from './bench/agent-body.ts'
import { head, rawUpstream } from './faults/raw-upstream.ts'
import { roads } from './faults/roads.ts'
import { servingLongLine } from './faults/serving.ts'
import { oneUpstream, post, startProxy } from './helpers/proxy.ts'
import { anthropicStream, startUpstream } from './helpers/upstream.ts'
import { good, spent, twoAccounts } from './routing/setting.ts'

/** One HTTP chunk. */
function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** The chunks of a chunked answer, read from its bytes. */
async function chunksOf(socket: Socket): Promise<number> {
  let bytes = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (bytes += piece))
  while (!bytes.endsWith('0\r\n\r\n')) await once(socket, 'data')
  return bytes.match(/\r\n[\da-f]+\r\n(?=\S)/g)?.length ?? 0
}

/** A connection on which a stream was asked for. */
async function asking(url: string, route: string, ask: object): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  const body = JSON.stringify({ ...ask, stream: true })
  const headers = `host: localhost\r\nauthorization: Bearer x\r\ncontent-length: ${body.length}`
  socket.write(`POST ${route} HTTP/1.1\r\n${headers}\r\n\r\n${body}`)
  return socket
}

for (const { name, path: route, ask, stream } of roads) {
  test(`${name}: events that come in one packet leave in few writes`, async (t) => {
    const events = stream(Array.from({ length: 200 }, (_, count) => `word ${count} `))
    const upstream = await rawUpstream(t, (socket) => {
      const start = head('200 OK', 'content-type: text/event-stream', 'transfer-encoding: chunked')
      socket.write(`${start}${events.map(chunk).join('')}0\r\n\r\n`)
    })
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const socket = await asking(url, route, ask)

    const chunks = await chunksOf(socket)
    socket.destroy()

    // about 40 KB arrive in one to three reads; written one by one they would be 200 and more
    assert.ok(events.length > 200)
    assert.ok(chunks <= 12, `${chunks} chunks`)
  })
}

for (const { name, path: route, ask, stream } of roads.filter(({ failure }) => failure)) {
  test(`${name}: the head of the stream leaves in one write with its first piece`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: stream(['word']) }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const written = t.mock.method(Socket.prototype as Required<Socket>, '_writev').mock
    const socket = await asking(url, route, ask)
    await once(socket, 'data')
    socket.destroy()

    const port = Number(new URL(url).port)
    const ours = written.calls.find((call) => (call.this as Socket).localPort === port)
    const first = ours?.arguments[0].map(({ chunk: part }) => String(part)).join('')
    assert.match(first ?? '', /^HTTP\/1\.1 200 OK\r\n[^]+\r\n\r\n[\da-f]+\r\n(?:event|data): /)
  })
}

test('events that come in one piece pass the stages as one list, not one by one', async () => {
  const events = anthropicStream({ text: Array.from({ length: 500 }, () => 'word ') })
  const stages = deltaStages(providers.anthropic, { upstreamModel: 'x' })
  const last = stages.reduce((source, stage) => source.pipe(stage))
  const lists: Delta[][] = []
  last.on('data', (list: Delta[]) => lists.push(list))

  stages[0]!.end(events.join(''))
  await once(last, 'end')

  assert.ok(lists.flat().length >= 500)
  assert.ok(lists.length <= 3, `${lists.length} lists`)
})

test('a changed body of 5 MB is sent without being copied', (t) => {
  const text = 'word '.repeat(1_000_000)
  const bytes = Buffer.from(JSON.stringify({ model: 'a', system: 'b', messages: [text] }))
  const concat = t.mock.method(Buffer, 'concat')
  const document = JsonDocument.parse(bytes)

  document.set('model', 'c')
  document.set('system', 'd')
  const pieces = document.pieces()

  const added = pieces.filter(({ buffer }) => buffer !== bytes.buffer)
  assert.equal(added.join(), '"c","d"')
  assert.equal(concat.mock.callCount(), 0)
})

/** Bytes, or characters, that one piece of work had parsed, made text of, or put together anew. */
function countWork(
  t: TestContext,
  work: () => void,
): { parsed: number; decoded: number; joined: number } {
  const parse = t.mock.method(JSON, 'parse')
  const decode = t.mock.method(Buffer.prototype as Buffer, 'toString')
  const concat = t.mock.method(Buffer, 'concat')
  work()
  const sum = (lengths: number[]) => lengths.reduce((all, length) => all + length, 0)
  const counted = {
    parsed: sum(parse.mock.calls.map((call) => call.arguments[0].length)),
    decoded: sum(decode.mock.calls.map((call) => call.result!.length)),
    joined: sum(concat.mock.calls.map((call) => call.result!.length)),
  }
  for (const { mock } of [parse, decode, concat]) mock.restore()
  return counted
}

test('of a coding agent’s body only what may change is parsed, and nothing is put together anew', (t) => {
  const bytes = agentBody('messages', 'claude-sonnet-4-5', 200_000, true)
  const { system, thinking, metadata } = JSON.parse(bytes.toString()) as Record<string, object>
  const looked = JSON.stringify([system, thinking, metadata]).length + 1000
  const model: Model = { id: 'claude-sonnet-4-5', reasoning: 'auto' }
  const context = { model, systemPrompt: 'You are Droid.', headers: {}, subPath: '', stream: true }
  let pieces: Buffer[] = []

  const { parsed, decoded, joined } = countWork(t, () => {
    const document = JsonDocument.parse(bytes)
    rewriteMessages(document, context)
    pieces = document.pieces()
  })

  assert.ok(parsed < looked, `${parsed} of ${bytes.length} parsed`)
  assert.ok(decoded < looked, `${decoded} of ${bytes.length} decoded`)
  assert.equal(joined, 0)
  const added = pieces.filter(({ buffer }) => buffer !== bytes.buffer)
  assert.equal(added.join(), '{"type":"text","text":"You are Droid."},')
})

test('the ends of short strings in a coding agent’s body are found without a call for each', (t) => {
  const bytes = agentBody('messages', 'claude-sonnet-4-5', 200_000, true)
  const strings = bytes.toString().match(/"(?:[^"\\]|\\.)*"/g)!
  const indexOf = t.mock.method(Buffer.prototype as Buffer, 'indexOf')

  JsonDocument.parse(bytes)

  const calls = indexOf.mock.callCount()
  // one for each, and for each escaped quote, would be more than twice as many
  assert.ok(calls < strings.length, `${calls} calls for ${strings.length} strings`)
})

test('a coding agent’s body that is translated is parsed once', (t) => {
  const bytes = agentBody('messages', 'gpt-5.1', 200_000, true)
  const size = bytes.toString().length
  const { messages } = clients

  const { parsed, decoded } = countWork(t, () => messages.read(parseExactObject(bytes), {}))

  assert.equal(parsed, size)
  assert.equal(decoded, size)
})

for (const { name, path: route, ask, body } of roads) {
  test(`${name}: a body of 5 MB does not hold others up for long`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const large = JSON.stringify({ ...ask, user: 'word '.repeat(1_000_000) })
    const delay = monitorEventLoopDelay({ resolution: 10 })

    delay.enable()
    const answer = await post(url + route, large)
    delay.disable()

    assert.ok(answer.ok, await answer.text())
    // client, proxy and upstream share this loop; tens of milliseconds, as a rule
    assert.ok(delay.max / 1e6 < 2000, `${delay.max / 1e6} ms`)
  })
}

for (const { name, path: route, ask, stream, failure } of roads) {
  test(`row 40: ${name}: a line of 64 MB does not hold others up for long`, async (t) => {
    const upstream = await servingLongLine(t, stream(['Hi'])[0]!)
    const { url } = await startProxy(t, { config: oneUpstream(upstream) })
    const delay = monitorEventLoopDelay({ resolution: 10 })

    delay.enable()
    const answer = await post(url + route, { ...ask, stream: true })
    let bytes = 0
    for await (const part of answer.body!) bytes += part.length
    delay.disable()

    // a translation ends at the limit of a line, the transparent roads pass all of it
    assert.ok(failure ? bytes < 1_000_000 : bytes > 64_000_000, `${bytes}`)
    assert.ok(delay.max / 1e6 < 2000, `${delay.max / 1e6} ms`)
  })
}

test('contract §17: a good answer is not searched for what refusals say', async (t) => {
  const { ask } = await twoAccounts(t, () => good)
  const parse = t.mock.method(JSON, 'parse')

  const answer = await ask()

  assert.equal(answer.status, 200)
  const ofNothing = parse.mock.calls.filter((call) => call.arguments[0] === '')
  assert.equal(ofNothing.length, 0)
})

test('contract §17: a body is read once to tell its conversation, however often that is asked for', async (t) => {
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good), {
    endpoint: { choose: 'sticky' },
  })
  const parse = t.mock.method(JSON, 'parse')
  const bodies = () =>
    parse.mock.calls.filter((call) => call.arguments[0].includes('To be found')).length

  for (let count = 0; count < 8; count++) {
    const before = bodies()
    const content = `To be found ${count}`
    await ask({ messages: [{ role: 'user', content }] })
    assert.equal(bodies() - before, 1)
  }

  // some were at home with the account that is spent, so that their new home was kept
  assert.ok(new Set(asked()).size === 2)
})

test('contract §18: a long body without images is not copied for models that refuse them', async (t) => {
  const model = { name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic' }
  const blind = { ...model, images: false }
  const models = [
    { ...model, fallback: ['a', 'b'] },
    { ...blind, id: 'a' },
    { ...blind, id: 'b' },
  ]
  const { ask, asked } = await twoAccounts(t, () => good, { config: { models } })
  const content = 'word '.repeat(100_000)
  const copy = t.mock.method(Buffer.prototype as Buffer, 'toString')

  const answer = await ask({ messages: [{ role: 'user', content }] })

  assert.equal(answer.status, 200)
  const copies = copy.mock.calls.filter(
    (call) => call.arguments[0] === 'latin1' && call.result!.length > content.length,
  )
  assert.equal(copies.length, 0)
  assert.equal(asked().length, 1)
})
