/** `droid2api check --online`: asks with what a request would carry, and spends nothing unless told to. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream, type RecordedRequest } from '../helpers/upstream.ts'

/** What `check --online` says, and the code it ends with. */
async function online(t: TestContext, options: ProgramOptions, ...flags: string[]) {
  const program = runProgram(t, { ...options, args: ['check', '--online', ...flags] })
  const code = await program.exit
  return { code, said: program.stdout() + program.stderr() }
}

/** One endpoint with a key of the environment. */
function keyed(url: string, more: Record<string, unknown> = {}) {
  const auth = { env: 'MY_KEY', header: 'x-api-key' }
  const endpoint = { name: 'mine', type: 'anthropic', base_url: `${url}/v1/messages`, auth }
  return {
    endpoints: [{ ...endpoint, ...more }],
    models: [{ name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' }],
  }
}

/** An API: it lists its models to whoever has the key, and refuses an empty request. */
function api(key: string, open = false) {
  return ({ method, url, headers }: RecordedRequest) => {
    const isGood = headers['x-api-key'] === key || headers.authorization === `Bearer ${key}`
    if (method === 'GET' && url === '/v1/models')
      return { status: open || isGood ? 200 : 401, body: {} }
    if (method !== 'POST' || url !== '/v1/messages') return { status: 404, body: {} }
    return { status: isGood ? 400 : 401, body: {} }
  }
}

test('contract §4.4: check --online spends no refresh token; --renew does, and says until when', async (t) => {
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, api('nobody'))
  const options = {
    config: oneUpstream(upstream.url, { auth: { token_url: tokens.url } }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken, DATA_DIR: path.join(tempDir(), 'data') },
  }

  const asked = await online(t, options)
  assert.equal(tokens.requests.length, 0)
  const renewed = await online(t, options, '--renew')
  const again = await online(t, options)

  assert.match(asked.said, /warning token: none is usable; .* `check --renew` does it now/)
  assert.match(renewed.said, /ok +token: usable until \d/)
  assert.match(again.said, /ok +token: usable until \d/)
  assert.equal(tokens.refreshes, 1)
  assert.equal(upstream.requests.at(-1)?.headers.authorization, `Bearer ${tokens.accessToken}`)
})

test('contract §4.4: check --online asks a proxy that runs how its login is', async (t) => {
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, api('nobody'))
  const config = oneUpstream(upstream.url, { auth: { token_url: tokens.url } })
  const good = await startProxy(t, { config, env: { DROID_REFRESH_KEY: tokens.refreshToken } })
  const bad = await startProxy(t, { config, env: { DROID_REFRESH_KEY: 'spent' } })
  await Promise.all([good, bad].map(({ app }) => app.account.token().catch(() => undefined)))
  const before = tokens.requests.length
  const env = { DROID_REFRESH_KEY: 'whatever' }

  const ofGood = await online(t, {
    config: { ...config, port: Number(new URL(good.url).port) },
    env,
  })
  const ofBad = await online(t, { config: { ...config, port: Number(new URL(bad.url).port) }, env })

  assert.match(ofGood.said, /ok +token: the running proxy has one that is usable until \d/)
  assert.match(ofBad.said, /error +token: the running proxy says: .*invalid_grant/)
  assert.equal(tokens.requests.length, before)
})

test('contract §4.3: a wrong key fails the check, also where all may read the list of models', async (t) => {
  for (const open of [false, true]) {
    const upstream = await startUpstream(t, api('right-key-of-the-api', open))
    const right = await online(t, {
      config: keyed(upstream.url),
      env: { MY_KEY: 'right-key-of-the-api' },
    })
    const wrong = await online(t, {
      config: keyed(upstream.url),
      env: { MY_KEY: 'wrong-key-of-the-api' },
    })

    assert.equal(right.code, 0, right.said)
    assert.match(
      right.said,
      /ok +upstream: mine \(http:.*\/v1\/messages\) answers .* and takes \$MY_KEY/,
    )
    assert.equal(wrong.code, 1)
    assert.match(wrong.said, /error +upstream: mine .* refuses \$MY_KEY \(HTTP 401\)/)
    assert.doesNotMatch(right.said + wrong.said, /-key-of-the-api/)
  }
})

