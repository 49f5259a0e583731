/** A client that takes nothing of its answer, for ever. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endStalled } from '../../lib/http/stalled.ts'
import { until } from '../helpers/until.ts'

/** More than the system takes for a client that does not read. */
const much = Buffer.alloc(64 * 1024 * 1024, '.')
const limitMs = 1500

async function serve(t: TestContext, answer: http.RequestListener) {
  const server = http.createServer(answer)
  endStalled(server, () => limitMs, 50)
  t.after(() => server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function get(t: TestContext, url: string, agent?: http.Agent): Promise<[IncomingMessage]> {
  const asked = http.get(url, agent ? { agent } : {})
  t.after(() => asked.destroy())
  return once(asked, 'response') as Promise<[IncomingMessage]>
}

test('contract §14.9: an answer of which nothing is taken ends, whether written at once or in pieces', async (t) => {
  for (const isWhole of [true, false]) {
    let isClosed = false
    const url = await serve(t, (_req, res) => {
      res.on('close', () => (isClosed = true))
      if (isWhole) res.end(much)
      else for (let at = 0; at < 64; at++) res.write(much.subarray(0, 1024 * 1024))
    })
    const begun = performance.now()
    const [answer] = await get(t, url)
    answer.on('error', () => undefined).pause()

    await until(() => isClosed)

    assert.ok(performance.now() - begun >= limitMs, 'not before its time')
  }
})

test('contract §14.9: a client that takes its answer slowly, or waits for more of it, gets all', async (t) => {
  const url = await serve(t, (_req, res) => {
    res.write('begun')
    setTimeout(() => res.end(much), 1.3 * limitMs)
  })
  const agent = new http.Agent({ keepAlive: true })
  t.after(() => agent.destroy())

  const [answer] = await get(t, url, agent)
  let got = 0
  let rests = 0
  for await (const piece of answer) {
    got += (piece as Buffer).length
    if (got > 8_000_000 * (rests + 1) && rests < 4) {
      rests += 1
      await sleep(limitMs / 3)
    }
  }

  assert.equal(got, much.length + 5)
  await sleep(1.3 * limitMs)
  const [again] = await get(t, url, agent)
  assert.equal(again.statusCode, 200, 'a connection that rests is none')
  again.destroy()
})

test('contract §14.9: a client that takes as much as comes keeps its connection, however much waits', async () => {
  const server = new http.Server()
  let isEnded = false
  const taken = { bytesWritten: 0, _handle: { writeQueueSize: 1000 } }
  const socket = Object.assign(new EventEmitter(), taken, { destroy: () => (isEnded = true) })
  endStalled(server, () => 300, 20)
  server.emit('connection', socket)

  for (let at = 0; at < 60; at++) {
    socket.bytesWritten += 1
    await sleep(10)
  }
  assert.equal(isEnded, false)
  await until(() => isEnded)
  server.emit('close')
})
