/** What reaches the port and is no request to this program. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { startProxy, type TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'

/** What comes back before the connection ends. */
async function say(url: string, bytes: Buffer): Promise<string> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.end(bytes)
  let heard = ''
  for await (const piece of socket) heard += String(piece)
  return heard
}

const strangers: [name: string, bytes: string, answer: RegExp, log: RegExp][] = [
  ['TLS', '\x16\x03\x01\0\x05\x01\0\0\x01\0', /^HTTP\/1\.1 400 /, /spoke TLS .* http:\/\//],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /, /spoke HTTP\/2/],
  ['PROXY 1', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', /^HTTP\/1\.1 400 /, /PROXY protocol/],
  ['PROXY 2', '\r\n\r\n\0\r\nQUIT\n\x21\x11', /^HTTP\/1\.1 400 /, /PROXY protocol/],
  [
    'CONNECT',
    'CONNECT api.anthropic.com:443 HTTP/1.1\r\nhost: api.anthropic.com:443\r\n\r\n',
    /^HTTP\/1\.1 405 [^]*not as HTTPS_PROXY/,
    /asked for a tunnel.* base URL/,
  ],
]

for (const [name, bytes, answer, line] of strangers) {
  test(`contract §9.4: who speaks ${name} to the port is refused, and named in the log once`, async (t) => {
    const proxy = await startProxy(t)
    const { url } = proxy
    const named = () =>
      proxy.logs.filter(({ level, msg }) => level === 'warn' && line.test(String(msg)))

    const first = await say(url, Buffer.from(bytes, 'latin1'))
    await say(url, Buffer.from(bytes, 'latin1'))
    await say(url, Buffer.from('made up\r\n\r\n'))
    await until(() => named().length > 0)

    assert.match(first, answer)
    assert.equal(named().length, 1)
    assert.equal((await fetch(`${url}/health`)).status, 200)
  })
}

/** How often the log and `/health` warn of it, once the log has `expected` of them: the code that warns loads when it is first needed. */
async function warningsOf(proxy: TestProxy, line: RegExp, expected: number) {
  const told = () => proxy.logs.filter(({ msg }) => line.test(String(msg))).length
  await until(() => told() >= expected)
  const { warnings } = (await (await fetch(`${proxy.url}/health`)).json()) as {
    warnings?: string[]
  }
  return [told(), warnings?.length ?? 0]
}

test('contract §9.5: a request by HTTP/1.0 without client keys, as a front proxy sends it that names no caller, is warned of once', async (t) => {
  const ask = (version: string) =>
    Buffer.from(`GET /v1/models HTTP/${version}\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  const warned = async (config: Record<string, unknown>, versions: string[], expected: number) => {
    const proxy = await startProxy(t, { config })
    const heads: string[] = []
    for (const version of versions) {
      const [head = ''] = (await say(proxy.url, ask(version))).split('\r\n')
      heads.push(head)
    }
    const counts = await warningsOf(proxy, /by HTTP\/1\.0.*API_KEYS/, expected)
    return [heads.map((head) => head.slice(9, 12)), ...counts]
  }

  assert.deepEqual(await warned({}, ['1.0', '1.0'], 1), [['200', '200'], 1, 1])
  assert.deepEqual(await warned({}, ['1.1'], 0), [['200'], 0, 0])
  assert.deepEqual(await warned({ api_keys: ['key-of-alice'] }, ['1.0'], 0), [['401'], 0, 0])
})

test('contract §9.5: a browser or Node without `connection` before a model, without client keys, is warned of once', async (t) => {
  const ask = (headers: string) =>
    Buffer.from(`GET /v1/models HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`)
  const warned = async (config: Record<string, unknown>, headers: string, expected: number) => {
    const proxy = await startProxy(t, { config })
    for (let count = 0; count < 2; count++) await say(proxy.url, ask(headers))
    return await warningsOf(proxy, /without its `connection`.*API_KEYS/, expected)
  }
  const fetched = 'sec-fetch-mode: cors\r\n'

  assert.deepEqual(await warned({}, fetched, 1), [1, 1])
  assert.deepEqual(await warned({}, `${fetched}connection: close\r\n`, 0), [0, 0])
  assert.deepEqual(await warned({}, '', 0), [0, 0])
  assert.deepEqual(await warned({ api_keys: ['key-of-alice'] }, fetched, 0), [0, 0])
})