test('contract §4.3: the key of the headers counts, too; without one that is wanted the check fails', async (t) => {
  const upstream = await startUpstream(t, api('right-key-of-the-api'))
  const inHeaders = { auth: 'none', headers: { 'x-api-key': 'wrong-key-of-the-api' } }

  const wrong = await online(t, { config: keyed(upstream.url, inHeaders) })
  const none = await online(t, { config: keyed(upstream.url, { auth: 'none' }) })
  const clients = await online(t, { config: keyed(upstream.url, { auth: 'client' }) })

  assert.match(wrong.said, /error +upstream: mine .* refuses the key in its headers \(x-api-key\)/)
  assert.match(none.said, /error +upstream: mine .* wants a key \(HTTP 401\), and none is sent/)
  assert.equal(clients.code, 0, clients.said)
  assert.match(
    clients.said,
    /ok +upstream: mine .* answers \(HTTP 401\); not tried with the client's/,
  )
})

for (const status of [404, 405, 302]) {
  test(`O40: an upstream that answers ${status} where requests go is no "ok"`, async (t) => {
    const upstream = await startUpstream(t, () => ({ status, body: {} }))

    const { code, said } = await online(t, { config: keyed(upstream.url), env: { MY_KEY: 'k' } })

    assert.equal(code, 1)
    assert.match(
      said,
      new RegExp(`error +upstream: mine .*/v1/messages\\) answers HTTP ${status} to POST`),
    )
    assert.match(said, /check the base_url of mine/)
  })
}

test('contract §4.3: an upstream that has too much to do, or no model of that name, is no fault of the address', async (t) => {
  const busy = await startUpstream(t, () => ({ status: 529, body: {} }))
  const picky = await startUpstream(t, ({ method }) => ({
    status: 404,
    body: method === 'GET' ? {} : { error: { message: 'model not found' } },
  }))

  const ofBusy = await online(t, { config: keyed(busy.url), env: { MY_KEY: 'k' } })
  const ofPicky = await online(t, { config: keyed(picky.url), env: { MY_KEY: 'k' } })

  assert.match(ofBusy.said, /warning upstream: mine .* answers HTTP 529/)
  assert.match(ofPicky.said, /ok +upstream: mine/)
})

test('contract §4.3: an upstream that cannot be reached is told with its reason', async (t) => {
  const { code, said } = await online(t, {
    config: keyed('http://127.0.0.1:1'),
    env: { MY_KEY: 'k' },
  })

  assert.equal(code, 1)
  assert.match(
    said,
    /error +upstream: mine \(.*\) cannot be reached: connection refused \(ECONNREFUSED\)/,
  )
})

test('O15: a data folder that cannot be written fails the check, and --renew spends nothing', async (t) => {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  writeFileSync(path.join(dir, 'data'), '')
  const options = {
    config: oneUpstream('http://127.0.0.1:1', { auth: { token_url: tokens.url } }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken, DATA_DIR: path.join(dir, 'data') },
  }

  const { code, said } = await online(t, options, '--renew')

  assert.equal(code, 1)
  assert.match(said, /error +token store: .*data is a file, not a folder.*would be lost/)
  assert.match(said, /error +token: not renewed, since the login cannot be saved/)
  assert.equal(tokens.requests.length, 0)
})

test('O15: a check leaves nothing behind, also no folder', async (t) => {
  const dir = tempDir()
  mkdirSync(path.join(dir, 'home'))
  const program = runProgram(t, {
    args: ['check'],
    env: { DROID_REFRESH_KEY: 'r', DATA_DIR: path.join(dir, 'home', 'data') },
  })

  assert.equal(await program.exit, 0, program.stdout())
  assert.deepEqual(readdirSync(path.join(dir, 'home')), [])
})

test('contract §4.3: check --online asks Gemini for its models with the key in its header, and knows its word for a wrong one', async (t) => {
  const invalid = {
    error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] },
  }
  const upstream = await startUpstream(t, ({ headers }) => {
    const key = headers['x-goog-api-key']
    if (key === undefined) return { status: 403, body: {} }
    return key === 'good' ? { status: 200, body: {} } : { status: 400, body: invalid }
  })
  const config = {
    endpoints: [{ name: 'g', type: 'google', base_url: upstream.url, auth: { env: 'MY_KEY' } }],
    models: [{ name: 'Gemini', id: 'gemini-3-pro', type: 'google' }],
  }

  const good = await online(t, { config, env: { MY_KEY: 'good' } })
  const wrong = await online(t, { config, env: { MY_KEY: 'wrong' } })

  assert.equal(upstream.requests[0]?.url, '/v1beta/models')
  assert.match(good.said, /ok +upstream: g .*generateContent\) answers .* and takes \$MY_KEY/)
  assert.match(wrong.said, /error +upstream: g .* refuses \$MY_KEY \(HTTP 400\)/)
})

