import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { TokenState } from '../../lib/account/token-state.ts'
import { deferred } from '../helpers/deferred.ts'
import { until } from '../helpers/until.ts'
import { fieldsOf, iso, jwt, setting, writeAuthFile } from './setting.ts'

const hour = 3_600_000

test('contract §5.1: the first source that exists counts', async (t) => {
  const { open, dir, tokens } = await setting(t)

  assert.equal(open().source, 'none')
  writeAuthFile(dir, tokens, Date.now() + hour)
  assert.equal(open().source, 'auth_file')
  assert.equal(open({ DROID_REFRESH_KEY: 'r' }).source, 'droid_refresh_key')
  assert.equal(open({ DROID_REFRESH_KEY: 'r', FACTORY_API_KEY: 'f' }).source, 'factory_api_key')
})

test('a fixed key is used as it is and cannot be renewed; no account gives no token', async (t) => {
  const { open } = await setting(t)
  const fixed = open({ FACTORY_API_KEY: 'fk-1' })
  const none = open()

  assert.equal(await fixed.token(), 'fk-1')
  assert.equal(await fixed.renew('fk-1'), undefined)
  assert.equal(await none.token(), undefined)
  assert.match(none.lookedFor().join(), /FACTORY_API_KEY.*DROID_REFRESH_KEY.*auth\.json/)
})

test('a good token in the auth file is used without asking anybody', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()

  assert.equal(await account.token(), fieldsOf(file).access_token)
  assert.equal(tokens.requests.length, 0)
})

test('contract §5.9, row 46: 200 requests that find the token overdue cause one refresh and get the new token', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() - 1000)
  const account = open()

  const got = await Promise.all(Array.from({ length: 200 }, () => account.token()))

  assert.equal(tokens.refreshes, 1)
  assert.deepEqual([...new Set(got)], [tokens.accessToken])
})

test('row 46: 50 requests with a refused token cause one refresh; one that comes late causes none', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = (await account.token())!

  const got = await Promise.all(Array.from({ length: 50 }, () => account.renew(old)))
  const late = await account.renew(old)

  assert.equal(tokens.refreshes, 1)
  assert.deepEqual([...new Set([...got, late])], [tokens.accessToken])
})

test('contract §5.2: a renewal is a form POST of OAuth, with the client id', async (t) => {
  const { open, tokens } = await setting(t)
  const first = tokens.refreshToken
  await open({ DROID_REFRESH_KEY: first, AUTH_CLIENT_ID: 'client_mine' }).token()

  assert.deepEqual(Object.fromEntries(tokens.requests[0]!), {
    grant_type: 'refresh_token',
    refresh_token: first,
    client_id: 'client_mine',
  })
})

test('contract §5.5, row 57: the new pair is on disk, whole and private, before anybody gets the token', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() - 1000)

  const token = await open().token()

  const fields = fieldsOf(file)
  assert.equal(fields.access_token, token)
  assert.equal(fields.refresh_token, tokens.refreshToken)
  assert.equal(fields.org, 'mine')
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('row 52: a reader that polls during 25 refreshes never sees a torn file', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const done = new AbortController()
  const reader = (async () => {
    while (!done.signal.aborted) {
      assert.equal(typeof fieldsOf(file).refresh_token, 'string')
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()

  for (let count = 0; count < 25; count += 1) await account.renew((await account.token())!)
  done.abort()
  await reader

  assert.equal(tokens.refreshes, 25)
})

test('contract §5.17, row 57: success is logged with the local time, and no token, mail or key is in any line', async (t) => {
  const { open, tokens, lines } = await setting(t)
  const seed = tokens.refreshToken
  const account = open({ DROID_REFRESH_KEY: seed })
  tokens.faults.push({ status: 400, body: JSON.stringify({ error: `bad ${seed}` }) })
  await account.token().catch(() => undefined)
  const second = open({ DROID_REFRESH_KEY: seed })
  await second.token()

  const text = lines.join('')
  assert.match(text, /"Token refreshed successfully, expires at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"/)
  const shown = text + JSON.stringify([account.status(), second.status()])
  for (const secret of [seed, tokens.accessToken, tokens.refreshToken, 'private.example']) {
    assert.ok(!shown.includes(secret))
  }
})

test('the status tells when, until when and what went wrong', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() - 1000)
  const account = open()
  tokens.faults.push({ status: 500, body: 'oops' })
  await assert.rejects(account.token(), { status: 503, code: 'upstream_auth_unavailable' })
  const failed = account.status()

  assert.equal(failed.state, 'degraded')
  assert.match(failed.last_error ?? '', /HTTP 500/)
  assert.ok(failed.next_refresh)
})

