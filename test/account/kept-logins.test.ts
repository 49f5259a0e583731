/** Which login is used and where it is kept: several accounts, a variable that comes and goes, files of other programs. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'
import { fieldsOf, setting } from './setting.ts'

type Opened = Awaited<ReturnType<typeof setting>>

/** One life of a process: the token that it gets. */
async function live(
  open: Opened['open'],
  env: Record<string, string>,
): Promise<string | undefined> {
  const account = open(env)
  await account.start()
  const token = await account.token()
  await account.stop()
  return token
}

function put(dir: string, content: unknown, ...names: string[]): string {
  const file = path.join(dir, ...names)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('O16: two accounts in one data folder, started at once, keep their logins apart', async (t) => {
  const { open, tokens } = await setting(t)
  const others = await startTokenServer(t)
  const mine = { DROID_REFRESH_KEY: tokens.refreshToken }
  const theirs = { DROID_REFRESH_KEY: others.refreshToken, TOKEN_URL: others.url }

  await Promise.all([live(open, mine), live(open, theirs)])

  assert.equal(await live(open, mine), tokens.accessToken)
  assert.equal(await live(open, theirs), others.accessToken)
  assert.equal(await live(open, mine), tokens.accessToken)
  assert.deepEqual([...tokens.reused, ...others.reused], [])
  assert.deepEqual([tokens.refreshes, others.refreshes], [1, 1])
})

test('O16: an account whose token server is silent does not hold up another in the same folder', async (t) => {
  const { open, tokens } = await setting(t)
  const others = await startTokenServer(t)
  const gate = deferred()
  tokens.faults.push({ waitFor: gate.promise })
  const slow = live(open, { DROID_REFRESH_KEY: tokens.refreshToken })
  await until(() => tokens.requests.length === 1)
  const theirs = { DROID_REFRESH_KEY: others.refreshToken, TOKEN_URL: others.url }

  // the silent one goes on only after this
  assert.equal(await live(open, theirs), others.accessToken)

  gate.resolve()
  assert.equal(await slow, tokens.accessToken)
})

test('O16: from key A to key B and back to A, the login of A is still there', async (t) => {
  const { open, tokens } = await setting(t)
  const others = await startTokenServer(t)
  const a = { DROID_REFRESH_KEY: tokens.refreshToken }
  await live(open, a)

  await live(open, { DROID_REFRESH_KEY: others.refreshToken, TOKEN_URL: others.url })

  assert.equal(await live(open, a), tokens.accessToken)
  assert.deepEqual(tokens.reused, [])
})

test('O16: processes with the same key share one login', async (t) => {
  const { open, tokens } = await setting(t)
  const env = { DROID_REFRESH_KEY: tokens.refreshToken }

  const got = await Promise.all([live(open, env), live(open, env), live(open, env)])

  assert.deepEqual(got, [tokens.accessToken, tokens.accessToken, tokens.accessToken])
  assert.equal(tokens.refreshes, 1)
})

test('O16: a login kept by an older version, without a hash, is taken over by whoever is first, where it lies', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = put(
    dir,
    { access_token: 'old', refresh_token: tokens.refreshToken },
    'data',
    'auth.json',
  )
  const others = await startTokenServer(t)

  const account = open({ DROID_REFRESH_KEY: 'the-value-it-began-with' })
  await account.renew('old')
  await live(open, { DROID_REFRESH_KEY: others.refreshToken, TOKEN_URL: others.url })

  assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken, 'an older version finds it, too')
  assert.equal(others.refreshes, 1)
})

test('O18: without the variable the kept login serves, and the start says so', async (t) => {
  const { open, tokens, lines } = await setting(t)
  const token = await live(open, { DROID_REFRESH_KEY: tokens.refreshToken })

  const account = open()
  await account.start()

  assert.equal(account.source, 'kept_login')
  assert.equal(await account.token(), token)
  assert.equal(await account.renew(token!), tokens.accessToken)
  assert.match(
    account.notes().join(),
    /DROID_REFRESH_KEY is not set; the login kept in .*auth\.json/,
  )
  assert.match(lines.join(''), /DROID_REFRESH_KEY is not set/)
  await account.stop()
  const again = open({ DROID_REFRESH_KEY: String(tokens.requests[0]!.get('refresh_token')) })
  assert.equal(await again.token(), tokens.accessToken, 'with the variable it is the same login')
})

