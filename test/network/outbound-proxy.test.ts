/** Behind a proxy: upstream and token calls leave through HTTPS_PROXY or HTTP_PROXY, and its faults are told as its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import https from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { asks, routes } from '../faults/asks.ts'
import { selfSigned } from '../faults/self-signed.ts'
import type { ConfigError } from '../../lib/config/validate.ts'
import { outboundProxy } from '../../lib/network/outbound-proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { until } from '../helpers/until.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream } from '../helpers/upstream.ts'

interface ConnectProxy {
  /** `127.0.0.1:PORT` */
  host: string
  /** what it was asked to connect to, with the credentials shown */
  asked: { target: string; authorization: string | undefined }[]
}

/**
 * A proxy of RFC 9110 §9.3.6. Every name is this machine, as it is for no resolver. `instead`: what whoever asks gets, a
 * status or no answer.
 */
async function startConnectProxy(
  t: TestContext,
  instead?: number | 'silence',
): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = []
  const sockets = new Set<Socket>()
  const server = createServer((_req, res) => res.writeHead(405).end())
  server.on('connect', (req, client: Socket) => {
    asked.push({ target: req.url ?? '', authorization: req.headers['proxy-authorization'] })
    sockets.add(client.on('error', () => undefined))
    if (instead === 'silence') return
    if (instead) {
      client.end(`HTTP/1.1 ${instead} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const upstream = connect(Number(req.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    sockets.add(upstream.on('error', () => client.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** The same by a name that no resolver knows: what is on this machine goes through no proxy. */
function elsewhere(url: string): string {
  return url.replace('127.0.0.1', 'elsewhere.test')
}

for (const route of routes) {
  test(`contract §12.2, contract §12.3: ${route}: an upstream is reached through HTTP_PROXY, over a kept connection`, async (t) => {
    const error = { message: 'the proxy before me is called with s3cret-pass' }
    const upstream = await startUpstream(t, () => ({ status: 429, body: { error } }))
    const proxy = await startConnectProxy(t)
    const program = runProgram(t, {
      config: oneUpstream(elsewhere(upstream.url)),
      env: { HTTP_PROXY: `http://me:s3cret-pass@${proxy.host}` },
    })
    const url = await program.url()

    for (let count = 0; count < 3; count += 1) {
      const answer = await post(url + route, asks[route])
      assert.equal(answer.status, 429)
      assert.doesNotMatch(await answer.text(), /s3cret/)
    }

    const authorization = `Basic ${Buffer.from('me:s3cret-pass').toString('base64')}`
    const target = new URL(elsewhere(upstream.url)).host
    assert.deepEqual(proxy.asked, [{ target, authorization }])
    assert.equal(upstream.requests.length, 3)
    assert.equal(upstream.requests[0]!.headers['proxy-authorization'], undefined)
    assert.doesNotMatch(program.stdout() + program.stderr(), /s3cret/)
  })

  test(`${route}: a proxy that refuses is a 502 that says so`, async (t) => {
    const upstream = await startUpstream(t, [])
    const proxy = await startConnectProxy(t, 407)
    const program = runProgram(t, {
      config: oneUpstream(elsewhere(upstream.url)),
      env: { http_proxy: proxy.host },
    })

    const answer = await post((await program.url()) + route, asks[route])
    const text = await answer.text()

    assert.equal(answer.status, 502)
    assert.ok(text.includes(`the proxy ${proxy.host} refused to connect (HTTP 407)`), text)
  })

  test(`${route}: a proxy that lets nobody out but to port 443 is a 502 that says what helps`, async (t) => {
    const proxy = await startConnectProxy(t, 403)
    const program = runProgram(t, {
      config: oneUpstream('http://llm.corp.test:8000'),
      env: { http_proxy: proxy.host },
    })

    const answer = await post((await program.url()) + route, asks[route])

    assert.equal(answer.status, 502)
    assert.match(await answer.text(), /HTTP 403\).*443.*NO_PROXY=llm\.corp\.test/)
  })

  test(`${route}: a proxy that is not there is a 502 that names it`, async (t) => {
    const program = runProgram(t, {
      config: oneUpstream('http://upstream.test'),
      env: { HTTP_PROXY: 'http://127.0.0.1:1' },
    })

    const answer = await post((await program.url()) + route, asks[route])

    assert.equal(answer.status, 502)
    assert.match(
      await answer.text(),
      /the proxy 127\.0\.0\.1:1 cannot be reached: connection refused \(ECONNREFUSED\)/,
    )
    await until(() => program.stdout().includes('"cause":"ECONNREFUSED"'))
  })

  test(`${route}: a proxy that says nothing is given up after connect_s`, async (t) => {
    const proxy = await startConnectProxy(t, 'silence')
    const program = runProgram(t, {
      config: oneUpstream('http://upstream.test', { timeouts: { connect_s: 1 } }),
      env: { HTTP_PROXY: proxy.host },
    })

    const answer = await post((await program.url()) + route, asks[route])

    assert.ok([502, 504].includes(answer.status), String(answer.status))
    assert.match(await answer.text(), /within 1 s/)
  })

  test(`${route}: TLS goes through the tunnel to the upstream itself, whose name only the proxy knows`, async (t) => {
    const { key, cert } = selfSigned()
    const dir = tempDir()
    writeFileSync(path.join(dir, 'ca.pem'), cert)
    const upstream = https.createServer({ key, cert }, (req, res) => {
      req.resume()
      res.writeHead(429).end(JSON.stringify({ host: req.headers.host }))
    })
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    t.after(() => upstream.close().closeAllConnections())
    const { port } = upstream.address() as AddressInfo
    const proxy = await startConnectProxy(t)
    const program = runProgram(t, {
      config: oneUpstream(`https://test:${port}`),
      env: {
        HTTPS_PROXY: `http://${proxy.host}`,
        NODE_EXTRA_CA_CERTS: path.join(dir, 'ca.pem'),
      },
    })

    const answer = await post((await program.url()) + route, asks[route])

    assert.equal(answer.status, 429, await answer.text())
    assert.deepEqual(
      proxy.asked.map(({ target }) => target),
      [`test:${port}`],
    )
  })
}

