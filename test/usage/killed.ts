/**
 * The built program, killed again and again under load: with two logins that are renewed all the time, a client with limits,
 * and a flush of usage each second.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { UsageFolder } from '../../lib/usage/folder.ts'
import type { Row } from '../../lib/usage/row.ts'
import { runProgram, type Program } from '../helpers/program.ts'
import { post } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const key = 'a-key-of-alice-for-this-test'
const names = ['work', 'spare']
const ask = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hi' }],
}
/** A flush each second, and the time that one takes where the machine is busy. */
const flushMs = 3_000
const clients = 4

/** Checks after each death what is left of it; in the end both logins serve. */
export async function surviveDeaths(t: TestContext, deaths: number): Promise<void> {
  const { dir, servers, start } = await setting(t)
  let least = 0
  for (let death = 0; death < deaths; death += 1) {
    const program = start()
    const url = await program.url()
    assert.equal(await usedToday(url), least, 'a counter begins with what was kept')
    const { done, safe } = await loadedUntilDeath(program, url)

    const now = sum(await kept(dir))
    assert.ok(now >= least + safe, `${now} kept, at least ${least + safe} should be`)
    // each client's last one may have been counted before it knew
    assert.ok(now <= least + done + clients, `${now} kept, ${least + done} were asked`)
    least = now
  }
  assert.ok(least > 0)

  const url = await start().url()
  assert.deepEqual([await asked(url), await asked(url), await asked(url)], [200, 200, 200])
  const { accounts } = (await (await fetch(`${url}/health`)).json()) as {
    accounts: { name: string; state: string }[]
  }
  const states = accounts.map(({ name, state }) => [name, state])
  assert.deepEqual(
    states,
    names.map((name) => [name, 'ok']),
  )
  for (const { reused, refreshes } of servers) {
    assert.deepEqual(reused, [])
    t.diagnostic(`${refreshes} renewals`)
    assert.ok(refreshes > 1, `${refreshes} renewals`)
  }
}

async function setting(t: TestContext) {
  const servers = [await startTokenServer(t), await startTokenServer(t)]
  // an answer of the token server may die with the process
  for (const server of servers) server.grace = true
  const used = new Map<string, number>()
  const upstream = await startUpstream(t, ({ headers }) =>
    answerTo(headers.authorization, servers, used),
  )
  const dir = tempDir()
  const config = {
    system_prompt: '',
    accounts: servers.map(({ url, refreshToken }, at) => ({
      name: names[at],
      login: refreshToken,
      token_url: url,
    })),
    endpoints: [
      {
        name: 'claude',
        type: 'anthropic',
        base_url: upstream.url,
        accounts: names,
        choose: 'round-robin',
      },
    ],
    models: [{ name: 'Claude', id: ask.model, type: 'anthropic' }],
    clients: [{ name: 'alice', key, requests_per_day: 1_000_000 }],
    usage: { flush_s: 1 },
  }
  const start = () => runProgram(t, { config, env: { DATA_DIR: dir } })
  return { dir, servers, start }
}

const uses = 40

/** Takes the newest token alone, and that for some requests: then it has to be renewed. */
function answerTo(
  authorization: string | undefined,
  servers: readonly TokenServer[],
  used: Map<string, number>,
) {
  const server = servers.find(({ accessToken }) => authorization === `Bearer ${accessToken}`)
  if (!server) return { status: 401, body: { error: { type: 'authentication_error' } } }
  const times = (used.get(server.accessToken) ?? 0) + 1
  used.set(server.accessToken, times)
  if (times === uses) server.revokeAccess()
  return { body: anthropicMessage({ text: ['Hi'], usage: { input_tokens: 3, output_tokens: 1 } }) }
}

/** `done`: requests that were answered; `safe`: those that some flush must have written down. */
async function loadedUntilDeath(program: Program, url: string) {
  const endings: number[] = []
  /** an early death may leave none */
  const statuses = new Set([200])
  const load = Array.from({ length: clients }, async () => {
    for (;;) {
      const status = await asked(url).catch(() => undefined)
      if (status === undefined) return
      statuses.add(status)
      endings.push(performance.now())
      await wait(5)
    }
  })
  await wait(300 + Math.random() * 5000)
  program.process.kill('SIGKILL')
  const killedAt = performance.now()
  await program.exit
  await Promise.all(load)
  assert.deepEqual([...statuses], [200])
  return { done: endings.length, safe: endings.filter((ms) => ms < killedAt - flushMs).length }
}

async function asked(url: string): Promise<number> {
  const answer = await post(`${url}/v1/messages`, ask, { 'x-api-key': key })
  await answer.text()
  return answer.status
}

async function usedToday(url: string): Promise<number> {
  const answer = await fetch(`${url}/usage/me`, { headers: { 'x-api-key': key } })
  return ((await answer.json()) as { today: { requests: number } }).today.requests
}

async function kept(dir: string): Promise<Row[]> {
  const folder = new UsageFolder(path.join(dir, 'usage'), Date.now)
  return await folder.rows('0000-01-01', '9999-12-31')
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((all, { requests }) => all + requests, 0)
}
