/** How long the proxy holds a request: only until its answer begins, since that may then go on for minutes. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { begun, firstBytes, oneOfEach as roads, send } from './faults/roads.ts'
import { serving } from './faults/serving.ts'
import { collect } from './helpers/collect.ts'
import { deferred } from './helpers/deferred.ts'
import { oneUpstream, startProxy } from './helpers/proxy.ts'
import { until } from './helpers/until.ts'
import { bodyPace, readBody } from '../lib/http/body.ts'
import { startUpstream } from './helpers/upstream.ts'

/** Buffers are given back some time after they are collected. */
async function collectAll(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
}

/** MB that are in use, on the heap and beside it. */
async function memoryInUse(): Promise<number> {
  await collectAll()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}

/** Asks with a body of some 8 MB. */
function askMuch(t: TestContext, url: string, ask: object): http.ClientRequest {
  const sent = http.request(url, { method: 'POST', headers: { authorization: 'Bearer caller' } })
  t.after(() => sent.destroy())
  sent.on('error', () => undefined)
  sent.end(JSON.stringify({ ...ask, stream: true, user: 'word '.repeat(1_600_000) }))
  return sent
}

/** The first bytes of the answer are there. */
async function answered(sent: http.ClientRequest): Promise<void> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined)
  await once(answer, 'data')
}

const config = (upstream: string) => oneUpstream(upstream, { system_prompt: 'Be kind.' })

for (const { name, path: route, ask, stream } of roads) {
  test(`${name}: the request’s body is let go when its answer begins`, async (t) => {
    const events = begun({ stream }, ['Hi', ' there']).join('')
    const upstream = await serving(t, (res) => {
      res.setHeader('content-type', 'text/event-stream').write(events)
    })
    const { url } = await startProxy(t, { config: config(upstream) })
    const before = await memoryInUse()

    for (let count = 0; count < 4; count++) await answered(askMuch(t, url + route, ask))

    const held = (await memoryInUse()) - before
    t.diagnostic(`${held.toFixed(1)} MB of 32`)
    assert.ok(held < 8, `${held.toFixed(1)} MB`)
  })

  test(`${name}: until its answer begins, what was asked is held once`, async (t) => {
    const asked = new EventEmitter()
    const upstream = await serving(t, () => void asked.emit('asked'))
    const { url } = await startProxy(t, { config: config(upstream) })
    const before = await memoryInUse()

    for (let count = 0; count < 4; count++) {
      const arrived = once(asked, 'asked')
      askMuch(t, url + route, ask)
      await arrived
    }

    const held = (await memoryInUse()) - before
    t.diagnostic(`${held.toFixed(1)} MB of 32`)
    assert.ok(held < 40, `${held.toFixed(1)} MB`)
  })
}

/** A request that says how long its body will be, as its server has it; `write` sends a piece of it. */
async function announced(t: TestContext, bytes: number) {
  const server = http.createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const headers = { 'content-length': bytes }
  const client = http.request({ host: '127.0.0.1', port, method: 'POST', headers })
  t.after(() => client.destroy())
  client.on('error', () => undefined)
  client.flushHeaders()
  const [req] = (await once(server, 'request')) as [IncomingMessage]
  return { req, write: (piece: Buffer) => void client.write(piece) }
}

test('a large body whose length is known is there once while it is read', async (t) => {
  const sent = Buffer.alloc(16e6, 'word ')
  const { req, write } = await announced(t, sent.length)
  await collectAll()
  const before = process.memoryUsage().arrayBuffers
  const reading = readBody(req, sent.length, bodyPace)
  write(sent.subarray(0, -1))
  await until(() => req.socket.bytesRead >= sent.length)
  await collectAll()

  write(sent.subarray(-1))
  const body = await reading

  const held = (process.memoryUsage().arrayBuffers - before) / 1e6
  assert.ok(body.equals(sent))
  t.diagnostic(`${held.toFixed(1)} MB for 16`)
  assert.ok(held < 20, `${held.toFixed(1)} MB`)
})

// https://github.com/tiny-http/tiny-http/pull/290
test('what is announced of a body and does not come takes no memory', async (t) => {
  const bytes = 400e6
  const { req, write } = await announced(t, bytes)
  const before = process.memoryUsage.rss()
  const reading = readBody(req, bytes, bodyPace)
  const isCut = assert.rejects(reading)
  write(Buffer.from('{'))
  await until(() => req.readableDidRead)

  const held = (process.memoryUsage.rss() - before) / 1e6
  req.socket.destroy()
  await isCut

  t.diagnostic(`${held.toFixed(1)} MB of 400`)
  assert.ok(held < 40, `${held.toFixed(1)} MB`)
})

for (const { name, path: route, ask, stream } of roads) {
  test(`contract §18: ${name}: the request’s body is let go also when another model answers`, async (t) => {
    const events = begun({ stream }, ['Hi', ' there']).join('')
    const busy = await serving(t, (res) => void res.writeHead(503).end())
    const upstream = await serving(t, (res) => {
      res.setHeader('content-type', 'text/event-stream').write(events)
    })
    const { models, ...rest } = config(upstream)
    const away = models.map((model) => ({
      ...model,
      id: `${model.id}-busy`,
      endpoint: `${model.type}-busy`,
      fallback: [model.id],
    }))
    const endpoints = away.map(({ endpoint, type }) => ({ name: endpoint, type, base_url: busy }))
    const { url } = await startProxy(t, {
      config: {
        ...rest,
        endpoints: [...rest.endpoints, ...endpoints],
        models: [...models, ...away],
      },
    })
    const before = await memoryInUse()
    const elsewhere = { ...ask, model: `${(ask as { model: string }).model}-busy` }

    for (let count = 0; count < 4; count++) await answered(askMuch(t, url + route, elsewhere))

    const held = (await memoryInUse()) - before
    t.diagnostic(`${held.toFixed(1)} MB of 32`)
    assert.ok(held < 8, `${held.toFixed(1)} MB`)
  })
}

for (const { name, path: route, ask, stream } of roads) {
  // a call that V8 has promoted would keep it until a full collection, which cost short streams a fifth of their CPU
  test(`${name}: a request that is over holds its answer no longer`, async (t) => {
    const end = deferred()
    const [first, ...rest] = stream(['Hi'])
    const steps = [first!, { until: end.promise }, ...rest]
    const upstream = await startUpstream(t, () => ({ sse: steps }))
    const { url, app } = await startProxy(t, { config: config(upstream.url) })
    const sent = send(url + route, { ...ask, stream: true })
    await firstBytes(sent)
    const [call] = app.calls
    assert.ok(call?.awaited, 'it was held before')

    end.resolve()
    await until(() => app.calls.size === 0)

    assert.equal(call.awaited, undefined)
  })
}
