/** The program where there is nothing of what a login shell has. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { installProgram } from '../helpers/built-program.ts'
import { nodeForAll } from '../helpers/node-for-all.ts'
import { printed } from '../helpers/printed.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'

const isRoot = process.getuid?.() === 0
/** No list of users has it. */
const stranger = 54_321

interface Place {
  /** run by the shell in front, in a folder of the test's own */
  before?: string
  env: Record<string, string>
  /** as a user that the system does not know */
  unknownUser?: boolean
}

/** Starts the program with this environment alone; hands back its `/health` once it listens. */
async function healthIn(t: TestContext, { before = ':', env, unknownUser }: Place) {
  const dir = tempDir()
  const program = installProgram(dir)
  execFileSync('chmod', ['-R', 'a+rX', dir])
  const node = nodeForAll(dir)
  const child = spawn('/bin/sh', ['-c', `${before}; exec "$0" "$1"`, node, program], {
    cwd: dir,
    env: { PORT: '0', ...env },
    ...(unknownUser && { uid: stranger, gid: stranger }),
  })
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const ended = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const url = await printed(
    child,
    () => stdout() + stderr(),
    () => /"url":"([^"]+)"/.exec(stdout())?.[1],
  )
  const { status, account } = (await (await fetch(`${url}/health`)).json()) as {
    status: string
    account: { source: string }
  }
  return { status, source: account.source, stderr: stderr() }
}

function text(stream: NodeJS.ReadableStream): () => string {
  let all = ''
  stream.on('data', (piece: Buffer) => {
    all += piece.toString()
  })
  return () => all
}

const key = { FACTORY_API_KEY: 'fk-the-account-key' }
const places: Record<string, Place> = {
  'with an empty environment': { env: {} },
  'with no HOME, TERM, LANG and USER': { env: { ...key, PATH: '/usr/bin:/bin' } },
  'with a HOME that is not there': { env: { HOME: '/nonexistent', ...key } },
  'with an empty HOME': { env: { HOME: '', ...key } },
  'with a HOME that is no absolute path': { env: { HOME: '.', ...key } },
  'in a folder that was deleted': {
    before: 'mkdir gone && cd gone && rmdir ../gone',
    env: { ...key, HOME: '/nonexistent' },
  },
  'as a user without HOME that the system does not know': { env: key, unknownUser: true },
  'in a folder that it may not read': {
    before: 'cd locked',
    env: { ...key, HOME: '/nonexistent' },
  },
}
for (const [what, place] of Object.entries(places)) {
  const options = place.unknownUser && !isRoot ? { skip: 'only root can become another user' } : {}

  test(`KO11: ${what} it starts and serves`, options, async (t) => {
    const { before = ':', ...rest } = place
    const locked = 'mkdir -p locked && chmod 311 locked'

    const { status, source, stderr } = await healthIn(t, {
      before: before === 'cd locked' ? `${locked} && ${before}` : before,
      ...rest,
    })

    assert.equal(status, 'ok')
    assert.equal(source, 'FACTORY_API_KEY' in place.env ? 'factory_api_key' : 'none')
    assert.equal(stderr, '')
  })
}

test(
  'KO11: contract §13.4: an unknown user without HOME keeps the renewed login in DATA_DIR',
  { skip: isRoot ? false : 'only root can become another user' },
  async (t) => {
    const tokens = await startTokenServer(t)
    const data = path.join(tempDir(), 'data')
    mkdirSync(data)
    chmodSync(data, 0o1777)
    chmodSync(path.dirname(data), 0o755)

    const { source } = await healthIn(t, {
      env: { DATA_DIR: data, DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
      unknownUser: true,
    })
    await until(() => tokens.refreshes === 1)

    assert.equal(source, 'droid_refresh_key')
    await until(() => readdirSync(data).some((name) => name.endsWith('.json')))
  },
)
