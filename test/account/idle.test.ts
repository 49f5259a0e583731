/** What the program costs while its login is in trouble: next to nothing, and it still ends when it is told to. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'

/** ms */
const watchedMs = 6000
/** of one core */
const mostShare = 0.05

interface Trouble {
  dir: string
  file: string
  tokens: TokenServer
}

const expired = {
  access_token: 'old',
  droid2api: { obtained_at: '2026-01-01', expires_at: '2026-01-02' },
}

function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
}

/** Each with an auth file whose token has ended. */
const troubles: Record<string, (trouble: Trouble) => void> = {
  'O10: a lock that is a folder': ({ file }) => mkdirSync(`${file}.lock`),
  'O10: a lock that is a link to nowhere': ({ file }) =>
    symlinkSync('/nowhere/at/all', `${file}.lock`),
  'O10: a lock that somebody holds': ({ file }) => {
    const owner = { pid: process.pid, host: hostname(), id: 'x' }
    writeFileSync(`${file}.lock`, JSON.stringify(owner))
  },
  'O11: a clock nine hours ahead': ({ tokens }) => {
    const now = Math.floor(Date.now() / 1000)
    tokens.shape = ({ refresh_token: refresh }) => ({
      access_token: jwt({ iat: now - 32_400, exp: now - 3600 }),
      refresh_token: refresh,
    })
  },
  'O11: tokens that end at once': ({ tokens }) => {
    tokens.shape = (answer) => ({ ...answer, expires_in: 1 })
  },
  'contract §5.13: a token server that is silent': ({ tokens }) =>
    tokens.faults.push('hang', 'hang', 'hang'),
  'contract §5.13: a token server that refuses': ({ tokens }) => {
    tokens.refreshToken = 'another'
  },
  'KO3: a folder where a new auth file would be written': ({ file }) =>
    mkdirSync(`${file}.droid2api.tmp`),
}

/** CPU time that a process has taken, ms. Source: proc_pid_stat(5), fields 14 and 15, in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function inTrouble(t: TestContext, what: string) {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  const file = path.join(dir, 'auth.json')
  writeFileSync(file, JSON.stringify({ ...expired, refresh_token: tokens.refreshToken }))
  troubles[what]!({ dir, file, tokens })
  const program = runProgram(t, {
    config: { auth: { token_url: tokens.url } },
    env: { AUTH_FILE: file },
  })
  return { tokens, program, url: await program.url() }
}

const skip = process.platform === 'linux' ? false : 'reads /proc'

/** They mostly wait, so they do so together. */
describe('a login in trouble', { concurrency: Object.keys(troubles).length, skip }, () => {
  for (const what of Object.keys(troubles)) {
    test(`${what}: less than a twentieth of a core, an answer to /health, and an end when told`, async (t) => {
      const { program, url, tokens } = await inTrouble(t, what)
      const { pid } = program.process
      await wait(1000)

      const before = cpuMs(pid!)
      await wait(watchedMs)
      const share = (cpuMs(pid!) - before) / watchedMs

      assert.ok(share <= mostShare, `${share} of a core`)
      assert.equal((await fetch(`${url}/health`)).status, 200)
      assert.ok(tokens.requests.length <= 2, `${tokens.requests.length} calls to the token server`)
      const asked = performance.now()
      program.process.kill('SIGTERM')
      assert.equal(await program.exit, 0)
      assert.ok(performance.now() - asked < 6000)
    })
  }

  test('O10: an end when told, also with a request that waits for the lock', async (t) => {
    const { program, url } = await inTrouble(t, 'O10: a lock that somebody holds')
    const body = JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 1, messages: [] })
    const waiting = fetch(`${url}/v1/messages`, { method: 'POST', body })
    await wait(500)

    const asked = performance.now()
    program.process.kill('SIGTERM')
    const { status } = await waiting

    assert.equal(await program.exit, 0)
    assert.equal(status, 503)
    assert.ok(performance.now() - asked < 4000)
  })
})
