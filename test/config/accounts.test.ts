/** What is wrong with accounts and fallbacks: each told with its place, and never with a secret. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { systemPromptOf } from '../../lib/config/models.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(config: Record<string, unknown>, env: Record<string, string> = {}) {
  const dir = tempDir()
  const file = path.join(dir, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  return loadConfig({
    flags: { config: file },
    env: { DATA_DIR: dir, ...env },
    cwd: dir,
    packageDir,
    homeDir: dir,
  })
}

function faultsOf(config: Record<string, unknown>, env?: Record<string, string>): string[] {
  try {
    load(config, env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults.map((fault) => fault.replace(/^.*config\.json: /, ''))
  }
}

const one = { name: 'one', key: 'key-of-one-1' }
const endpoint = { name: 'e', type: 'common', base_url: 'https://e.example', accounts: ['one'] }
const model = { name: 'M', id: 'm', type: 'common' }
const whole = { accounts: [one], endpoints: [endpoint], models: [model] }

const faulty: [what: string, config: Record<string, unknown>, fault: RegExp][] = [
  [
    'two names alike',
    { ...whole, accounts: [one, { name: 'one', key: 'k-2' }] },
    /^accounts\[1\]\.name is "one" a second time$/,
  ],
  [
    'one key twice',
    { ...whole, accounts: [one, { ...one, name: 'two' }] },
    /^accounts\[1\] is the same account as accounts\[0\]$/,
  ],
  [
    'a mail address',
    { ...whole, accounts: [one, { name: 'me@x.org', key: 'k-2' }] },
    /^accounts\[1\]\.name must be 1 to 32 of/,
  ],
  [
    'no credential',
    { ...whole, accounts: [{ name: 'one' }] },
    /^accounts\[0\] needs exactly one of login, file and key; it has 0$/,
  ],
  [
    'two credentials',
    { ...whole, accounts: [{ ...one, file: 'a.json' }] },
    /needs exactly one of login, file and key; it has 2$/,
  ],
  [
    'an example',
    { ...whole, accounts: [{ name: 'one', key: 'your_key_here' }] },
    /^accounts\[0\]\.key is an example value$/,
  ],
  [
    'several in one',
    { ...whole, accounts: [{ name: 'one', login: 'rt-1,rt-2' }] },
    /^accounts\[0\]\.login holds several values/,
  ],
  [
    'a header of two words',
    { ...whole, accounts: [{ ...one, header: 'x key' }] },
    /^accounts\[0\]\.header is not a header name$/,
  ],
  [
    'an address of files',
    { ...whole, accounts: [{ ...one, token_url: 'file:///x' }] },
    /^accounts\[0\]\.token_url is not an http/,
  ],
  [
    'a number for a key',
    { ...whole, accounts: [{ name: 'one', key: 12345 }] },
    /^accounts\[0\]\.key: expected a text$/,
  ],
  [
    'an unknown account',
    { ...whole, endpoints: [{ ...endpoint, accounts: ['onn'] }] },
    /^endpoints\[0\]\.accounts\[0\] is "onn", but no account has that name \(did you mean one\?\)$/,
  ],
  [
    'an account twice',
    { ...whole, endpoints: [{ ...endpoint, accounts: ['one', 'one'] }] },
    /^endpoints\[0\]\.accounts\[1\] is "one" a second time$/,
  ],
  [
    'an empty list',
    { ...whole, endpoints: [{ ...endpoint, accounts: [] }] },
    /^endpoints\[0\]\.accounts is empty/,
  ],
  [
    'auth beside accounts',
    { ...whole, endpoints: [{ ...endpoint, auth: 'client' }] },
    /^endpoints\[0\] has both auth and accounts/,
  ],
  [
    'a key header beside accounts',
    { ...whole, endpoints: [{ ...endpoint, headers: { 'x-api-key': 'k' } }] },
    /^endpoints\[0\] has accounts and a key in its headers \(x-api-key\)/,
  ],
  [
    'a choice of nothing',
    { ...whole, endpoints: [{ ...endpoint, accounts: undefined, choose: 'sticky' }] },
    /^endpoints\[0\]\.choose needs accounts to choose from/,
  ],
  [
    'another choice',
    { ...whole, endpoints: [{ ...endpoint, choose: 'random' }] },
    /^endpoints\[0\]\.choose is "random", expected one of "first", "sticky", "round-robin"$/,
  ],
  [
    'a fallback to itself',
    { ...whole, models: [{ ...model, fallback: ['m'] }] },
    /^models\[0\]\.fallback\[0\] is "m", the model itself$/,
  ],
  [
    'an unknown fallback',
    { ...whole, models: [{ ...model, fallback: ['mm'] }] },
    /^models\[0\]\.fallback\[0\] is "mm", but no model has that name \(did you mean m\?\)$/,
  ],
  [
    'no attempt at all',
    { ...whole, retry: { attempts: 0 } },
    /^retry\.attempts is 0, expected a number >= 1$/,
  ],
]

for (const [what, config, fault] of faulty) {
  test(`contract §17.1: ${what} is a fault that names its place`, () => {
    const faults = faultsOf(config)

    assert.ok(
      faults.some((text) => fault.test(text)),
      faults.join('\n'),
    )
    assert.ok(!faults.some((text) => text.includes('key-of-one-1')))
  })
}

test('contract §17.1: a right configuration of accounts has no fault, and its paths begin at the file', () => {
  const { config, warnings } = load({
    ...whole,
    accounts: [one, { name: 'two', file: 'login.json', enabled: false }],
    models: [
      { ...model, fallback: ['n'] },
      { ...model, id: 'n', fallback: ['m'] },
    ],
  })

  assert.deepEqual(warnings, [])
  assert.equal(config.accounts[1]?.file, path.join(path.dirname(config.file), 'login.json'))
  assert.deepEqual(config.retry, { wait_s: 5, attempts: 3 })
})

test('contract §17: a reference in an account is a secret to the log', () => {
  const accounts = [{ name: 'one', login: '${MY_LOGIN}' }]
  const { config } = load({ ...whole, accounts }, { MY_LOGIN: 'rt-very-secret' })

  assert.deepEqual(config.file_secrets, ['rt-very-secret'])
  assert.deepEqual(faultsOf({ ...whole, accounts: [{ name: 'one', login: '$MY_LOGIN' }] }), [
    'accounts[0].login is a reference as other programs write it; here it is ${NAME} or ${file:/path}',
  ])
})

test('contract §17: the shipped prompt goes along with a login, not with a key', () => {
  const promptWith = (account: Record<string, unknown>) => {
    const { config } = load({ ...whole, accounts: [{ name: 'one', ...account }] })
    return systemPromptOf(config, config.endpoints[0]!)
  }

  assert.match(promptWith({ login: 'rt-of-one-1' }), /^You are Droid/)
  assert.equal(promptWith({ key: 'key-of-one-1' }), '')
})
