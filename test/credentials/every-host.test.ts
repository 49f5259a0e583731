/** Each upstream sees exactly the credential that the contract says, whatever the account is, on all routes. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { runProgram, type Program } from '../helpers/program.ts'
import { skip, startRedis } from '../helpers/redis-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'
import {
  aliasFor,
  asks,
  credentialsOf,
  modelFor,
  startHosts,
  wayNames,
  wholeOf,
  type Hosts,
  type Way,
} from './hosts.ts'

const clientKey = 'client-key-of-this-proxy'
const ownKey = 'own-key-of-the-caller'
const secretKey = 'secret-of-the-environment'

/** What the client sends with each request: a key for the door, one for upstream, and what front doors add. */
const presented = {
  authorization: `Bearer ${clientKey}`,
  'x-api-key': ownKey,
  'cf-access-jwt-assertion': 'eyJ.front.jwt',
}

/** What each host is to see. `token`: the account's. */
function expected(token: string): Record<Way, object> {
  return {
    account: { authorization: `Bearer ${token}` },
    leftOut: { 'x-api-key': ownKey },
    client: { 'x-api-key': ownKey },
    none: {},
    env: { authorization: `Bearer ${secretKey}` },
    envHeader: { 'x-api-key': secretKey },
    inHeaders: { authorization: 'Bearer key-in-the-headers' },
  }
}

interface Login {
  env: Record<string, string>
  /** of a login that renews itself */
  tokens?: TokenServer
}

const logins: Record<string, (t: TestContext) => Login | Promise<Login>> = {
  'a fixed key': () => ({ env: { FACTORY_API_KEY: 'fk-the-account-key' } }),

  async 'a refresh token'(t) {
    const tokens = await startTokenServer(t)
    return { tokens, env: { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url } }
  },

  async 'an auth file'(t) {
    const tokens = await startTokenServer(t)
    const file = path.join(tempDir(), 'auth.json')
    const pair = { access_token: tokens.accessToken, refresh_token: tokens.refreshToken }
    writeFileSync(file, JSON.stringify(pair))
    return { tokens, env: { AUTH_FILE: file, TOKEN_URL: tokens.url } }
  },

  async 'a token store'(t) {
    const tokens = await startTokenServer(t)
    const redis = await startRedis(t)
    const env = {
      TOKEN_STORE: redis.url,
      DROID_REFRESH_KEY: tokens.refreshToken,
      TOKEN_URL: tokens.url,
    }
    return { tokens, env }
  },
}

async function start(t: TestContext, { config }: Hosts, { env }: Login): Promise<Program> {
  const program = runProgram(t, {
    config: { ...config, api_keys: [clientKey] },
    env: { ...env, MY_KEY: secretKey },
  })
  await program.url()
  return program
}

/** Asks for every model of every host by every route, under its id or alias. */
async function askAll(program: Program, nameOf: typeof modelFor): Promise<number[]> {
  const url = await program.url()
  const answers = wayNames.flatMap((way) =>
    asks.map(async ({ route, type, body }) => {
      const answer = await fetch(url + route, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...presented },
        body: JSON.stringify({ model: nameOf(way, type), ...body }),
      })
      await answer.arrayBuffer()
      return answer.status
    }),
  )
  return await Promise.all(answers)
}

function assertEachSaw({ upstreams }: Hosts, token: string): void {
  const { account, ...others } = upstreams
  for (const way of wayNames) {
    for (const request of upstreams[way].requests) {
      const what = `${way} ${request.url}`
      assert.deepEqual(credentialsOf(request), expected(token)[way], what)
      assert.doesNotMatch(wholeOf(request), /client-key-of-this-proxy|eyJ\.front|refresh-/, what)
    }
  }
  for (const { requests } of Object.values(others)) {
    for (const request of requests) assert.ok(!wholeOf(request).includes(token), request.url)
  }
  assert.ok(account.requests.length > 0)
}

for (const [what, prepare] of Object.entries(logins)) {
  const options = what === 'a token store' ? { skip } : {}

  test(
    `contract §11.1, contract §11.8: with ${what} each host sees its own credential, on all routes`,
    options,
    async (t) => {
      const hosts = await startHosts(t)
      const login = await prepare(t)
      const program = await start(t, hosts, login)

      const statuses = await askAll(program, modelFor)

      assert.deepEqual([...new Set(statuses)], [200])
      for (const way of wayNames)
        assert.equal(hosts.upstreams[way].requests.length, asks.length, way)
      assertEachSaw(hosts, login.tokens?.accessToken ?? 'fk-the-account-key')
    },
  )

  test(
    `contract §11.1: with ${what} it is the same through redirects of models`,
    options,
    async (t) => {
      const hosts = await startHosts(t)
      const login = await prepare(t)
      const program = await start(t, hosts, login)

      const statuses = await askAll(program, aliasFor)

      assert.deepEqual([...new Set(statuses)], [200])
      assertEachSaw(hosts, login.tokens?.accessToken ?? 'fk-the-account-key')
    },
  )

  test(
    `contract §11.1: with ${what} a 401 renews the account’s token alone, and replays nowhere else`,
    options,
    async (t) => {
      const refused = new Set<string>()
      const hosts = await startHosts(t, ({ headers }) =>
        refused.has(headers.authorization ?? String(headers['x-api-key'] ?? 'none')),
      )
      const login = await prepare(t)
      const program = await start(t, hosts, login)
      await askAll(program, modelFor)
      const first = login.tokens?.accessToken ?? 'fk-the-account-key'
      const everything = [first, secretKey, 'key-in-the-headers'].map((key) => `Bearer ${key}`)
      for (const key of [...everything, ownKey, secretKey, 'none']) refused.add(key)

      const statuses = await askAll(program, modelFor)

      const renewable = login.tokens !== undefined
      const { account, ...others } = hosts.upstreams
      assert.equal(statuses.filter((status) => status === 200).length, renewable ? asks.length : 0)
      assert.equal(login.tokens?.refreshes ?? 0, what === 'an auth file' ? 1 : renewable ? 2 : 0)
      assert.equal(account.requests.length, asks.length * (renewable ? 3 : 2))
      for (const { requests } of Object.values(others)) {
        assert.equal(requests.length, asks.length * 2)
        for (const request of requests) assert.doesNotMatch(wholeOf(request), /access-|fk-the/)
      }
      assert.deepEqual(account.requests.flatMap(unexpected), [])
    },
  )
}

/** Of requests to the account's own host: those without the account's token. */
function unexpected(request: Parameters<typeof credentialsOf>[0]): object[] {
  const { authorization, ...more } = credentialsOf(request)
  const isAccounts = /^Bearer (?:access-|fk-the)/.test(String(authorization))
  return isAccounts && Object.keys(more).length === 0 ? [] : [{ authorization, ...more }]
}

test('contract §11: neither the start nor the log nor check shows any of the credentials', async (t) => {
  const hosts = await startHosts(t)
  const login = { env: { FACTORY_API_KEY: 'fk-the-account-key' } }
  const program = await start(t, hosts, login)
  await askAll(program, modelFor)
  const check = runProgram(t, {
    args: ['check'],
    config: { ...hosts.config, api_keys: [clientKey] },
    env: { ...login.env, MY_KEY: secretKey },
  })
  await check.exit

  const shown = program.stdout() + program.stderr() + check.stdout() + check.stderr()
  assert.doesNotMatch(shown, /fk-the|-of-this-proxy|-of-the-caller|-of-the-environment|key-in-the/)
})
