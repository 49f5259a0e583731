/** The program where a login file is a mount of its own, a disk is full, or a folder is another user's. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { installProgram } from '../helpers/built-program.ts'
import { nodeForAll } from '../helpers/node-for-all.ts'
import { oneUpstream } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'

interface Run {
  code: number | null
  said: string
}

/** `check --renew` and nothing else, after what a shell does before: a whole life of the login in one process. */
async function life(
  t: TestContext,
  before: string,
  words: string[],
  env: Record<string, string>,
  uid?: number,
) {
  const script = `${before}; shift ${words.length}; exec "$@"`
  const dir = tempDir()
  const program = installProgram(dir)
  const command = [nodeForAll(dir), program, 'check', '--renew']
  execFileSync('chmod', ['-R', 'a+rX', dir])
  const inner = ['-c', script, 'sh', ...words, ...command]
  const needsMount = before !== ':'
  const child = spawn(needsMount ? 'unshare' : 'sh', needsMount ? ['-rm', 'sh', ...inner] : inner, {
    env: { PATH: process.env.PATH, PORT: '0', HOME: '/nowhere', ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (piece) => (said += piece))
  child.stderr.on('data', (piece) => (said += piece))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said } satisfies Run
}

/** A folder that anybody may read, with a configuration that asks the token server. */
async function place(t: TestContext) {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  chmodSync(dir, 0o755)
  const config = path.join(dir, 'config.json')
  const auth = { token_url: tokens.url }
  writeFileSync(config, JSON.stringify(oneUpstream('http://127.0.0.1:1', { auth })))
  return { tokens, dir, env: { CONFIG_FILE: config, DATA_DIR: path.join(dir, 'data') } }
}

const canMount = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0
const skip = canMount ? false : 'may not mount'

test('O13: a login file that is a mount of its own lives on over restarts', { skip }, async (t) => {
  const { tokens, dir, env } = await place(t)
  const [onHost, mounted] = [path.join(dir, 'host.json'), path.join(dir, 'auth.json')]
  writeFileSync(onHost, JSON.stringify({ access_token: '', refresh_token: tokens.refreshToken }))
  writeFileSync(mounted, '')
  const run = () =>
    life(t, 'mount --bind "$1" "$2"', [onHost, mounted], { ...env, AUTH_FILE: mounted })

  const first = await run()
  const kept = JSON.parse(readFileSync(onHost, 'utf8')) as { refresh_token: string }
  const second = await run()

  assert.match(first.said, /ok +token: usable until/)
  assert.equal(kept.refresh_token, tokens.refreshToken)
  assert.match(second.said, /ok +token: usable until/)
  assert.deepEqual([tokens.refreshes, tokens.reused], [1, []])
})

test('O15: a full disk fails the check before a token is spent', { skip }, async (t) => {
  const { tokens, dir, env } = await place(t)
  mkdirSync(path.join(dir, 'data'))
  const fill = 'mount -t tmpfs -o size=64k none "$1" && cat /dev/zero >"$1/rest" 2>/dev/null'
  const login = { ...env, DROID_REFRESH_KEY: tokens.refreshToken }

  const { code, said } = await life(t, fill, [env.DATA_DIR], login)

  assert.equal(code, 1)
  assert.match(said, /error +token store: .*: the disk is full \(ENOSPC\).*would be lost/)
  assert.equal(tokens.requests.length, 0)
})

test('O15: on a full disk a login that is there already is overwritten', { skip }, async (t) => {
  const { tokens, dir, env } = await place(t)
  mkdirSync(path.join(dir, 'data'))
  const login = JSON.stringify({ refresh_token: tokens.refreshToken, room: 'x'.repeat(3000) })
  const fill =
    'mount -t tmpfs -o size=64k none "$1" && printf %s "$2" >"$1/auth.json" && cat /dev/zero >"$1/rest" 2>/dev/null'
  const seed = { ...env, DROID_REFRESH_KEY: 'the-value-it-began-with' }

  const { said } = await life(t, fill, [env.DATA_DIR, login], seed)

  assert.match(said, /ok +token: usable until/)
  assert.match(said, /ok +token store/)
})

test('O15: a folder of root is an error of the check, with the folder and who asks', async (t) => {
  const { tokens, dir, env } = await place(t)
  mkdirSync(path.join(dir, 'data'))
  chmodSync(path.join(dir, 'data'), 0o555)
  const isRoot = process.getuid?.() === 0
  const uid = isRoot ? 65_534 : undefined
  const login = { ...env, DROID_REFRESH_KEY: tokens.refreshToken }

  const { code, said } = await life(t, ':', [], login, uid)

  assert.equal(code, 1, said)
  const who = uid ?? process.getuid?.()
  assert.match(
    said,
    new RegExp(`error +token store: .*data: it is not writable \\(EACCES\\) as uid ${who}`),
  )
  assert.equal(tokens.requests.length, 0)
})
