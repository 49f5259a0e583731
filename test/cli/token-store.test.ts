/** TOKEN_STORE from outside: what the program says of one that is wrong, cannot be used, or can. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { installProgram } from '../helpers/built-program.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream } from '../helpers/proxy.ts'
import { skip, startRedis } from '../helpers/redis-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream } from '../helpers/upstream.ts'

function check(program: string, env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'check'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: path.dirname(program), PORT: '0', ...env },
  })
  return { status, stdout, stderr }
}

test('a TOKEN_STORE that is no address stops the start with 78 and is not shown', async (t) => {
  const program = runProgram(t, { env: { TOKEN_STORE: 'me:s3cret-pass@cache:6379' } })

  assert.equal(await program.exit, 78)
  assert.match(program.stderr(), /^environment: TOKEN_STORE is not the address .*\n$/)
  assert.doesNotMatch(program.stderr(), /s3cret/)
})

test('without its package the compiled program says what to install, and only where it is needed', () => {
  const program = installProgram(tempDir())
  const env = { TOKEN_STORE: 'redis://127.0.0.1:1' }

  const needed = check(program, { ...env, DROID_REFRESH_KEY: 'a-refresh-token' })
  const fixed = check(program, { ...env, FACTORY_API_KEY: 'a-fixed-key', USAGE: 'off' })

  assert.equal(needed.status, 1)
  assert.match(
    needed.stdout,
    /^error +configuration: environment: TOKEN_STORE needs .*npm install @redis\/client@6\n$/,
  )
  assert.equal(fixed.status, 0, fixed.stderr)
  assert.doesNotMatch(fixed.stdout, /token store/)
})

test('with its package the compiled program finds it', () => {
  const program = installProgram(tempDir(), ['@redis/client'])

  const { status, stdout } = check(program, {
    TOKEN_STORE: 'redis://127.0.0.1:1/2',
    DROID_REFRESH_KEY: 'a-refresh-token',
  })

  assert.equal(status, 0)
  assert.match(stdout, /ok +token store: redis:\/\/127\.0\.0\.1:1\/2\n/)
})

test('check says that the login is kept in a file where there is no TOKEN_STORE', async (t) => {
  const program = runProgram(t, { args: ['check'], env: { DROID_REFRESH_KEY: 'a-refresh-token' } })

  assert.equal(await program.exit, 0)
  assert.match(program.stdout(), /ok +token store: .*auth\.json\n/)
})

test('check --online reaches the token store, and says where it cannot', { skip }, async (t) => {
  const password = 's3cret-pass-of-the-store'
  const redis = await startRedis(t, { password })
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, () => ({ status: 400 }))
  const config = oneUpstream(upstream.url, { auth: { token_url: tokens.url } })
  const dir = tempDir()
  const file = path.join(dir, 'store')
  const online = async (store: string) => {
    writeFileSync(file, `${store}\n`)
    const env = { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_STORE_FILE: file }
    const checked = runProgram(t, { args: ['check', '--renew'], config, env })
    return { code: await checked.exit, text: checked.stdout() + checked.stderr() }
  }
  const bad = await online(`redis://:wrong-password@127.0.0.1:${redis.port}`)
  const good = await online(`redis://:${password}@127.0.0.1:${redis.port}`)

  assert.equal(bad.code, 1)
  assert.match(bad.text, /error +token store: .*\(WRONGPASS\)/)
  assert.equal(good.code, 0, good.text)
  assert.match(good.text, /ok +token store: redis:\/\/127\.0\.0\.1:\d+\/0, holds no login yet/)
  assert.match(good.text, /token: usable/)
  assert.equal(tokens.refreshes, 1)
  assert.doesNotMatch(bad.text + good.text, /wrong-password|s3cret/)
})