const answersWithoutTokens: [what: string, body: string][] = [
  ['an HTML page', '<html>hello</html>'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['an access token that is no text', '{"access_token":3,"refresh_token":"r"}'],
]

for (const [what, body] of answersWithoutTokens) {
  test(`row 49: ${what} with status 200 never replaces the old tokens`, async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() + 8 * hour)
    const before = readFileSync(file, 'utf8')
    const account = open()
    await account.start()
    tokens.faults.push({ status: 200, body })

    await assert.rejects(account.renew((await account.token())!), { status: 503 })

    assert.equal(readFileSync(file, 'utf8'), before)
  })
}

test('an answer without a refresh token keeps the old one', async (t) => {
  const { open, tokens, dir } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() - 1000)
  tokens.faults.push({ status: 200, body: '{"access_token":"fresh-access"}' })

  assert.equal(await open().token(), 'fresh-access')
  assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
})

test('a failure leaves a token that still lives in use', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = await account.token()
  tokens.faults.push('hang-up')
  t.mock.timers.setTime(Date.now() + 7.9 * hour)

  assert.equal(await account.token(), old)
  await until(() => account.status().last_error !== null)
  assert.equal(account.status().state, 'ok')
  assert.equal(await account.token(), old)
  assert.equal(tokens.requests.length, 1)
})

test('row 48: after a failure it recovers by itself, without a restart', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() - 1000)
  const account = open()
  tokens.faults.push({ status: 503, body: '' })
  await assert.rejects(account.token())
  await assert.rejects(account.token())
  assert.equal(tokens.requests.length, 1, 'a pause is kept between attempts')
  t.mock.timers.setTime(Date.now() + 1001)

  assert.equal(await account.token(), tokens.accessToken)
  assert.equal(account.status().state, 'ok')
  assert.equal(account.status().last_error, null)
})

test('contract §5.11, row 55: invalid_grant adopts the newer pair that another program wrote meanwhile', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = (await account.token())!
  const gate = deferred()
  tokens.faults.push({ waitFor: gate.promise })

  const renewed = account.renew(old)
  while (tokens.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  tokens.refreshToken = 'refresh-of-another-program'
  const theirs = jwt(Date.now() + 7 * hour)
  const fields = { access_token: theirs, refresh_token: 'refresh-of-another-program' }
  writeFileSync(file, JSON.stringify(fields))
  gate.resolve()

  assert.equal(await renewed, theirs)
  assert.equal(tokens.refreshes, 0)
})

test('contract §5.11: a refused login is degraded, says so once, keeps its last token, and comes back with a new file', async (t) => {
  const { open, dir, tokens, lines } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = (await account.token())!
  const good = tokens.refreshToken
  tokens.refreshToken = 'another-one-entirely'

  await assert.rejects(account.renew(old), { status: 400 })
  await assert.rejects(account.renew(old), { status: 400 })

  assert.equal(account.status().state, 'degraded')
  assert.equal(await account.token(), old)
  assert.equal(tokens.requests.length, 1, 'a spent token is not shown again and again')
  assert.equal(lines.filter((line) => line.includes('invalid_grant')).length, 1)

  assert.notEqual(good, tokens.refreshToken)
  const fields = { access_token: jwt(Date.now() - 1), refresh_token: tokens.refreshToken }
  writeFileSync(file, JSON.stringify(fields))
  assert.equal(await account.renew(old), tokens.accessToken)
  assert.equal(account.status().state, 'ok')
})

