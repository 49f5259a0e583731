/** Whose credential an endpoint gets, as its configuration says: what is left out, and what cannot be meant. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemPromptOf } from '../../lib/config/models.ts'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

/** A configuration of this endpoint and what else the file says. */
function load(
  t: TestContext,
  endpoint: object,
  { env = {}, ...file }: { env?: Record<string, string>; system_prompt?: string } = {},
) {
  const dir = tempDir()
  const name = path.join(dir, 'config.json')
  const endpoints = [{ name: 'own', type: 'anthropic', base_url: 'https://own.test', ...endpoint }]
  const models = [{ name: 'M', id: 'm', type: 'anthropic' }]
  writeFileSync(name, JSON.stringify({ endpoints, models, ...file }))
  return loadConfig({ flags: { config: name }, env, cwd: dir, packageDir, homeDir: dir })
}

const hosts: [base_url: string, auth: string][] = [
  ['https://api.factory.ai/api/llm/a/v1/messages', 'account'],
  ['https://API.Factory.AI/x', 'account'],
  ['https://api.factory.ai:443', 'account'],
  ['http://api.factory.ai/api/llm/a/v1/messages', 'client'],
  ['https://api.factory.ai:8443/x', 'client'],
  ['https://api.factory.ai./x', 'client'],
  ['https://api.factory.ai.evil.test/x', 'client'],
  ['https://api.factory.ai@evil.test/x', 'client'],
  ['https://evil.test/https://api.factory.ai/x', 'client'],
  ['https://app.factory.ai/x', 'client'],
  ['https://xapi.factory.ai/x', 'client'],
  ['https://openrouter.test/api', 'client'],
  ['http://localhost:11434/v1', 'client'],
]
for (const [base_url, auth] of hosts) {
  test(`contract §11.2: auth left out, at ${base_url}, means ${auth}`, (t) => {
    const { config } = load(t, { base_url })

    assert.equal(config.endpoints[0]?.auth, auth)
  })
}

test('contract §11.2: an auth that is written holds at any host', (t) => {
  for (const auth of ['account', 'client', 'none']) {
    assert.equal(load(t, { auth }).config.endpoints[0]?.auth, auth)
  }
})

/** Written where they would be ignored, and another credential would go instead. */
const secretKeys =
  'api_key apiKey key token API_KEY api-key authorization secret password bearer auth_token accessToken apikey api_keys x-api-key clientSecret credentials'
for (const key of secretKeys.split(' ')) {
  test(`contract §11.3: ${key} inside an endpoint is a fault that names auth and hides the value`, (t) => {
    const { message } = faultOf(() => load(t, { [key]: 'sk-hidden-1' }))

    assert.match(message, /config\.json: endpoints\[0\]\..*put the key into a variable.* in auth/)
    assert.ok(message.includes(key))
    assert.doesNotMatch(message, /hidden/)
  })
}

test('contract §11.3: a misspelt or newer key of an endpoint stays a warning', (t) => {
  const { warnings } = load(t, { heders: {}, max_tokens: 5, keyboard: 1, tokenizer: 'x' })

  assert.equal(warnings.filter((warning) => warning.includes('unknown key')).length, 4)
})

const pasted = [
  'sk-ant-api03-hidden',
  'hidden key',
  'Bearer hidden',
  '$HIDDEN_KEY',
  'hf_hiddenHIDDENhidden1234567890abc',
  'AIzaSyhidden0123456789abcdefghijklmnopq',
  '0hidden',
  'hidden0123456789abcdef0123456789',
]
for (const env of pasted) {
  test(`contract §11.4: a key in the place of a variable’s name is a fault, unprinted: ${env.replace(/hidden/gi, '…')}`, (t) => {
    const { message } = faultOf(() => load(t, { auth: { env } }))

    assert.match(message, /config\.json: endpoints\[0\]\.auth\.env is not the name of a variable/)
    assert.doesNotMatch(message, /hidden/i)
  })
}

test('contract §11.4: names of variables pass, also in small letters and not set', (t) => {
  for (const env of ['MY_KEY', 'my_key', '_K2', 'KEY', 'openrouter_api_key_of_the_team_2']) {
    assert.match(load(t, { auth: { env } }).warnings.join(), new RegExp(`${env} is not set`))
  }
})

test('contract §11.4: a key in the place of auth itself, or in the name of a header, is not printed', (t) => {
  for (const endpoint of [
    { auth: 'sk-hidden-1' },
    { auth: { key: 'sk-hidden-1' } },
    { auth: { env: 'MY_KEY', header: 'x-api-key: hidden' } },
    { headers: { 'Authorization: Bearer hidden': '' } },
    { headers: { Authorization: 'Bearer hid\nden' } },
  ]) {
    const { message } = faultOf(() => load(t, endpoint))
    assert.doesNotMatch(message, /hid/, JSON.stringify(endpoint))
    assert.match(message, /auth|headers/)
  }
})

test('contract §11.1: a key in an endpoint’s headers is its credential; auth beside it is said to have no effect', (t) => {
  const headers = { 'X-API-Key': 'hidden-key-of-mine' }
  const alone = load(t, { headers, base_url: 'https://api.factory.ai/x' })
  const beside = load(t, { headers, auth: 'account' })
  const empty = load(t, { headers: { authorization: ' ' } })

  assert.equal(alone.config.endpoints[0]?.auth, 'none')
  assert.deepEqual(alone.warnings, [])
  assert.equal(beside.config.endpoints[0]?.auth, 'none')
  assert.match(beside.warnings.join(), /own has a key in its headers.*"account" has no effect/)
  assert.doesNotMatch(beside.warnings.join(), /hidden/)
  assert.equal(empty.config.endpoints[0]?.auth, 'client')
})

const shipped = 'You are Droid, an AI software engineering agent built by Factory.\n\n'
const prompts: [what: string, endpoint: object, file: { system_prompt?: string }, sent: string][] =
  [
    ['the shipped one goes to the account', { auth: 'account' }, {}, shipped],
    ['the shipped one goes to nobody else', { auth: 'client' }, {}, ''],
    ['nor to an endpoint without credential', { auth: 'none' }, {}, ''],
    ['nor to one with a key of its own', { auth: { env: 'MY_KEY' } }, {}, ''],
    ['nor where the file repeats it', { auth: 'client' }, { system_prompt: shipped }, ''],
    ['the operator’s goes to all', { auth: 'client' }, { system_prompt: 'Be brief.' }, 'Be brief.'],
    [
      'an endpoint’s own goes before both',
      { auth: 'account', system_prompt: 'Mine.' },
      { system_prompt: 'Be brief.' },
      'Mine.',
    ],
    ['an endpoint may have the shipped one', { auth: 'none', system_prompt: shipped }, {}, shipped],
  ]
for (const [what, endpoint, file, sent] of prompts) {
  test(`contract §11.5: of the system prompts ${what}`, (t) => {
    const { config } = load(t, endpoint, file)

    assert.equal(systemPromptOf(config, config.endpoints[0]!), sent)
  })
}

function faultOf(act: () => unknown): ConfigError {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  return assert.fail('no fault of the configuration')
}
