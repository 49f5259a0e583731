/** An account whose login is kept in Redis: what it begins with, and what counts afterwards. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { openAccount, type Account } from '../../lib/account/account.ts'
import { redisServer } from '../../lib/cli/redis-server.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { createAgents } from '../../lib/network/agents.ts'
import { selfSigned } from '../faults/self-signed.ts'
import { startProxy } from '../helpers/proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { skip, startRedis } from '../helpers/redis-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

/** A token server, a Redis, and accounts on them, each in a folder of its own. */
async function setting(t: TestContext) {
  const [tokens, redis] = [await startTokenServer(t), await startRedis(t)]

  async function open(env: Record<string, string>, authFile?: object) {
    const dir = tempDir()
    const file = path.join(dir, 'auth.json')
    const auth = { token_url: tokens.url, file }
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auth }))
    if (authFile) writeFileSync(file, JSON.stringify(authFile))
    const { config } = loadConfig({
      flags: { config: path.join(dir, 'config.json') },
      env: { DATA_DIR: path.join(dir, 'data'), TOKEN_STORE: redis.url, ...env },
      cwd: dir,
      packageDir,
      homeDir: dir,
    })
    const log = pino({ level: 'silent' })
    const server = await redisServer(config)
    const account: Account = openAccount({ config, log, agents: createAgents(), redis: server })
    t.after(() => account.stop())
    return { account, file }
  }

  return { tokens, redis, open }
}

describe('an account whose login is in Redis', { skip, timeout: 300_000 }, () => {
  test('row 50: the variable is only the start: the stored pair wins, unless the variable has changed', async (t) => {
    const { tokens, open } = await setting(t)
    const seed = tokens.refreshToken
    const { account: first } = await open({ DROID_REFRESH_KEY: seed })
    const token = await first.token()
    await first.stop()

    const { account: again } = await open({ DROID_REFRESH_KEY: seed })
    assert.equal(await again.token(), token)
    assert.equal(tokens.requests.length, 1)

    tokens.refreshToken = 'refresh-of-a-new-login'
    const { account: changed } = await open({ DROID_REFRESH_KEY: 'refresh-of-a-new-login' })
    assert.equal(await changed.token(), tokens.accessToken)
    assert.equal(await again.token(), token, 'who runs on with the old one is not disturbed')
    assert.deepEqual(tokens.reused, [])
  })

  test('an auth file is only the start, too: it is left as it is, and the stored pair wins', async (t) => {
    const { tokens, open } = await setting(t)
    const login = { access_token: '', refresh_token: tokens.refreshToken }
    const one = await open({}, login)
    const other = await open({}, login)

    const token = await one.account.token()

    assert.equal(await other.account.token(), token)
    assert.equal(tokens.refreshes, 1)
    assert.deepEqual(JSON.parse(readFileSync(one.file, 'utf8')), login)
    assert.equal(one.account.source, 'auth_file')
  })

  test('a token server that leaves the refresh token as it was is asked once, too', async (t) => {
    const { tokens, open } = await setting(t)
    const seed = tokens.refreshToken
    for (const access of ['first', 'second']) {
      tokens.faults.push({ status: 200, body: JSON.stringify({ access_token: access }) })
    }
    const one = await open({ DROID_REFRESH_KEY: seed })
    const other = await open({ DROID_REFRESH_KEY: seed })

    const first = [await one.account.token(), await other.account.token()]
    const second = [await one.account.renew('first'), await other.account.renew('first')]

    assert.deepEqual(
      [first, second],
      [
        ['first', 'first'],
        ['second', 'second'],
      ],
    )
    assert.equal(tokens.requests.length, 2)
  })

  test('contract §17: replicas share the login of an account with a name, also where nothing else is shared', async (t) => {
    const { tokens, redis } = await setting(t)
    const config = {
      accounts: [{ name: 'work', login: tokens.refreshToken, token_url: tokens.url }],
    }
    const env = { TOKEN_STORE: redis.url, USAGE: 'off' }
    const replicas = [await startProxy(t, { config, env }), await startProxy(t, { config, env })]

    const got = await Promise.all(replicas.map(({ app }) => app.pool.all[0]!.own.account.token()))

    assert.deepEqual(got, [tokens.accessToken, tokens.accessToken])
    assert.equal(tokens.refreshes, 1)
    assert.deepEqual(tokens.reused, [])
  })

  test('a fixed key needs no store', async (t) => {
    const { redis, open } = await setting(t)
    await redis.stop()

    const { account } = await open({ FACTORY_API_KEY: 'a-fixed-key' })

    assert.equal(account.store, undefined)
    assert.equal(await account.token(), 'a-fixed-key')
  })

  test('rediss: is encrypted, and a certificate that nobody vouches for is refused', async (t) => {
    const tokens = await startTokenServer(t)
    const tls = selfSigned()
    const redis = await startRedis(t, { tls })
    const program = runProgram(t, {
      config: { auth: { token_url: tokens.url } },
      env: {
        DROID_REFRESH_KEY: tokens.refreshToken,
        TOKEN_STORE: `rediss://127.0.0.1:${redis.port}`,
      },
    })

    const { reason } = await program.line('the token store cannot be used')

    assert.match(String(reason), /rediss:.*(?:SELF_SIGNED|ERR_TLS|UNABLE_TO_VERIFY)/)
    assert.equal(tokens.requests.length, 0)
  })
})
