/** Usage over the life of processes: killed, stopped, side by side. The program as it is built, on real files. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { UsageFolder } from '../../lib/usage/folder.ts'
import type { Row } from '../../lib/usage/row.ts'
import { post } from '../helpers/proxy.ts'
import { runProgram, type Program } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { until } from '../helpers/until.ts'
import { surviveDeaths } from './killed.ts'
import { models, startMetered } from './metered-upstream.ts'

const key = 'a-key-of-alice-for-this-test'
const ask = {
  model: models.anthropic,
  max_tokens: 9,
  messages: [{ role: 'user', content: 'END:whole' }],
}

async function starter(t: TestContext, more: Record<string, unknown> = {}) {
  const upstream = await startMetered(t, () => 1)
  const dir = tempDir()
  const clients = [{ name: 'alice', key, requests_per_day: 1000 }]
  const config = { ...upstream.config, clients, usage: { flush_s: 1 }, ...more }
  const env = { DATA_DIR: dir, KEY_OF_ANTHROPIC: 'key-of-the-upstream' }
  const keys = { KEY_OF_OPENAI: 'k', KEY_OF_COMMON: 'k', KEY_OF_GOOGLE: 'k' }
  const start = (set: Record<string, string> = {}) =>
    runProgram(t, { config, env: { ...env, ...keys, ...set } })
  return { dir, start }
}

async function asked(program: Program): Promise<number> {
  const answer = await post(`${await program.url()}/v1/messages`, ask, { 'x-api-key': key })
  await answer.text()
  return answer.status
}

async function kept(dir: string): Promise<Row[]> {
  const folder = new UsageFolder(path.join(dir, 'usage'), Date.now)
  return await folder.rows('0000-01-01', '9999-12-31')
}

async function requestsKept(dir: string): Promise<number> {
  return (await kept(dir)).reduce((sum, { requests }) => sum + requests, 0)
}

test('contract §15.3: counts are written down at the end of the process', async (t) => {
  const { dir, start } = await starter(t, { usage: { flush_s: 3600 } })
  const program = start()
  await asked(program)
  await asked(program)

  program.process.kill('SIGTERM')
  await program.exit

  const rows = await kept(dir)
  assert.deepEqual(
    rows.map(({ client, requests, input, account }) => [client, requests, input, account]),
    [['alice', 2, 2 * 4, 'key_of_anthropic']],
  )
})

test('contract §15.3: counts are on disk before running streams have ended, since whoever stops the process may not wait for these', async (t) => {
  const timeouts = { shutdown_s: 60 }
  const { dir, start } = await starter(t, { usage: { flush_s: 3600 }, timeouts })
  const program = start()
  await asked(program)
  const headers = { 'x-api-key': key }
  const endless = { ...ask, stream: true, messages: [{ role: 'user', content: 'END:left' }] }
  const open = await post(`${await program.url()}/v1/messages`, endless, headers)

  program.process.kill('SIGTERM')
  await until(async () => (await requestsKept(dir)) === 1)
  program.process.kill('SIGKILL')
  await program.exit

  await open.body?.cancel().catch(() => undefined)
  assert.equal(await requestsKept(dir), 1)
})

test('contract §15.3: kill -9 at random moments under load loses at most a flush of usage and no login, and counts never fall', async (t) => {
  await surviveDeaths(t, 4)
})

test('contract §15.3: two processes in one folder add up', async (t) => {
  const { dir, start } = await starter(t)
  const both = [start(), start()]

  for (let count = 0; count < 20; count += 1) await Promise.all(both.map(asked))
  await until(async () => (await requestsKept(dir)) === 40)

  for (const program of both) program.process.kill('SIGTERM')
  await Promise.all(both.map(({ exit }) => exit))
  assert.equal(await requestsKept(dir), 40)
  const [file] = readdirSync(path.join(dir, 'usage'))
  for (const line of readFileSync(path.join(dir, 'usage', file!), 'utf8')
    .trimEnd()
    .split('\n')) {
    assert.doesNotThrow(() => JSON.parse(line) as unknown, line)
  }
})

test('contract §14.5: today’s usage of a client counts for its limits after a restart', async (t) => {
  const clients = [{ name: 'alice', key, requests_per_day: 3 }]
  const { start } = await starter(t, { clients })
  const first = start()
  assert.deepEqual([await asked(first), await asked(first)], [200, 200])
  first.process.kill('SIGTERM')
  await first.exit

  const second = start()

  assert.deepEqual([await asked(second), await asked(second)], [200, 429])
})

test('contract §14.5: earlier counts do not count for limits where usage is off', async (t) => {
  const clients = [{ name: 'alice', key, requests_per_day: 2 }]
  const { start } = await starter(t, { clients })
  const first = start()
  assert.deepEqual([await asked(first), await asked(first)], [200, 200])
  first.process.kill('SIGTERM')
  await first.exit

  const second = start({ USAGE: 'off' })

  assert.deepEqual([await asked(second), await asked(second), await asked(second)], [200, 200, 429])
})
