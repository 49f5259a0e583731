/** Certificates that cannot be verified: what requests, the token server and `check --online` say of them, and the remedy. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import https from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { unreachableReason } from '../../lib/network/unreachable-reason.ts'
import { asks, routes } from '../faults/asks.ts'
import { byOwnAuthority, selfSigned, type Certified } from '../faults/self-signed.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'

/** The port of a server that shows these. */
async function showing(t: TestContext, { key, cert }: Certified): Promise<number> {
  const server = https.createServer({ key, cert }, (req, res) => {
    req.resume()
    res.writeHead(429).end('{}')
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

function chain(): Certified {
  const { key, cert, authority } = byOwnAuthority()
  return { key, cert: cert + authority }
}

// what this machine has set for its own network is not what is tried here; Node has read it already
delete process.env.NODE_EXTRA_CA_CERTS

const untrusted: [what: string, made: () => Certified, code: string][] = [
  ['the certificate alone', byOwnAuthority, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['its chain', chain, 'SELF_SIGNED_CERT_IN_CHAIN'],
  ['a self-signed one', selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
]

for (const [what, made, code] of untrusted) {
  for (const route of routes) {
    test(`O35: ${route}: of a company's authority, ${what} is told with NODE_EXTRA_CA_CERTS`, async (t) => {
      const port = await showing(t, made())
      const { url } = await startProxy(t, { config: oneUpstream(`https://127.0.0.1:${port}`) })

      const answer = await post(url + route, asks[route])
      const said = await answer.text()

      assert.equal(answer.status, 502)
      assert.equal(answer.headers.get('x-should-retry'), 'false')
      assert.ok(said.includes(code), said)
      assert.match(said, /set NODE_EXTRA_CA_CERTS=\/path\/to\/ca\.pem/)
      assert.doesNotMatch(said, /base_url/)
    })
  }

  test(`O35: check --online and a token server with ${what} say so, too`, async (t) => {
    const port = await showing(t, made())
    const program = runProgram(t, {
      args: ['check', '--online', '--renew'],
      config: oneUpstream(`https://127.0.0.1:${port}`),
      env: { DROID_REFRESH_KEY: 'a-refresh-token', TOKEN_URL: `https://127.0.0.1:${port}/token` },
    })

    await program.exit
    const lines = program.stdout().split('\n')

    for (const finding of ['upstream: claude (https:', 'token:']) {
      const line = lines.find((one) => one.startsWith('error') && one.includes(finding)) ?? ''
      assert.ok(line.includes(code), program.stdout())
      assert.match(line, /NODE_EXTRA_CA_CERTS/)
    }
  })
}

const minute = new RegExp(
  new Date()
    .toISOString()
    .slice(0, 11)
    .replace('T', String.raw` \d\d:\d\d \(UTC\)`),
)
const trusted: [
  what: string,
  parts: Parameters<typeof selfSigned>[0],
  said: RegExp,
  also: RegExp,
  retry: string | null,
][] = [
  [
    'for another name',
    { name: 'other.test' },
    /ERR_TLS_CERT_ALTNAME_INVALID\)\. Check the host/,
    /./,
    'false',
  ],
  ['that is over', { until: 21 }, /CERT_HAS_EXPIRED\)\. Check the clock/, minute, 'false'],
  // the clock of a machine without a battery for it is right a while after the start
  ['that is not valid yet', { from: 48 }, /CERT_NOT_YET_VALID\)\. Check the clock/, minute, null],
]

for (const [what, parts, said, also, retry] of trusted) {
  test(`O35: a certificate ${what} has a remedy of its own`, async (t) => {
    const { key, cert, authority } = byOwnAuthority({ name: 'localhost', ...parts })
    const file = path.join(tempDir(), 'ca.pem')
    writeFileSync(file, authority)
    const port = await showing(t, { key, cert })
    const program = runProgram(t, {
      config: oneUpstream(`https://localhost:${port}`),
      env: { NODE_EXTRA_CA_CERTS: file },
    })

    const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])
    const text = await answer.text()

    assert.equal(answer.status, 502)
    assert.match(text, said)
    assert.match(text, also)
    assert.equal(answer.headers.get('x-should-retry'), retry)
    assert.doesNotMatch(text, /NODE_EXTRA_CA_CERTS/)
  })
}

for (const [file, said] of [
  [path.join(tempDir(), 'gone.pem'), /set, but its file cannot be read \(ENOENT\)/],
  [import.meta.filename, /set, but its file does not hold that one/],
] as const) {
  test(`O35: a NODE_EXTRA_CA_CERTS that does not help is not named as the remedy: ${String(said)}`, async (t) => {
    const port = await showing(t, selfSigned())
    const program = runProgram(t, {
      config: oneUpstream(`https://127.0.0.1:${port}`),
      env: { NODE_EXTRA_CA_CERTS: file },
    })

    const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])
    const text = await answer.text()

    assert.match(text, said)
    assert.ok(!text.includes(file), text)
    assert.doesNotMatch(text, /path\/to\/ca\.pem/)
  })
}

test('O35: with NODE_EXTRA_CA_CERTS the upstream is reached', async (t) => {
  const { key, cert, authority } = byOwnAuthority({ name: 'localhost' })
  const file = path.join(tempDir(), 'ca.pem')
  writeFileSync(file, authority)
  const port = await showing(t, { key, cert })
  const program = runProgram(t, {
    config: oneUpstream(`https://localhost:${port}`),
    env: { NODE_EXTRA_CA_CERTS: file },
  })

  const answer = await post(`${await program.url()}/v1/messages`, asks['/v1/messages'])

  assert.equal(answer.status, 429)
})

test('O35: an https address of a server without TLS is told as such', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { url } = await startProxy(t, { config: oneUpstream(`https://127.0.0.1:${port}`) })

  const answer = await post(`${url}/v1/messages`, asks['/v1/messages'])

  assert.match(await answer.text(), /the TLS handshake failed \(\w+\)\. .* http:\/\//)
})

test('contract §11.12: a handshake that fails once may be tried again, a certificate that is not accepted not', () => {
  const isLasting = (code: string) =>
    unreachableReason(Object.assign(new Error('x'), { code })).isLasting

  assert.equal(isLasting('EPROTO'), false)
  assert.equal(isLasting('DEPTH_ZERO_SELF_SIGNED_CERT'), true)
})

test('O35: a network error without a row of its own is told by its code, or by its message', () => {
  const [coded, plain] = [new Error('x'), new Error('socket hang up')]
  assert.ok(!unreachableReason(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).isLasting)
  assert.deepEqual(unreachableReason(Object.assign(coded, { code: 'EWHATEVER' })).why, 'EWHATEVER')
  assert.deepEqual(unreachableReason(plain), { why: 'socket hang up', remedy: undefined })
})
