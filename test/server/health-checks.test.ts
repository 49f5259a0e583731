/** Health checks as load balancers send them when nothing more is set, and who may call by which name. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

/** What comes back for these bytes, until the connection ends. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(bytes)
  return await text(socket)
}

const checks: [by: string, bytes: string, status: number][] = [
  ['HAProxy, option httpchk', 'OPTIONS / HTTP/1.0\r\n\r\n', 204],
  ['HAProxy, option httpchk GET /ready', 'GET /ready HTTP/1.0\r\n\r\n', 200],
  ['nginx_upstream_check', 'HEAD / HTTP/1.0\r\n\r\n', 200],
  ['HTTP/1.0 GET /health', 'GET /health HTTP/1.0\r\n\r\n', 200],
  ['an empty Host', 'GET / HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n', 200],
  [
    'AWS ALB',
    'GET / HTTP/1.1\r\nHost: 10.0.3.17:3000\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n',
    200,
  ],
  [
    'kubelet, IPv6',
    'GET /ready HTTP/1.1\r\nHost: [fd00::7]:3000\r\nConnection: close\r\nUser-Agent: kube-probe/1.33\r\n\r\n',
    200,
  ],
  [
    'an absolute form',
    'GET http://127.0.0.1:3000/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    200,
  ],
  ['an absolute form without a path', 'HEAD http://localhost HTTP/1.0\r\n\r\n', 200],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 204],
  ['OPTIONS * without Host', 'OPTIONS * HTTP/1.0\r\n\r\n', 204],
]

for (const [by, bytes, status] of checks) {
  for (const keys of [[], ['local-9f8e7d6c5b4a']]) {
    test(`KO5: the check of ${by} is answered${keys.length > 0 ? ', also where clients need a key' : ''}`, async (t) => {
      const { url } = await startProxy(t, { config: { api_keys: keys } })

      assert.match(await answerTo(url, bytes), new RegExp(`^HTTP/1\\.1 ${status} `))
    })
  }
}

test('KO5: connections that say nothing and close leave no line in the log', async (t) => {
  const proxy = await startProxy(t, { config: { log_level: 'debug' } })
  const { url } = proxy
  const port = Number(new URL(url).port)
  for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    socket[end]()
    socket.resume()
    await once(socket, 'close')
  }
  await wait(50)

  assert.equal((await fetch(`${url}/health`)).status, 200)
  assert.deepEqual(
    proxy.logs.map(({ route }) => route),
    ['/health'],
  )
})

test('O21: a route that spends or tells something needs a name of this machine, or a key', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const end = 'connection: close\r\n\r\n'

  for (const request of [
    'GET /health HTTP/1.1\r\nhost: llm.example.org',
    'GET / HTTP/1.1\r\nhost: llm.example.org',
    'GET /v1/models HTTP/1.1\r\nhost: host.docker.internal.evil.example',
    'GET /v1/models HTTP/1.1\r\nhost: metadata.google.internal',
    'GET http://llm.example.org/health HTTP/1.1\r\nhost: localhost',
    'GET /v1/models HTTP/1.1\r\nhost: 10.0.3.17:3000',
    'GET /v1/models HTTP/1.0\r\nx: y',
    'GET /health HTTP/1.1\r\nhost: 127.0.0.1.evil.example',
    'OPTIONS / HTTP/1.1\r\nhost: llm.example.org',
    'OPTIONS /v1/messages HTTP/1.1\r\nhost: llm.example.org\r\naccess-control-request-method: POST',
  ]) {
    assert.match(await answerTo(url, `${request}\r\n${end}`), /^HTTP\/1\.1 403 /, request)
  }
})

for (const host of [
  'llm.example.org',
  'llm.example.org:8443',
  'LLM.Example.ORG.',
  '10.0.0.3',
  'evil.example',
]) {
  test(`O21: a client key is served by the name ${host}, and none is not`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: {} }))
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { api_keys: ['k-3f9a1c7e55d24b'] }),
      env: { FACTORY_API_KEY: 'fk-the-account-key' },
    })
    const body = '{"model":"claude-sonnet-4-5","max_tokens":50,"messages":[]}'
    const head = `POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\ncontent-length: ${body.length}`
    const ask = (key: string) => answerTo(url, `${head}\r\nx-api-key: ${key}\r\n\r\n${body}`)

    assert.match(await ask('k-3f9a1c7e55d24b'), /^HTTP\/1\.1 200 /)
    assert.match(await ask('k-wrong'), /^HTTP\/1\.1 403 /)
    const health = `GET /health HTTP/1.1\r\nhost: ${host}\r\nconnection: close`
    const withKey = `${health}\r\nauthorization: Bearer k-3f9a1c7e55d24b\r\n\r\n`
    assert.match(await answerTo(url, withKey), /^HTTP\/1\.1 200 /)
  })
}

for (const host of [
  'localhost.',
  'LocalHost:3000',
  'api.localhost',
  '127.8.9.1',
  '[::1]',
  // as a container on this machine calls it
  'host.docker.internal:3000',
  'host.containers.internal',
]) {
  test(`O21: ${host} is this machine`, async (t) => {
    const { url } = await startProxy(t)
    const bytes = `GET /v1/models HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`

    assert.match(await answerTo(url, bytes), /^HTTP\/1\.1 200 /)
  })
}