test('O18: of two kept logins without a variable none is guessed; both are named', async (t) => {
  const { open, tokens } = await setting(t)
  const others = await startTokenServer(t)
  await live(open, { DROID_REFRESH_KEY: tokens.refreshToken })
  await live(open, { DROID_REFRESH_KEY: others.refreshToken, TOKEN_URL: others.url })

  const account = open()

  assert.equal(account.source, 'none')
  assert.match(
    account.notes().join(),
    /several logins are kept \(.*auth\.json, .*auth-\w{16}\.json\)/,
  )
})

test('O18: an auth file comes before a kept login, unless that began with its very token', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const others = await startTokenServer(t)
  const first = tokens.refreshToken
  await live(open, { DROID_REFRESH_KEY: first })

  const file = put(dir, { access_token: 'x', refresh_token: others.refreshToken }, 'auth.json')
  const beside = open({ TOKEN_URL: others.url })
  put(dir, { access_token: 'x', refresh_token: first }, 'auth.json')
  const heir = open()

  assert.equal(beside.source, 'auth_file')
  assert.match(beside.notes().join(), new RegExp(`is not used: ${file} comes first`))
  assert.equal(heir.source, 'kept_login')
  assert.equal(await heir.token(), tokens.accessToken)
})

for (const place of ['auth.json', 'data/auth.json']) {
  test(`O4: a spent variable: the pair that the original left in ./${place} lives on, kept in DATA_DIR`, async (t) => {
    const { open, dir, tokens, lines } = await setting(t)
    const env = {
      DROID_REFRESH_KEY: 'rt_0',
      DATA_DIR: path.join(dir, 'state'),
      AUTH_FILE: '/nowhere',
    }
    const left = {
      access_token: 'at_7',
      refresh_token: tokens.refreshToken,
      last_updated: '2026-11-01T00:00:00.000Z',
    }
    put(dir, left, place)

    assert.equal(await live(open, env), tokens.accessToken)
    rmSync(path.join(dir, place))

    assert.equal(await live(open, env), tokens.accessToken)
    assert.equal(tokens.refreshes, 1)
    assert.equal(fieldsOf(path.join(dir, 'state', 'auth.json')).refresh_token, tokens.refreshToken)
    assert.match(lines.join(''), /"from":"[^"]*auth\.json".*a newer login was found/)
  })
}

test('O4: without a variable the pair beside the program is used; one in a folder of anybody is only named', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const left = { access_token: 'at_7', refresh_token: tokens.refreshToken }
  const program = path.join(dir, 'program')
  const anybody = path.join(dir, 'anybody')
  put(dir, left, 'anybody', 'auth.json')
  put(dir, readFileSync(path.join(dir, 'config.json'), 'utf8'), 'program', 'config.json')
  const env = { CONFIG_FILE: path.join(program, 'config.json') }

  const stranger = open(env, { packageDir: program, cwd: anybody })
  put(dir, left, 'program', 'auth.json')
  const ours = open({ ...env, AUTH_FILE: '/nowhere' }, { packageDir: program, cwd: anybody })

  assert.equal(stranger.source, 'none')
  assert.match(
    stranger.notes().join(),
    /a renewed login lies in .*anybody.auth\.json; .* move it to/,
  )
  assert.equal(ours.source, 'kept_login')
  assert.equal(await ours.renew('at_7'), tokens.accessToken)
  assert.equal(fieldsOf(path.join(dir, 'data', 'auth.json')).refresh_token, tokens.refreshToken)
})

test('O4: where the variable is refused, a login in a folder of anybody is named, not used', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const anybody = path.join(dir, 'anybody')
  put(dir, { access_token: 'a', refresh_token: tokens.refreshToken }, 'anybody', 'auth.json')
  const env = { CONFIG_FILE: path.join(dir, 'config.json'), DROID_REFRESH_KEY: 'rt_0' }

  const account = open(env, { cwd: anybody })

  await assert.rejects(account.token(), /A login lies in .*anybody.auth\.json: move it to DATA_DIR/)
  assert.equal(tokens.refreshes, 0)
})