for (const [variable, value] of [
  ['NO_PROXY', 'other.test, *.invalid'],
  ['no_proxy', '10.0.0.0/8 INVALID.'],
]) {
  test(`KO8: ${variable}=${value} lets a host be reached directly`, async (t) => {
    const proxy = await startConnectProxy(t)
    const program = runProgram(t, {
      config: oneUpstream('http://nowhere.invalid'),
      env: { HTTP_PROXY: `http://${proxy.host}`, [variable!]: value! },
    })

    await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])

    assert.deepEqual(proxy.asked, [])
  })
}

for (const host of ['127.0.0.1', 'localhost']) {
  test(`KO8: an upstream on ${host} is reached directly, whatever the environment names`, async (t) => {
    const upstream = await startUpstream(t, () => ({ status: 429, body: {} }))
    const proxy = await startConnectProxy(t)
    const program = runProgram(t, {
      config: oneUpstream(upstream.url.replace('127.0.0.1', host)),
      env: { HTTP_PROXY: `http://${proxy.host}`, ALL_PROXY: `http://${proxy.host}` },
    })

    const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])

    assert.equal(answer.status, 429)
    assert.deepEqual(proxy.asked, [])
  })
}

test('the token is renewed through the proxy, and its refusal is in the log and in /health', async (t) => {
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, () => ({ status: 429, body: {} }))
  const login = { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: elsewhere(tokens.url) }
  const good = await startConnectProxy(t)
  const bad = await startConnectProxy(t, 403)

  const through = runProgram(t, {
    config: oneUpstream(elsewhere(upstream.url)),
    env: { ...login, HTTP_PROXY: good.host },
  })
  const answer = await post(`${await through.url()}/v1/messages`, asks['/v1/messages'])
  assert.equal(answer.status, 429)
  assert.ok(good.asked.some(({ target }) => target === new URL(elsewhere(tokens.url)).host))

  const refused = runProgram(t, {
    config: oneUpstream(elsewhere(upstream.url)),
    env: { ...login, HTTP_PROXY: bad.host },
  })
  const url = await refused.url()
  await post(`${url}/v1/messages`, asks['/v1/messages'])
  const health = await (await fetch(`${url}/health`)).text()
  assert.ok(health.includes(`the proxy ${bad.host} refused to connect (HTTP 403)`), health)
})

test('an address that is none stops the start, and is not shown', async (t) => {
  const program = runProgram(t, { env: { HTTPS_PROXY: 'http://me:s3cret%pass@127.0.0.1:1' } })

  assert.equal(await program.exit, 78)
  assert.match(program.stderr(), /HTTPS_PROXY is not the address of an HTTP proxy/)
  assert.doesNotMatch(program.stderr(), /s3cret/)
})

