/** The login across processes: two that share one file, and one that is killed at any moment. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bundled } from '../helpers/bundled.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'

const bundleDir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
let child: string

before(async () => {
  child = await bundled(path.join(import.meta.dirname, 'renewing.child.ts'), bundleDir)
})

after(() => rmSync(bundleDir, { recursive: true }))

/** A shared file, and a server that hears of each token in use together with what the file held at that moment. */
async function shared(t: TestContext) {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  const file = path.join(dir, 'auth.json')
  writeFileSync(
    path.join(dir, 'config.json'),
    JSON.stringify({ auth: { token_url: tokens.url, file: 'auth.json' } }),
  )
  writeFileSync(file, JSON.stringify({ access_token: '', refresh_token: tokens.refreshToken }))
  const uses: { token: string; onDisk: string }[] = []
  const server = createServer((req, res) => {
    const token = (req.headers.authorization ?? '').replace('Bearer ', '')
    uses.push({ token, onDisk: pairOf(file).access_token })
    res.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const useUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { tokens, dir, file, uses, useUrl }
}

function pairOf(file: string) {
  return JSON.parse(readFileSync(file, 'utf8')) as { access_token: string; refresh_token: string }
}

function start(t: TestContext, dir: string, env: Record<string, string>) {
  const program = spawn(process.execPath, [child], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir, DATA_DIR: dir, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const closed = once(program, 'close')
  t.after(async () => {
    program.kill('SIGKILL')
    await closed
  })
  return { kill: () => program.kill('SIGKILL'), closed }
}

test('contract §5.9, row 55: two processes on one file take turns: no spent token is ever shown', async (t) => {
  const { tokens, dir, uses, useUrl } = await shared(t)

  const env = { USE_URL: useUrl, ROUNDS: '20' }
  const both = [start(t, dir, env), start(t, dir, env)]
  const codes = await Promise.all(both.map(async ({ closed }) => (await closed)[0] as unknown))

  assert.deepEqual(codes, [0, 0])
  assert.deepEqual(tokens.reused, [])
  assert.ok(uses.length >= 40)
})

/** Two chains at once, since most of the time goes into starting processes. */
describe('killed at 24 random moments', { concurrency: 2 }, () => {
  for (const chain of ['first', 'second']) {
    test(`row 51: the file is whole, and no token was used before it was there (${chain} chain)`, async (t) => {
      const { tokens, dir, file, uses, useUrl } = await shared(t)
      tokens.grace = true

      for (let life = 0; life < 12; life += 1) {
        const asked = tokens.requests.length
        const program = start(t, dir, { USE_URL: useUrl })
        while (tokens.requests.length === asked) await wait(1)
        await wait(Math.random() * 15)
        program.kill()
        await program.closed
        assert.ok(pairOf(file).refresh_token, 'the file is whole')
      }
      // on a busy machine none may have lived long enough to use its token
      start(t, dir, { USE_URL: useUrl })
      await until(() => uses.length > 0)

      assert.deepEqual(tokens.reused, [])
      for (const { token, onDisk } of uses) assert.equal(token, onDisk)
      assert.ok(tokens.refreshes >= 12, `${tokens.refreshes} renewals`)
    })
  }
})