test('contract §5.11: a refused login is tried at once by who asks for it, and says what to do', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = (await account.token())!
  const good = tokens.refreshToken
  tokens.refreshToken = 'another-one-entirely'
  await assert.rejects(account.renew(old), /refused the refresh token.*Log in again/)
  tokens.refreshToken = good

  await assert.rejects(account.renew(old), { status: 400 })
  account.tryAgain()

  await until(() => account.status().state === 'ok')
  assert.equal(await account.token(), tokens.accessToken)
})

test('contract §5.11: a refused pair is shown less and less often, at last once an hour', () => {
  const state = new TokenState(6)
  const pauses: number[] = []
  state.refused()

  for (let count = 0; count < 6; count += 1) {
    state.failed(new Error('refused'))
    pauses.push(Math.round(state.retryInMs / 60_000))
  }

  assert.deepEqual(pauses, [5, 10, 20, 40, 60, 60])
})

test('row 50: DROID_REFRESH_KEY is only the start: the stored pair wins, unless the variable has changed', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const seed = tokens.refreshToken
  const first = open({ DROID_REFRESH_KEY: seed })
  const token = await first.token()
  await first.stop()

  const again = open({ DROID_REFRESH_KEY: seed })
  assert.equal(await again.token(), token)
  assert.equal(tokens.requests.length, 1)
  await again.stop()

  tokens.refreshToken = 'refresh-of-a-new-login'
  const changed = open({ DROID_REFRESH_KEY: 'refresh-of-a-new-login' })
  assert.equal(await changed.token(), tokens.accessToken)
  const files = readdirSync(path.join(dir, 'data'))
  const stored = files.map((name) => fieldsOf(path.join(dir, 'data', name)).refresh_token)
  assert.equal(files.length, 2, 'the former login is left alone')
  assert.ok(stored.includes(tokens.refreshToken))
  assert.deepEqual(tokens.reused, [])
})

test('row 53: a folder that cannot be written serves from memory and says so once', async (t) => {
  const { open, dir, tokens, lines } = await setting(t)
  writeFileSync(path.join(dir, 'a-file'), '')
  const account = open({
    DROID_REFRESH_KEY: tokens.refreshToken,
    DATA_DIR: path.join(dir, 'a-file', 'data'),
  })

  const token = await account.token()
  const next = await account.renew(token!)

  assert.equal(next, tokens.accessToken)
  assert.equal(tokens.refreshes, 2)
  assert.equal(lines.filter((line) => line.includes('cannot be saved')).length, 1)
})

for (const content of ['', 'null', '{"refresh_token":', '{"access_token":"only"}']) {
  test(`row 54: an auth file holding ${JSON.stringify(content)} is named, left alone, and may be put right`, async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const { open, dir, tokens } = await setting(t)
    const file = path.join(dir, 'auth.json')
    writeFileSync(file, content)
    const account = open()
    await account.start()

    await assert.rejects(account.token(), { status: 400, message: /auth\.json/ })
    assert.equal(account.status().state, 'degraded')
    assert.equal(readFileSync(file, 'utf8'), content)

    writeAuthFile(dir, tokens, Date.now() + 8 * hour)
    t.mock.timers.setTime(Date.now() + 60_000)
    assert.equal(await account.token(), fieldsOf(file).access_token)
  })
}

test('row 56: a clock that jumps causes at most two refreshes in twenty requests', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()

  for (let count = 0; count < 20; count += 1) {
    if (count === 5) t.mock.timers.setTime(Date.now() + 10 * 24 * hour)
    if (count === 12) t.mock.timers.setTime(Date.now() - 20 * 24 * hour)
    assert.ok(await account.token())
  }

  assert.ok(tokens.refreshes >= 1 && tokens.refreshes <= 2, String(tokens.refreshes))
})

test('contract §5.3: the timer renews the token without any traffic', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, 0)
  const obtained = Date.now() - 100_000
  const times = { obtained_at: iso(obtained), expires_at: iso(obtained + 112_000) }
  writeFileSync(file, JSON.stringify({ ...fieldsOf(file), access_token: 'old', droid2api: times }))
  const account = open()
  await account.start()
  assert.equal(await account.token(), 'old')
  assert.equal(tokens.requests.length, 0)

  await until(() => tokens.refreshes === 1)

  await until(async () => (await account.token()) === tokens.accessToken)
  assert.equal(account.status().state, 'ok')
})