for (const variable of ['ALL_PROXY', 'all_proxy', 'HTTPS_PROXY', 'http_proxy']) {
  for (const scheme of ['socks4', 'socks5', 'socks5h', 'SOCKS']) {
    test(`O36: ${scheme}:// in ${variable} is a fault that names both and the remedy`, () => {
      const env = { [variable]: `${scheme}://me:s3cret@127.0.0.1:1` }

      assert.throws(
        () => outboundProxy(env),
        ({ faults }: ConfigError) => {
          assert.equal(faults.length, 1)
          assert.match(faults[0]!, new RegExp(`${variable} names a SOCKS proxy.*http://host:port`))
          assert.doesNotMatch(faults[0]!, /s3cret/)
          return true
        },
      )
    })
  }
}

test('O36: SOCKS in ALL_PROXY alone stops the start', async (t) => {
  const program = runProgram(t, { env: { ALL_PROXY: 'socks5://127.0.0.1:1080' } })

  assert.equal(await program.exit, 78)
  assert.match(program.stderr(), /ALL_PROXY names a SOCKS proxy/)
})

for (const variable of ['ALL_PROXY', 'all_proxy']) {
  test(`O36: ${variable} alone is the way out`, async (t) => {
    const upstream = await startUpstream(t, () => ({ status: 429, body: {} }))
    const proxy = await startConnectProxy(t)
    const program = runProgram(t, {
      config: oneUpstream(elsewhere(upstream.url)),
      env: { [variable]: `http://${proxy.host}` },
    })

    const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])

    assert.equal(answer.status, 429)
    assert.equal(proxy.asked.length, 1)
  })
}

const own = { HTTPS_PROXY: 'http://a.test:1', HTTP_PROXY: 'http://b.test:2' }
const targets: [
  env: Record<string, string>,
  https: string | undefined,
  http: string | undefined,
][] = [
  [{ ...own, ALL_PROXY: 'socks5://c.test:3' }, 'a.test:1', 'b.test:2'],
  [{ ALL_PROXY: 'http://c.test:3', HTTPS_PROXY: 'http://a.test:1' }, 'a.test:1', 'c.test:3'],
  [{ ALL_PROXY: 'c.test:3', all_proxy: 'http://d.test:4' }, 'd.test:4', 'd.test:4'],
  [{ ALL_PROXY: 'socks5://c.test:3', NO_PROXY: '*' }, undefined, undefined],
  [{ HTTPS_PROXY: '', ALL_PROXY: ' http://c.test:3 ' }, 'c.test:3', 'c.test:3'],
  [{ HTTPS_PROXY: 'http://a.test:1' }, 'a.test:1', undefined],
]

for (const [env, secure, plain] of targets) {
  test(`O36: ${JSON.stringify(env)} leads each protocol its way`, () => {
    const proxy = outboundProxy(env)
    const way = (target: string) => {
      const to = proxy?.proxyFor(new URL(target))
      return to instanceof URL ? to.host : to
    }
    assert.deepEqual([way('https://x.test'), way('http://x.test')], [secure, plain])
  })
}

test('O36: SOCKS in ALL_PROXY beside HTTPS_PROXY is no fault until a request would need it', async (t) => {
  const program = runProgram(t, {
    config: oneUpstream('http://upstream.test'),
    env: { ALL_PROXY: 'socks5://me:s3cret@c.test:3', HTTPS_PROXY: 'http://127.0.0.1:1' },
  })

  const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])
  const text = await answer.text()

  assert.equal(answer.status, 502)
  assert.match(text, /ALL_PROXY names a SOCKS proxy/)
  assert.doesNotMatch(text, /s3cret/)
})

test('KO8: this machine is reached directly by each of its names', () => {
  const proxy = outboundProxy({ ALL_PROXY: 'http://c.test:3' })!
  for (const host of ['localhost', 'ollama.localhost', '127.1.2.3', '[::1]', '0.0.0.0', '[::]']) {
    assert.equal(proxy.proxyFor(new URL(`http://${host}:11434`)), undefined, host)
  }
  assert.ok(proxy.proxyFor(new URL('http://192.0.2.7:11434')))
})

test('the demo needs no proxy, whatever the environment names', async (t) => {
  const program = runProgram(t, { args: ['demo'], env: { HTTP_PROXY: 'http://127.0.0.1:1' } })

  const ask = { model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'Hello' }] }
  const answer = await post(`${await program.url()}/v1/chat/completions`, ask)

  assert.equal(answer.status, 200)
})
