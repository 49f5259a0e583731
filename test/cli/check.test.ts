/** `droid2api check`: what a user can get wrong before the first request, each with its remedy. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream } from '../helpers/upstream.ts'

/** What `check` says, and the code it ends with. */
async function check(t: TestContext, options: ProgramOptions, ...flags: string[]) {
  const program = runProgram(t, { ...options, args: ['check', ...flags] })
  const code = await program.exit
  return { code, said: program.stdout() + program.stderr(), dir: program.dir }
}

test('contract §4.2: check says what is configured, found and wrong, as lines and as JSON', async (t) => {
  const good = runProgram(t, { args: ['check'], env: { FACTORY_API_KEY: 'fk-the-account-key' } })
  const json = runProgram(t, { args: ['check', '--json'] })

  assert.equal(await good.exit, 0)
  assert.match(good.stdout(), /ok +configuration: .*config\.json/)
  assert.match(good.stdout(), /ok +account: factory_api_key\n/)
  assert.doesNotMatch(good.stdout(), /fk-the-account-key/)
  assert.equal(await json.exit, 0)
  const { findings } = JSON.parse(json.stdout()) as { findings: { level: string }[] }
  assert.ok(findings.some(({ level }) => level === 'warning'))
})

test('check --online says of a silent upstream for how long it waited', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['hang'], silent: true }])
  const [endpoint] = oneUpstream(upstream.url).endpoints
  const program = runProgram(t, {
    args: ['check', '--online'],
    config: oneUpstream('', {
      endpoints: [endpoint],
      models: [{ name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' }],
      timeouts: { connect_s: 1 },
    }),
  })

  assert.equal(await program.exit, 1)
  assert.match(program.stdout(), /error +upstream: .* cannot be reached: no answer within 1 s/)
})

test('a broken configuration is found like anything else, as lines and as JSON', async (t) => {
  const config = '{"port": "x", "models": 3}'
  const lines = await check(t, { config })
  const json = await check(t, { config: '{ "port": 3000, ]' }, '--json')

  assert.equal(lines.code, 1)
  assert.match(lines.said, /error +configuration: .*config\.json: port is "x", expected/)
  assert.match(lines.said, /error +configuration: .*config\.json: models is 3, expected a list/)
  assert.equal(json.code, 1)
  const { findings } = JSON.parse(json.said) as { findings: { level: string; what: string }[] }
  assert.equal(findings[0]?.level, 'error')
  assert.match(findings[0]?.what ?? '', /config\.json:1:17: not valid JSON/)
})

test('an address that cannot be had is told with the flag to change', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as { port: number }

  const taken = await check(t, { config: { port } })
  const foreign = await check(t, {}, '--host', '192.0.2.1')

  assert.equal(taken.code, 1)
  assert.match(taken.said, /error +port: Port \d+ on 127\.0\.0\.1 is in use\. .*--port/)
  assert.equal(foreign.code, 1)
  assert.match(foreign.said, /error +port: The address 192\.0\.2\.1 is not .*--host/)
})

test('a port that droid2api itself has is no fault', async (t) => {
  const { url } = await startProxy(t)

  const { code, said } = await check(t, { config: { port: Number(new URL(url).port) } })

  assert.equal(code, 0, said)
  assert.match(said, /ok +port: droid2api 0\.0\.0-test is running on 127\.0\.0\.1:\d+/)
})

const day = 86_400_000
const tokens = (until: number) => ({
  access_token: 'access-token-of-the-test',
  refresh_token: 'refresh-token-of-the-test',
  droid2api: { obtained_at: iso(until - day / 3), expires_at: iso(until) },
})

function iso(time: number): string {
  return new Date(time).toISOString()
}

const kept: [what: string, content: string, code: number, said: RegExp][] = [
  [
    'a good login',
    JSON.stringify(tokens(Date.now() + day)),
    0,
    /ok +account: auth_file, token until/,
  ],
  [
    'a login that expired',
    JSON.stringify(tokens(Date.now() - day)),
    0,
    /ok +account: auth_file, token expired .*the start renews it, --renew tries it/,
  ],
  [
    'an auth file without a refresh token',
    '{"access_token":"access-token-of-the-test"}',
    1,
    /error +account: auth_file: .*auth\.json holds no refresh_token\. Log in again/,
  ],
  ['an auth file that is no JSON', 'oops', 1, /error +account: .*auth\.json is not a JSON object/],
]
for (const [what, content, code, expected] of kept) {
  test(`check says offline of ${what}`, async (t) => {
    const { dir } = await startProxy(t)
    const file = path.join(dir, 'auth.json')
    writeFileSync(file, content)

    const answer = await check(t, { env: { AUTH_FILE: file } })

    assert.equal(answer.code, code, answer.said)
    assert.match(answer.said, expected)
    assert.doesNotMatch(answer.said, /token-of-the-test/)
  })
}

test('a refused login says how to get a new one', async (t) => {
  const server = await startTokenServer(t)

  const { code, said } = await check(
    t,
    {
      config: oneUpstream(server.url, { auth: { token_url: server.url } }),
      env: { DROID_REFRESH_KEY: 'refresh-nobody-knows' },
    },
    '--renew',
  )

  assert.equal(code, 1)
  assert.match(said, /ok +account: droid_refresh_key, not used yet; --renew tries it/)
  assert.match(said, /error +token: .*\(invalid_grant\)\. Log in again with the droid CLI/)
})