test("O7: a fork's login in DATA_DIR is used, and kept in the fork's words, too", async (t) => {
  const { open, dir, tokens } = await setting(t)
  const left = {
    refresh_token: tokens.refreshToken,
    api_key: 'at_5',
    expires_at: 1_700_000_000_000,
    last_refresh: 1_699_990_000_000,
  }
  const file = put(dir, left, 'data', 'auth.json')

  const token = await live(open, { FACTORY_API_KEY: '', DROID_REFRESH_KEY: '' })

  assert.equal(token, tokens.accessToken)
  const kept = fieldsOf(file)
  assert.deepEqual([kept.api_key, kept.access_token], [token, token])
  assert.ok(Number(kept.expires_at) > Date.now())
  assert.ok(Number(kept.last_refresh) > 1_700_000_000_000)
})

test("O7: a fork's token that still lives is used as it is", async (t) => {
  const { open, dir, tokens } = await setting(t)
  const left = { refresh_token: 'r', api_key: 'at_5', expires_at: Date.now() + 3_600_000 }
  put(dir, { ...left, last_refresh: Date.now() - 1000 }, 'data', 'auth.json')

  assert.equal(await live(open, {}), 'at_5')
  assert.equal(tokens.requests.length, 0)
})

const accounts: [what: string, content: unknown][] = [
  ['a list', [{ refresh_token: 'rt_9', access_token: 'at_9', label: 'a', locked: false }]],
  ['accounts below names', { one: { refresh_token: 'rt_9' }, two: { refresh_token: 'rt_8' } }],
  ['a list below a name', { accounts: [{ refresh_token: 'rt_9' }], version: 1 }],
]
for (const [what, content] of accounts) {
  test(`O8: ${what} in DATA_DIR is called a list of accounts and left alone, and a good variable serves`, async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = put(dir, content, 'data', 'auth.json')
    const env = { DROID_REFRESH_KEY: tokens.refreshToken }

    const account = open(env)
    await account.start()
    assert.equal(await account.token(), tokens.accessToken)
    assert.match(account.notes().join(), /holds a list of accounts.*DROID_REFRESH_KEY serves/)
    await account.stop()

    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), content)
    assert.equal(await live(open, env), tokens.accessToken, 'its login is kept elsewhere')
    assert.deepEqual(tokens.reused, [])
  })
}

test('O8: without a variable the list is called that, with what to set', async (t) => {
  const { open, dir } = await setting(t)
  const list = [{ refresh_token: 'rt_9', access_token: 'at_9' }]
  put(dir, list, 'data', 'auth.json')

  const none = open()
  const named = open({ AUTH_FILE: put(dir, list, 'accounts.json') })

  assert.equal(none.source, 'none')
  assert.match(none.notes().join(), /holds a list of accounts; one is used. Set DROID_REFRESH_KEY/)
  await assert.rejects(named.token(), /accounts\.json holds a list of accounts/)
})

test('contract §5.1: a login that a newer droid CLI keeps encrypted is named, alone and beside an older auth file', async (t) => {
  const { open, dir } = await setting(t)
  const old = put(dir, { access_token: 'a', refresh_token: 'r' }, 'auth.json')
  put(dir, 'iv:tag:text', 'auth.v2.file')
  const hourAgo = new Date(Date.now() - 3_600_000)

  utimesSync(old, hourAgo, hourAgo)
  const beside = open().notes().join()
  utimesSync(path.join(dir, 'auth.v2.file'), hourAgo, hourAgo)
  utimesSync(old, new Date(), new Date())
  const newer = open().notes().join()
  rmSync(old)
  const alone = open()

  assert.match(beside, /keeps its login encrypted in .*auth\.v2\.file, which is not read: set/)
  assert.equal(newer, '')
  assert.equal(alone.source, 'none')
  assert.match(alone.notes().join(), /keeps its login encrypted/)
})
