/** What goes wrong between the proxy and an upstream, on both roads: told truthfully, in the dialect of the route. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePort } from '../helpers/free-port.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { asks, routes } from './asks.ts'
import { rawUpstream } from './raw-upstream.ts'

/** What has to be there within 3 s. */
async function soon<Given>(given: Promise<Given>): Promise<Given> {
  const from = performance.now()
  const value = await given
  assert.ok(performance.now() - from < 3000)
  return value
}

for (const route of routes) {
  const ask = { ...asks[route], stream: true }
  const dialect = route === '/v1/messages' ? 'error' : undefined

  test(`§10.6, row 29: ${route}: an upstream that refuses the connection is a 502`, async (t) => {
    const config = oneUpstream(`http://127.0.0.1:${await freePort()}`)
    const { url } = await startProxy(t, { config })

    const answer = await soon(post(url + route, ask))
    const body = (await answer.json()) as { type?: string; error: { message: string } }

    assert.equal(answer.status, 502)
    assert.equal(body.type, dialect)
    assert.match(body.error.message, /ECONNREFUSED/)
  })

  test(`§10.6, row 29: ${route}: an unknown host is a 502`, async (t) => {
    const { url } = await startProxy(t, { config: oneUpstream('http://nowhere.invalid') })

    const answer = await soon(post(url + route, ask))

    assert.equal(answer.status, 502)
    assert.match(await answer.text(), /nowhere\.invalid/)
  })

  test(`§10.6, row 33: ${route}: an upstream that never answers is a 504`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: ['hang'], silent: true }])
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { timeouts: { first_byte_s: 1 } }),
    })

    const answer = await post(url + route, ask)

    assert.equal(answer.status, 504)
    assert.match(await answer.text(), /first_byte_s/)
  })

  test(`§10.6, row 29: ${route}: an upstream that ends no TLS handshake is a 504`, async (t) => {
    const silent = await rawUpstream(t, () => undefined)
    const { url } = await startProxy(t, {
      config: oneUpstream(silent.url.replace('http:', 'https:'), { timeouts: { connect_s: 1 } }),
    })

    const answer = await post(url + route, ask)

    assert.equal(answer.status, 504)
    assert.match(await answer.text(), /connect_s/)
  })

  test(`contract §7.5, row 30: ${route}: an upstream that hangs up before its head is a 502, and is not asked twice`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: ['hang-up'], silent: true }, { body: {} }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await soon(post(url + route, ask))

    assert.equal(answer.status, 502)
    assert.equal(upstream.requests.length, 1)
  })

  test(`row 43: ${route}: an upstream that switches protocols is a 502 at once`, async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const { url } = await startProxy(t, { config: oneUpstream(`http://127.0.0.1:${port}`) })

    const answer = await post(url + route, ask)

    assert.equal(answer.status, 502)
    assert.match(await answer.text(), /HTTP 101/)
  })

  test(`contract §6.6, row 31: ${route}: an upstream that dies in mid-answer never looks complete`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: [': begun\n\n', { waitMs: 20 }, 'hang-up'] }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answered = post(url + route, ask).then(
      async (answer) => ({ status: answer.status, text: await answer.text() }),
      () => 'broken',
    )
    const whole = await soon(answered.catch(() => 'broken'))

    if (route === '/v1/chat/completions') {
      assert.deepEqual((whole as { status: number }).status, 502)
    } else assert.equal(whole, 'broken')
  })

  test(`row 34: ${route}: an upstream that falls silent in mid-answer is given up after idle_s`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: [': begun\n\n', 'hang'] }])
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { timeouts: { idle_s: 1 } }),
    })

    const whole = await post(url + route, ask)
      .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
      .catch(() => 'broken')

    if (route === '/v1/chat/completions') {
      assert.equal((whole as { status: number }).status, 504)
    } else assert.equal(whole, 'broken')
  })

  test(`contract §7.5, row 44: ${route}: a kept-alive connection that the upstream closed is replaced, ten times out of ten`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: { ok: true }, status: 400 }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (let count = 0; count < 10; count += 1) {
      const answer = await post(url + route, ask)
      assert.equal(answer.status, 400, await answer.text())
      upstream.dropIdle()
    }
    assert.equal(upstream.requests.length, 10)
  })

  test(`row 44: ${route}: many kept connections that died together fail no request`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: { ok: true }, status: 400 }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(url + route, ask)))
      for (const answer of answers) assert.equal((await answer.text(), answer.status), 400)
      upstream.dropIdle()
    }
    assert.equal(upstream.requests.length, 100)
  })
}
