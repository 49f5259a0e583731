/** The logins of accounts with names: each in a file of its own, found again whatever it was called before. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { openAccount, openNamed } from '../../lib/account/account.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { createAgents } from '../../lib/network/agents.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

interface Folder {
  dir: string
  /** One life of a process with these values of the variable: the token of each account. */
  live: (values: string[]) => Promise<string[]>
  /** One life of an account by that name. */
  named: (name: string, server: TokenServer, login: string) => Promise<string | undefined>
}

function folder(t: TestContext, server: TokenServer): Folder {
  const dir = tempDir()
  writeFileSync(path.join(dir, 'config.json'), '{}')
  const log = pino({ level: 'silent' })
  const agents = createAgents()
  t.after(() => agents.destroy())
  const config = (values: string[]) =>
    loadConfig({
      flags: { config: path.join(dir, 'config.json') },
      env: {
        DATA_DIR: dir,
        TOKEN_URL: server.url,
        AUTH_FILE: path.join(dir, 'none.json'),
        ...(values.length > 0 && { DROID_REFRESH_KEY: values.join(',') }),
      },
      cwd: dir,
      packageDir,
      homeDir: dir,
    }).config
  const use = async (account: ReturnType<typeof openAccount>) => {
    await account.start()
    const token = await account.token()
    await account.stop()
    return token
  }
  return {
    dir,
    async live(values) {
      const loaded = config(values)
      const parts = { config: loaded, log, agents }
      const opened =
        loaded.accounts.length > 0
          ? loaded.accounts.map((entry) => openNamed(entry, parts))
          : [openAccount(parts)]
      const tokens: string[] = []
      for (const account of opened) tokens.push((await use(account).catch(() => 'none')) ?? '')
      return tokens
    },
    async named(name, { url }, login) {
      const entry = { name, login, token_url: url, client_id: 'c', refresh_hours: 6, enabled: true }
      return await use(openNamed(entry, { config: config([]), log, agents }))
    },
  }
}

test('contract §17: from one value to two and back no login is lost, and no spent token is used', async (t) => {
  const server = await startTokenServer(t)
  const { dir, live } = folder(t, server)
  const first = server.refreshToken

  const [alone] = await live([first])
  const [again, unknown] = await live([first, 'rt-never-used-1'])
  const [back] = await live([first])

  assert.equal(again, alone)
  assert.equal(back, alone)
  assert.equal(unknown, 'none')
  assert.deepEqual([server.refreshes, server.reused.includes(first)], [1, false])
  assert.ok(readdirSync(dir).includes('auth.json'))
})

test('contract §17: a login that began under a name is found without one', async (t) => {
  const server = await startTokenServer(t)
  const { live, named } = folder(t, server)
  const login = server.refreshToken
  const begun = await named('account-1', server, login)

  const [alone] = await live([login])

  assert.equal(alone, begun)
  assert.equal(server.refreshes, 1)
})

test('contract §17: a renamed account keeps its login, and two that swap names keep theirs', async (t) => {
  const servers = [await startTokenServer(t), await startTokenServer(t)] as const
  const { dir, named } = folder(t, servers[0])
  const logins = servers.map(({ refreshToken }) => refreshToken) as [string, string]
  const mine = await named('mine', servers[0], logins[0])
  const yours = await named('yours', servers[1], logins[1])

  const renamed = await named('work', servers[0], logins[0])
  const swapped = [
    await named('yours', servers[0], logins[0]),
    await named('mine', servers[1], logins[1]),
  ]

  assert.equal(renamed, mine)
  assert.deepEqual(swapped, [mine, yours])
  assert.deepEqual([servers[0].refreshes, servers[1].refreshes], [1, 1])
  assert.deepEqual(readdirSync(path.join(dir, 'accounts')).toSorted(), ['mine.json', 'yours.json'])
})

test('contract §17: another login under a name that was used keeps both', async (t) => {
  const servers = [await startTokenServer(t), await startTokenServer(t)] as const
  const { named } = folder(t, servers[0])
  const logins = servers.map(({ refreshToken }) => refreshToken) as [string, string]
  const before = await named('work', servers[0], logins[0])

  await named('work', servers[1], logins[1])
  const after = await named('work', servers[0], logins[0])

  assert.equal(after, before)
  assert.deepEqual([servers[0].refreshes, servers[1].refreshes], [1, 1])
})

for (const what of ['an account of the file', 'each of several values']) {
  test(`contract §17: ${what}, refused, takes no login that an older version left`, async (t) => {
    const server = await startTokenServer(t)
    const { dir, live, named } = folder(t, server)
    const left = { access_token: 'of-alice', refresh_token: server.refreshToken }
    mkdirSync(path.join(dir, 'data'))
    writeFileSync(path.join(dir, 'data', 'auth.json'), JSON.stringify(left))

    const tokens =
      what === 'each of several values'
        ? await live(['refused-of-bob', 'refused-of-carol'])
        : [await named('bob', server, 'refused-of-bob').catch(() => 'none')]

    assert.ok(tokens.length > 0 && tokens.every((token) => token === 'none'))
    assert.deepEqual(
      server.requests.filter((form) => !form.get('refresh_token')?.startsWith('refused-of-')),
      [],
    )
    assert.equal(server.refreshes, 0)
  })
}
