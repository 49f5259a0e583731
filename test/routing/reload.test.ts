/** What is under way when the configuration changes: it ends with the account, the key and the counts that it began with. */
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { runProgram } from '../helpers/program.ts'
import { post } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'
import { accountOf, good, question, spent } from './setting.ts'

const keys = { alice: 'k-alice-3f9a1c7e55', bob: 'k-bob-3f9a1c7e5500' }

test('contract §17.12: a stream goes on whose account, client key and usage a reload takes away', async (t) => {
  const gate = deferred()
  const tokens = await startTokenServer(t)
  const events = anthropicStream({ text: ['Hel', 'lo.'] })
  const upstream = await startUpstream(t, ({ body }) =>
    body.includes('"stream":true')
      ? { sse: [...events.slice(0, 3), { until: gate.promise }, ...events.slice(3)] }
      : { body: anthropicMessage({ text: ['Hi.'] }) },
  )
  const config = (accounts: object[], aliceIsIn: boolean) => ({
    port: 0,
    system_prompt: '',
    accounts,
    endpoints: [
      {
        name: 'claude',
        type: 'anthropic',
        base_url: upstream.url,
        accounts: accounts.map((one) => (one as { name: string }).name),
      },
    ],
    models: [{ name: 'Claude', id: question.model, type: 'anthropic' }],
    clients: [
      { name: 'alice', key: keys.alice, enabled: aliceIsIn },
      { name: 'bob', key: keys.bob },
    ],
    usage: { enabled: aliceIsIn },
  })
  const login = { name: 'work', login: tokens.refreshToken, token_url: tokens.url }
  const program = runProgram(t, { config: config([login], true) })
  const url = await program.url()
  const ask = (key: string, more: object = {}) =>
    post(`${url}/v1/messages`, { ...question, ...more }, { 'x-api-key': key })

  const streaming = await ask(keys.alice, { stream: true })
  const file = path.join(program.dir, 'config.json')
  writeFileSync(file, JSON.stringify(config([{ name: 'other', key: 'key-of-other-1' }], false)))
  program.process.kill('SIGHUP')
  await program.line('configuration read again')
  const [ofAlice, ofBob] = [await ask(keys.alice), await ask(keys.bob)]
  gate.resolve()

  assert.equal(await streaming.text(), events.join(''))
  assert.deepEqual([ofAlice.status, ofBob.status], [401, 200])
  const used = upstream.requests.map(({ headers }) => headers.authorization)
  assert.deepEqual(used, [`Bearer ${tokens.accessToken}`, 'Bearer key-of-other-1'])
  const kept = path.join(program.dir, 'data', 'accounts', 'work.json')
  assert.equal(statSync(kept).mode & 0o777, 0o600)
  await until(async () => {
    const report = await (await fetch(`${url}/usage?by=client`)).json()
    const { rows } = report as { rows: { client: string; requests: number }[] }
    return rows.length === 1 && rows[0]?.client === 'alice' && rows[0].requests === 1
  })
})

test('contract §17.12: SIGHUP ends the rests of accounts, and one that is refused again rests again', async (t) => {
  let isPaid = false
  const upstream = await startUpstream(t, (request) =>
    accountOf(request) === 'two' || isPaid ? good : spent,
  )
  const accounts = ['one', 'two']
  const program = runProgram(t, {
    config: {
      port: 0,
      system_prompt: '',
      accounts: accounts.map((name) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })),
      endpoints: [{ name: 'claude', type: 'anthropic', base_url: upstream.url, accounts }],
      models: [{ name: 'Claude', id: question.model, type: 'anthropic' }],
    },
  })
  const url = await program.url()
  const ask = async () => {
    const before = upstream.requests.length
    assert.equal((await post(`${url}/v1/messages`, question)).status, 200)
    return upstream.requests.slice(before).map(accountOf)
  }
  const hangUp = async () => {
    const told = program.stdout().split('may be tried again').length
    program.process.kill('SIGHUP')
    await until(() => program.stdout().split('may be tried again').length > told)
  }

  assert.deepEqual(await ask(), ['one', 'two'])
  assert.deepEqual(await ask(), ['two'])
  await hangUp()
  assert.deepEqual(await ask(), ['one', 'two'])
  assert.deepEqual(await ask(), ['two'])
  isPaid = true
  await hangUp()
  assert.deepEqual(await ask(), ['one'])
})
