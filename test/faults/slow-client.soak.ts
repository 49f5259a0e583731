/** Clients that take their time, in their own time: a minute and a half. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { startProxy } from '../helpers/proxy.ts'

async function connected(t: TestContext): Promise<Socket> {
  const { url } = await startProxy(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends one byte every four seconds until the server has had enough; how long that took, s. */
async function trickled(
  socket: Socket,
  bytes: string,
): Promise<{ seconds: number; answer: string }> {
  const began = performance.now()
  let at = 0
  let answer = ''
  socket.on('data', (piece) => (answer += piece.toString('latin1')))
  const timer = setInterval(() => socket.write(bytes[at++ % bytes.length]!), 4000)
  await once(socket, 'close')
  clearInterval(timer)
  return { seconds: (performance.now() - began) / 1000, answer }
}

test('slow clients', { concurrency: true }, async (t) => {
  await Promise.all([
    t.test('row 12: headers at a byte in four seconds end with 408', async (s) => {
      const { seconds, answer } = await trickled(await connected(s), 'GET / HTTP/1.1\r\n')

      assert.match(answer, /^HTTP\/1\.1 408/)
      assert.ok(seconds <= 95, `${seconds} s`)
    }),
    t.test('row 13: a body at a byte in four seconds ends', async (s) => {
      const socket = await connected(s)
      socket.write('POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n')
      const { seconds } = await trickled(socket, ' ')

      assert.ok(seconds <= 125, `${seconds} s`)
    }),
    t.test('row 45: an idle connection is closed, but not at once', async (s) => {
      const socket = await connected(s)
      socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
      await once(socket, 'data')
      const began = performance.now()
      await once(socket.resume(), 'close')
      const seconds = (performance.now() - began) / 1000

      assert.ok(seconds >= 5 && seconds <= 95, `${seconds} s`)
    }),
  ])
})
