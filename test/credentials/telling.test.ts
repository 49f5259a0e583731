/** Whose credential goes where is told by `check` and at the start; of an account that nobody uses nothing is told. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'

const models = [{ name: 'M', id: 'm', type: 'common', endpoint: 'ollama' }]

const endpoints = [
  { name: 'ollama', base_url: 'http://localhost:11434/v1/chat/completions', auth: 'none' },
  { name: 'x', base_url: 'https://user:hidden@x.test/v1' },
  { name: 'mine', base_url: 'https://mine.test/v1?key=hidden', auth: { env: 'MY_KEY' } },
  { name: 'unset', base_url: 'https://unset.test/v1', auth: { env: 'OTHER_KEY' } },
  { name: 'written', base_url: 'https://written.test', headers: { 'x-api-key': 'hidden-key' } },
]
const own = { endpoints, models }
const withAccount = {
  endpoints: [...endpoints, { name: 'factory', base_url: 'https://api.factory.ai/x' }],
  models,
}

const lines = [
  'endpoint ollama (http://localhost:11434/v1/chat/completions): no credential',
  "endpoint x (https://x.test): the client's own key",
  'endpoint mine (https://mine.test): $MY_KEY',
  'endpoint unset (https://unset.test): $OTHER_KEY, which is not set',
  'endpoint written (https://written.test): the key in its headers (x-api-key)',
]
/** On a terminal, with the host alone. */
const shortLines = [
  'ollama (localhost:11434): no credential',
  "x (x.test): the client's own key",
  'mine (mine.test): $MY_KEY',
  'unset (unset.test): $OTHER_KEY, which is not set',
  'written (written.test): the key in its headers (x-api-key)',
]
const env = { MY_KEY: 'hidden-in-the-environment' }

async function check(t: TestContext, options: ProgramOptions): Promise<string> {
  const program = runProgram(t, { args: ['check'], ...options })
  await program.exit
  return program.stdout() + program.stderr()
}

test('contract §11: check, the start and the log say for each endpoint whose credential goes there', async (t) => {
  const checked = await check(t, { config: own, env })
  const terminal = runProgram(t, { config: own, env, terminal: true })
  const piped = runProgram(t, { config: own, env })
  await terminal.url()
  await piped.url()

  for (const line of lines) {
    assert.ok(checked.includes(`ok      ${line}\n`), checked)
    await piped.line(line)
  }
  for (const line of shortLines) {
    assert.ok(terminal.stdout().includes(`\n${line}\n`), terminal.stdout())
  }
  for (const said of [checked, terminal.stdout(), piped.stdout()]) {
    assert.doesNotMatch(said, /hidden/)
  }
})

test('contract §11: the account’s endpoint says what goes there with an account and without', async (t) => {
  const present = await check(t, {
    config: withAccount,
    env: { FACTORY_API_KEY: 'fk-the-account' },
  })
  const absent = await check(t, { config: withAccount })

  assert.match(
    present,
    /ok +endpoint factory \(https:\/\/api\.factory\.ai\): the account's token\n/,
  )
  assert.match(absent, /ok +endpoint factory .*: the client's own key \(no account\)\n/)
})

test('contract §3.15, contract §13.6: with own keys alone neither check, the start, env nor /health speaks of an account', async (t) => {
  const checked = await check(t, { config: own, env })
  const note = await check(t, { args: ['env', 'openai'], config: own, env })
  const upstreamKey = {
    ...own,
    models: [{ name: 'M', id: 'm', type: 'common', endpoint: 'x' }],
  }
  const needed = await check(t, { args: ['env', 'openai'], config: upstreamKey, env })
  const program = runProgram(t, { config: own, env, terminal: true })
  const url = await program.url()
  const health = await (await fetch(`${url}/health`)).text()

  for (const said of [checked, note, needed, program.stdout(), health]) {
    assert.doesNotMatch(said, /account|FACTORY|DROID_REFRESH/i)
  }
  assert.match(needed, /Set DROID2API_KEY to your own key for the upstream/)
  assert.match(health, /"status":"ok"/)
})

test('contract §13.6: with own keys alone the error of a request that lacks a key does not speak of an account', async (t) => {
  const { url } = await startProxy(t, {
    config: { ...own, models: [{ name: 'M', id: 'm', type: 'common', endpoint: 'x' }] },
  })

  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
  })
  const said = await answer.text()

  assert.equal(answer.status, 401)
  assert.match(said, /No credential for the upstream x\. Send your own key as/)
  assert.doesNotMatch(said, /account|FACTORY|auth file/i)
})

test('contract §11: a login that no endpoint uses is not renewed, and its troubles degrade nothing', async (t) => {
  const tokens = await startTokenServer(t)
  tokens.faults.push({ status: 500, body: '' }, { status: 500, body: '' })
  const program = runProgram(t, {
    config: own,
    env: { ...env, DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
  })
  const url = await program.url()

  const ready = await fetch(`${url}/ready`)
  const health = await (await fetch(`${url}/health`)).text()

  assert.equal(ready.status, 200)
  assert.match(health, /"status":"ok"/)
  // a renewal that is under way would be waited for
  program.process.kill('SIGTERM')
  assert.equal(await program.exit, 0)
  assert.equal(tokens.requests.length, 0)
})

test('contract §11: a reload that brings an endpoint of the account begins to renew its login', async (t) => {
  const tokens = await startTokenServer(t)
  const program = runProgram(t, {
    config: own,
    env: { ...env, DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
  })
  await program.url()
  writeFileSync(`${program.dir}/config.json`, JSON.stringify(withAccount))

  program.process.kill('SIGHUP')
  await program.line('configuration read again')

  await until(() => tokens.refreshes === 1)
})

test('contract §11: on a terminal endpoints that get the same credential share a line', async (t) => {
  const both = ['one', 'other'].map((name) => ({
    name,
    type: 'common',
    base_url: `https://${name}.test`,
    auth: 'client',
  }))
  const program = runProgram(t, {
    config: { port: 0, models: [{ name: 'M', id: 'm', type: 'common' }], endpoints: both },
    terminal: true,
  })
  await program.url()

  assert.ok(
    program.stdout().includes("\none, other (one.test, other.test): the client's own key\n"),
  )
})