/** A login that is kept, one that is spent, and a fixed key, at one endpoint. */
async function named(t: TestContext) {
  const servers = [await startTokenServer(t), await startTokenServer(t)] as const
  const upstream = await startUpstream(t, api('right-key-of-the-api'))
  const logins = [servers[0].refreshToken, 'spent-refresh-token']
  const config = {
    accounts: [
      ...logins.map((login, at) => ({
        name: ['work', 'spare'][at],
        login,
        token_url: servers[at]!.url,
      })),
      { name: 'own', key: '${OWN_KEY}', header: 'x-api-key' },
      { name: 'old', key: 'an-old-key-of-the-api', enabled: false },
    ],
    endpoints: [
      {
        name: 'mine',
        type: 'anthropic',
        base_url: `${upstream.url}/v1/messages`,
        accounts: ['work', 'spare', 'own', 'old'],
      },
    ],
    models: [{ name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' }],
  }
  const env = { OWN_KEY: 'wrong-key-of-the-api', DATA_DIR: path.join(tempDir(), 'data') }
  return { servers, upstream, options: { config, env } }
}

test('contract §4.4: check says of each account with a name what is kept of it, and renews nothing', async (t) => {
  const { servers, options } = await named(t)

  const offline = runProgram(t, { ...options, args: ['check'] })
  assert.equal(await offline.exit, 0, offline.stdout())
  const { said } = await online(t, options)

  assert.match(offline.stdout(), /ok +account work: login, not used yet; --renew tries it/)
  assert.match(offline.stdout(), /ok +token store of work: .*work\.json/)
  assert.match(offline.stdout(), /ok +account own: key\n/)
  assert.match(offline.stdout(), /ok +account old: not enabled\n/)
  assert.match(said, /warning token of work: none is usable; .*`check --renew` does it now/)
  assert.match(said, /ok +token of own: a fixed key, nothing to renew/)
  assert.match(said, /ok +upstream: mine .*; not tried with the account work/)
  assert.equal(servers[0].requests.length + servers[1].requests.length, 0)
})

test('contract §4.4: check --renew renews the login of each account with a name, and tries each credential', async (t) => {
  const { servers, upstream, options } = await named(t)

  const { code, said } = await online(t, options, '--renew')

  assert.equal(code, 1)
  assert.match(said, /ok +token of work: usable until \d/)
  assert.match(said, /error +token of spare: .*refused the refresh token \(invalid_grant\)/)
  assert.match(said, /error +upstream: mine .* refuses the account own \(HTTP 401\)/)
  assert.match(said, /error +upstream: mine .* refuses the account work \(HTTP 401\)/)
  assert.deepEqual([servers[0].refreshes, servers[1].refreshes], [1, 0])
  assert.doesNotMatch(said, /-key-of-the-api|spent-refresh-token/)
  const sent = new Set(
    upstream.requests.map(({ headers }) => headers.authorization ?? headers['x-api-key']),
  )
  assert.ok(sent.has(`Bearer ${servers[0].accessToken}`))
  assert.ok(!sent.has('an-old-key-of-the-api'))
})

test('contract §4.4: check --online asks a proxy that runs how the accounts with a name are', async (t) => {
  const { servers, options } = await named(t)
  const running = await startProxy(t, { config: options.config, env: { OWN_KEY: 'k' } })
  const { all } = running.app.pool
  await Promise.all(all.map(({ own }) => own.account.token().catch(() => undefined)))
  const before = servers.map(({ requests }) => requests.length)
  const port = Number(new URL(running.url).port)

  const { said } = await online(t, { ...options, config: { ...options.config, port } })

  assert.match(said, /ok +token of work: the running proxy has one that is usable until \d/)
  assert.match(said, /error +token of spare: the running proxy says: .*invalid_grant/)
  assert.deepEqual(
    servers.map(({ requests }) => requests.length),
    before,
  )
})

test('contract §4.3: an upstream that wants no key is asked once, since nobody else could be told apart', async (t) => {
  const upstream = await startUpstream(t, api('nobody', true))

  const { code, said } = await online(t, { config: keyed(upstream.url, { auth: 'none' }) })

  assert.equal(code, 0, said)
  assert.deepEqual(
    upstream.requests.map(({ method, url }) => `${method} ${url}`),
    ['GET /v1/models'],
  )
})
