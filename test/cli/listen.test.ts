/** Which addresses the program listens on. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, Server, type AddressInfo, type ListenOptions } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cannotListen, listenOn } from '../../lib/cli/listen.ts'
import { findRunning } from '../../lib/cli/running-proxy.ts'
import { startProxy } from '../helpers/proxy.ts'
import { isServed } from '../helpers/until.ts'
import { runProgram } from '../helpers/program.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
const skip = !hasIPv6 && 'this machine has no IPv6'
/** of Linux alone the length of the queue is known to be this long */
const onLinux = { skip: process.platform !== 'linux' && 'needs Linux' }

test('KO1: as in the image, :: is every address of both families', { skip }, async (t) => {
  const program = runProgram(t, { env: { HOST: '::' } })
  const { port } = new URL(await program.url())

  for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
    assert.ok(await isServed(`http://${host}:${port}/health`), host)
  }
})

for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
  test(`KO1: where IPv6 is off (${code}), :: is every address of IPv4`, async (t) => {
    const server = createServer()
    const listen = server.listen.bind(server) as (options: ListenOptions) => Server
    server.listen = ((options: ListenOptions) => {
      if (options.host !== '::') return listen(options)
      setImmediate(() => server.emit('error', Object.assign(new Error('no IPv6'), { code })))
      return server
    }) as Server['listen']
    t.after(() => server.close())

    await listenOn(server, 0, '::')

    assert.equal((server.address() as AddressInfo).address, '0.0.0.0')
  })
}

test('KO1: localhost is 127.0.0.1, however the system orders its two addresses', async (t) => {
  const program = runProgram(t, { config: { host: 'LocalHost' } })

  assert.match(await program.url(), /^http:\/\/127\.0\.0\.1:/)
})

test(
  'a team that connects at once waits for the program, however busy it is',
  onLinux,
  async (t) => {
    const program = runProgram(t)
    const { port } = new URL(await program.url())
    program.process.kill('SIGSTOP')
    const sockets = Array.from({ length: 800 }, () => connect(Number(port), '127.0.0.1'))
    const signal = AbortSignal.timeout(20_000)

    try {
      // beyond the queue a connection would stay in the air for as long as the program is held
      await Promise.all(sockets.map((socket) => once(socket, 'connect', { signal })))
    } finally {
      for (const socket of sockets) socket.destroy()
      program.process.kill('SIGCONT')
    }
  },
)

test('KO1: another address that is not of this machine stays a fault', async (t) => {
  const server = createServer()
  t.after(() => server.close())

  await assert.rejects(listenOn(server, 0, '2001:db8::1'), /EADDRNOTAVAIL|EAFNOSUPPORT/)
})

test('KO1: of a port that is taken nothing else is tried', async (t) => {
  const first = createServer().listen(0, '127.0.0.1')
  await once(first, 'listening')
  const second = createServer()
  t.after(() => first.close())

  await assert.rejects(listenOn(second, (first.address() as AddressInfo).port, 'localhost'), {
    code: 'EADDRINUSE',
  })
})

test('KO1: the image listens on both families, and its own check asks where the configuration says', () => {
  const file = readFileSync(path.join(import.meta.dirname, '..', '..', 'Dockerfile'), 'utf8')

  assert.match(file, /^ENV .*\bHOST=:: /m)
  assert.match(file, /^HEALTHCHECK .* CMD \["node", "dist\/bin\/droid2api\.js", "health"\]$/m)
})

test('contract §4.7: a port in use says so where another droid2api has it', async (t) => {
  const first = runProgram(t)
  const { port } = new URL(await first.url())
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const second = runProgram(t, { args: ['-p', port] })
  const third = runProgram(t, { args: ['-p', String((other.address() as AddressInfo).port)] })

  assert.deepEqual([await second.exit, await third.exit], [1, 1])
  assert.match(
    second.stderr(),
    /^Port \d+ on 127\.0\.0\.1 is in use by droid2api \d\S+\. Choose .*\n$/,
  )
  assert.match(
    third.stderr(),
    /^Port \d+ on 127\.0\.0\.1 is in use\. Choose another with --port .*\n$/,
  )
})

test('contract §4.7: nobody is asked at an address that is not one of this machine', async (t) => {
  const { app, url } = await startProxy(t)
  const config = { ...app.config, port: Number(new URL(url).port) }
  const versionAt = async (code: string) =>
    (await findRunning(config, Object.assign(new Error('listen'), { code })))?.version

  assert.equal(await versionAt('EADDRINUSE'), app.version)
  assert.equal(await versionAt('EADDRNOTAVAIL'), undefined)
})

test('contract §4.7: a port that the system keeps is told as what it is, above 1023, too', () => {
  const refused = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })

  assert.match(cannotListen(refused, { port: 80, host: '::' }), /^Port 80 needs more rights/)
  assert.match(
    cannotListen(refused, { port: 3000, host: '::' }),
    /^Port 3000 is kept by the system/,
  )
})
