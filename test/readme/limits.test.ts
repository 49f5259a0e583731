/** What the READMEs say of a 429: who gave it is seen from its headers and its message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { at, exampleOf, variablesOf } from './operating-page.ts'

const key = { 'x-api-key': 'key-of-alice-3f9a1c' }
const hello = { max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }
const spent = { status: 429, headers: { 'retry-after': '3600' }, body: { error: {} } }
const env = { FACTORY_API_KEY: 'fk-of-the-account' }

test('README: a 429 of the provider names its endpoint and keeps its time to wait', async (t) => {
  const upstream = await startUpstream(t, () => spent)
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url), env })
  const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id

  const answer = await post(`${proxy.url}/v1/messages`, { ...hello, model })

  assert.equal(answer.status, 429)
  assert.ok(answer.headers.get('x-droid2api-endpoint'))
  assert.equal(answer.headers.get('retry-after'), '3600')
})

test('README: a 429 for a client key names the key and no endpoint', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hello.'] }) }))
  const clients = [{ name: 'alice', key: key['x-api-key'], requests_per_minute: 1 }]
  const config = { ...oneUpstream(upstream.url), clients }
  const proxy = await startProxy(t, { config, env })
  const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id

  await (await post(`${proxy.url}/v1/messages`, { ...hello, model }, key)).text()
  const answer = await post(`${proxy.url}/v1/messages`, { ...hello, model }, key)

  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('x-droid2api-endpoint'), null)
  assert.match(await answer.text(), /The client alice has reached its limit/)
})

test('README: a 429 while all accounts rest says so and names no endpoint', async (t) => {
  const config = exampleOf('Accounts')
  const upstream = await startUpstream(t, () => spent)
  const variables = variablesOf(config)
  const proxy = await startProxy(t, { config: at(upstream.url, config), env: variables })
  const ask = () => post(`${proxy.url}/v1/messages`, { ...hello, model: 'claude-sonnet-5-5' })

  await (await ask()).text()
  const answer = await ask()

  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('x-droid2api-endpoint'), null)
  assert.match(await answer.text(), /accounts are cooling down/)
})
