/** The account's token as requests meet it: renewed once for all, replayed once, on both roads. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
} from '../helpers/upstream.ts'

const asks: [what: string, route: string, ask: object][] = [
  ['/v1/messages', '/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [hi()] }],
  ['/v1/messages on GPT', '/v1/messages', { model: 'gpt-5.1', max_tokens: 9, messages: [hi()] }],
  [
    '/v1/chat/completions',
    '/v1/chat/completions',
    { model: 'claude-sonnet-4-5', messages: [hi()] },
  ],
]

function hi() {
  return { role: 'user', content: 'x'.repeat(20_000) }
}

/** An upstream that takes only the newest access token, and a proxy whose stored one is spent. */
async function expired(t: TestContext, options: { stream?: boolean } = {}) {
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, (request) => {
    if (request.headers.authorization !== `Bearer ${tokens.accessToken}`) {
      const error = { type: 'authentication_error', message: 'expired' }
      return { status: 401, body: { type: 'error', error } }
    }
    const said = { text: ['Hi'] }
    const isGpt = request.url.startsWith('/v1/responses')
    return options.stream
      ? { sse: isGpt ? responsesStream(said) : anthropicStream(said) }
      : { body: isGpt ? responsesBody(said) : anthropicMessage(said) }
  })
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { auth: { token_url: tokens.url } }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken },
  })
  return { tokens, upstream, proxy }
}

for (const [what, route, ask] of asks) {
  test(`row 46: ${what}: 200 requests that meet a refused token cause one refresh and 200 answers`, async (t) => {
    const { tokens, proxy } = await expired(t)
    await (await post(proxy.url + route, ask)).text()
    const before = tokens.refreshes
    tokens.revokeAccess()

    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const answer = await post(proxy.url + route, ask)
        return { status: answer.status, text: await answer.text() }
      }),
    )

    assert.equal(tokens.refreshes - before, 1)
    for (const { status, text } of answers) {
      assert.equal(status, 200, text)
      assert.match(text, /Hi/)
    }
  })

  test(`contract §5.14, row 47: ${what}: a stream is replayed after 401 without the client noticing`, async (t) => {
    const { tokens, upstream, proxy } = await expired(t, { stream: true })
    await (await post(proxy.url + route, { ...ask, stream: true })).text()
    tokens.revokeAccess()
    const before = upstream.requests.length

    const answer = await post(proxy.url + route, { ...ask, stream: true })

    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /Hi/)
    const [refused, replayed] = upstream.requests.slice(before)
    assert.equal(upstream.requests.length - before, 2)
    assert.deepEqual(refused?.body, replayed?.body)
  })

  test(`contract §5.14, row 47: ${what}: an upstream that always says 401 is asked twice, and the client gets its 401`, async (t) => {
    const tokens = await startTokenServer(t)
    const error = { type: 'authentication_error', message: 'no such plan' }
    const upstream = await startUpstream(t, () => ({
      status: 401,
      body: { type: 'error', error },
    }))
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { auth: { token_url: tokens.url } }),
      env: { DROID_REFRESH_KEY: tokens.refreshToken },
    })

    const answer = await post(url + route, ask)

    assert.equal(answer.status, 401)
    assert.match(await answer.text(), /no such plan/)
    assert.equal(upstream.requests.length, 2)
  })

  test(`contract §5.13, row 48: ${what}: a login that is refused is a 400 in the dialect of the route`, async (t) => {
    const tokens = await startTokenServer(t)
    const { url } = await startProxy(t, {
      config: oneUpstream('http://127.0.0.1:1', { auth: { token_url: tokens.url } }),
      env: { DROID_REFRESH_KEY: 'a-token-nobody-issued' },
    })

    const answer = await post(url + route, ask)
    const body = (await answer.json()) as { type?: string; error: { message: string } }

    assert.equal(answer.status, 400)
    assert.equal(body.type, route === '/v1/messages' ? 'error' : undefined)
    assert.equal((await fetch(`${url}/ready`)).status, 503)
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string }
    assert.equal(health.status, 'degraded')
    assert.doesNotMatch(JSON.stringify(body), /a-token-nobody-issued/)
  })
}

for (const [what, route, ask] of asks) {
  test(`KO2: ${what}: our 503 carries the pause that the token server named, and /health says why`, async (t) => {
    const tokens = await startTokenServer(t)
    tokens.faults.push({ status: 429, body: '', headers: { 'retry-after': '1800' } })
    const { url } = await startProxy(t, {
      config: oneUpstream('http://127.0.0.1:1', { auth: { token_url: tokens.url } }),
      env: { DROID_REFRESH_KEY: tokens.refreshToken },
    })

    const answers = [await post(url + route, ask), await post(url + route, ask)]

    for (const answer of answers) {
      assert.equal(answer.status, 503)
      const seconds = Number(answer.headers.get('retry-after'))
      assert.ok(seconds > 1700 && seconds <= 1800, String(seconds))
      assert.match(await answer.text(), /token server answered HTTP 429/)
    }
    assert.equal(tokens.requests.length, 1)
    const { account } = (await (await fetch(`${url}/health`)).json()) as { account: Told }
    assert.match(account.last_error, /HTTP 429/)
    assert.ok(Date.parse(account.next_refresh) - Date.now() > 1_700_000)
  })
}

interface Told {
  last_error: string
  next_refresh: string
}

test('O15: while the newest login is in memory alone, /health is degraded and /ready is not', async (t) => {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  writeFileSync(path.join(dir, 'data'), '')
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { auth: { token_url: tokens.url } }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken, DATA_DIR: path.join(dir, 'data') },
  })

  const answer = await post(`${url}/v1/messages`, asks[0]![2])
  const health = (await (await fetch(`${url}/health`)).json()) as { status: string; account: Told }

  assert.equal(answer.status, 200)
  assert.equal(health.status, 'degraded')
  assert.match(
    health.account.last_error,
    /the login cannot be saved: .*data is a file, not a folder/,
  )
  assert.equal((await fetch(`${url}/ready`)).status, 200)
})
