/** Pages and desktop programs: which origins may call, and how they are written. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { ConfigError } from '../../lib/config/validate.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const ask = { model: 'gpt-5.1', input: 'x' }

/** A preflight of this origin. */
async function preflight(url: string, origin: string) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  const { status, headers } = answer
  return { status, allowed: headers.get('access-control-allow-origin') }
}

const cases: [listed: string, may: string[], mayNot: string[]][] = [
  ['app://obsidian.md', ['app://obsidian.md'], ['app://obsidian.md.evil', 'https://obsidian.md']],
  ['tauri://localhost', ['tauri://localhost'], ['tauri://elsewhere']],
  ['capacitor://localhost', ['capacitor://localhost'], ['ionic://localhost']],
  ['chrome-extension://abcdefgh', ['chrome-extension://abcdefgh'], ['chrome-extension://other']],
  ['moz-extension://*', ['moz-extension://5c1a0f7e-77aa'], ['chrome-extension://5c1a0f7e-77aa']],
  ['vscode-webview://*', ['vscode-webview://0ab12cd'], ['vscode-webview://a.b']],
  ['app://-', ['app://-'], ['app://x']],
  ['null', ['null'], ['https://null', 'nul', 'null.example']],
  [
    'https://*.example.com',
    ['https://chat.example.com', 'https://x-1.example.com'],
    [
      'https://example.com',
      'https://a.b.example.com',
      'http://chat.example.com',
      'https://chat.example.com:8443',
      'https://chatXexample.com',
      'https://evil.test/.example.com',
    ],
  ],
  ['https://chat.example/', ['https://chat.example'], ['https://chat.example/']],
  ['https://Chat.Example:443', ['https://chat.example'], ['https://chat.example:444']],
  ['https://chat.example:*', ['https://chat.example', 'https://chat.example:1'], ['http://a.test']],
  ['http://*.localhost:*', ['http://app.localhost:3000'], ['https://app.localhost:3000']],
  ['https://bücher.example', ['https://xn--bcher-kva.example'], ['https://bucher.example']],
  ['http://[::1]:*', ['http://[::1]:5173'], ['http://[::2]:5173']],
]

for (const [listed, may, mayNot] of cases) {
  test(`O30: ${listed} in cors_origins lets its own call, and nobody else`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: {} }))
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { cors_origins: ['http://localhost:*', listed] }),
    })

    for (const origin of may) {
      assert.deepEqual(await preflight(url, origin), { status: 204, allowed: origin })
      const answer = await post(`${url}/v1/responses`, ask, { origin })
      assert.equal(answer.status, 200, origin)
      assert.equal(answer.headers.get('access-control-allow-origin'), origin)
    }
    for (const origin of mayNot) {
      assert.deepEqual(await preflight(url, origin), { status: 403, allowed: null }, origin)
    }
  })
}

test('O30: a slash at the end is forgiven, with a warning', async (t) => {
  const { app } = await startProxy(t, { config: { cors_origins: ['https://chat.example/'] } })
  assert.ok(app.warnings.some((warning) => warning.includes('"https://chat.example/"')))
})

const faults: [listed: string, said: RegExp][] = [
  ['*', /every web page/],
  ['https://*', /expected an origin/],
  ['https://*.com', /expected an origin/],
  ['https://a.*.com', /expected an origin/],
  ['https://', /expected an origin/],
  ['chat.example', /expected an origin/],
  ['https://chat.example/app', /expected an origin/],
  ['https://user@chat.example', /expected an origin/],
  ['https://chat.example https://b.example', /expected an origin/],
  ['file://', /the origin null/],
]

for (const [listed, said] of faults) {
  test(`O30: ${listed} in cors_origins is a fault that says what to write`, async (t) => {
    await assert.rejects(startProxy(t, { config: { cors_origins: [listed] } }), (error) => {
      const [fault = ''] = (error as ConfigError).faults
      assert.ok(fault.includes(JSON.stringify(listed)), fault)
      assert.match(fault, said)
      return true
    })
  })
}

test('contract §8.6: a preflight of a page of the internet is allowed to reach this machine, where its origin may call', async (t) => {
  const { url } = await startProxy(t, { config: { cors_origins: ['https://chat.example'] } })
  const grants = async (origin: string, more: Record<string, string>) => {
    const headers = { origin, 'access-control-request-method': 'POST', ...more }
    const answer = await fetch(`${url}/v1/messages`, { method: 'OPTIONS', headers })
    return answer.headers.get('access-control-allow-private-network')
  }
  const asked = { 'access-control-request-private-network': 'true' }

  assert.equal(await grants('https://chat.example', asked), 'true')
  assert.equal(await grants('https://chat.example', {}), null)
  assert.equal(await grants('https://evil.example', asked), null)
})

test('O30: a page of an origin that is not listed may call with a client key, and read what it asked for', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: ['k-3f9a1c7e55d24b'] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const origin = 'https://anywhere.example'
  const withKey = (key: string) =>
    post(`${url}/v1/responses`, ask, { origin, authorization: `Bearer ${key}` })

  assert.deepEqual(await preflight(url, origin), { status: 204, allowed: origin })
  const answer = await withKey('k-3f9a1c7e55d24b')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('access-control-allow-origin'), origin)
  const refused = await withKey('k-wrong')
  assert.equal(refused.status, 403)
  assert.equal(refused.headers.get('access-control-allow-origin'), null)
  const health = await fetch(`${url}/health`, { headers: { origin } })
  assert.equal(health.headers.get('access-control-allow-origin'), null)
})

for (const second of ['evil.example', '127.0.0.1']) {
  test(`contract §8.7: a request with a second Host, ${second}, is refused, whichever a front proxy looked at`, async (t) => {
    const { url } = await startProxy(t)
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    t.after(() => socket.destroy())

    socket.write(`GET /v1/models HTTP/1.1\r\nHost: localhost\r\nhOST: ${second}\r\n\r\n`)
    const [head] = (await once(socket, 'data')) as [Buffer]

    assert.match(String(head), /^HTTP\/1\.1 400 /)
    assert.match(String(head), /The request has more than one Host in its headers/)
  })
}
