/** Credentials in the wrong place: what would be told to a vendor whose it is not, and what no token server takes. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(env: Record<string, string>, file: unknown = {}) {
  const dir = tempDir()
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(file))
  const flags = { config: 'config.json' }
  return loadConfig({ flags, env, cwd: dir, packageDir, homeDir: dir })
}

const of = (preset: string, more: object = {}) => ({
  endpoints: [{ name: 'there', preset, ...more }],
  models: [],
})

const toOthers: [what: string, env: Record<string, string>, file: object, said: RegExp][] = [
  [
    "Anthropic's in the variable of Factory",
    { FACTORY_API_KEY: 'sk-ant-api03-secret' },
    {},
    /^FACTORY_API_KEY begins like a key of anthropic, and goes to api\.factory\.ai \(endpoint anthropic\)/,
  ],
  [
    'one of several accounts',
    { FACTORY_API_KEY: 'fk-secret,sk-or-v1-secret' },
    {},
    /^the key of the account account-2 begins like a key of openrouter, and goes to api\.factory\.ai/,
  ],
  [
    "OpenAI's in the variable of Anthropic",
    { ANTHROPIC_API_KEY: 'sk-proj-secret' },
    of('anthropic'),
    /^ANTHROPIC_API_KEY begins like a key of openai, and goes to api\.anthropic\.com/,
  ],
  [
    'an account of the file',
    {},
    {
      accounts: [{ name: 'own', key: 'gsk_secret' }],
      ...of('xai', { accounts: ['own'] }),
    },
    /^the key of the account own begins like a key of groq, and goes to api\.x\.ai/,
  ],
]

for (const [what, env, file, said] of toOthers) {
  test(`contract §3.20: a key that would go to another vendor is a warning: ${what}`, () => {
    const warnings = load(env, file).warnings.filter((text) => text.includes('begins like a key'))

    assert.match(warnings[0] ?? '', said)
    assert.doesNotMatch(warnings.join(), /secret/)
  })
}

const wellPlaced: [what: string, env: Record<string, string>, file: object][] = [
  ['its own vendor', { ANTHROPIC_API_KEY: 'sk-ant-api03-x1' }, of('anthropic')],
  ['a form that several have', { OPENAI_API_KEY: 'sk-0123456789' }, of('openai')],
  [
    'a gateway of nobody known',
    { ANTHROPIC_API_KEY: 'sk-or-v1-x1' },
    of('anthropic', { base_url: 'https://gateway.example' }),
  ],
  ['a server of this machine', { ANTHROPIC_API_KEY: 'sk-ant-x1' }, of('ollama')],
]

for (const [what, env, file] of wellPlaced) {
  test(`a key is where it belongs: ${what}`, () => {
    assert.deepEqual(
      load(env, file).warnings.filter((text) => text.includes('begins like')),
      [],
    )
  })
}

const noTokens: [what: string, text: string, said: RegExp][] = [
  ['a whole auth file', '{"refresh_token":"s3cret","x":1}', / holds JSON; /],
  ['the same in quotes', '\'{"refresh_token":"s3cret"}\'', / holds JSON; /],
  ['the path of a file', '~/.factory/s3cret.json', / names a file; its path goes into /],
  ['a key', 'fk-s3cret0123', / holds a key of Factory, which goes into /],
]

for (const [what, text, said] of noTokens) {
  test(`contract §3.20: ${what} is no refresh token, and none is spent on it`, () => {
    const account = { accounts: [{ name: 'own', login: text }] }
    for (const read of [() => load({ DROID_REFRESH_KEY: text }), () => load({}, account)]) {
      assert.throws(read, (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.faults.length, 1)
        assert.match(error.faults[0]!, said)
        assert.doesNotMatch(error.message, /s3cret/)
        return true
      })
    }
  })
}

const twice = [
  { name: 'one', preset: 'ollama' },
  { name: 'one', preset: 'anthropic' },
]

test('contract §3.11: a model names an endpoint that is there once, or the start stops', () => {
  const model = { name: 'C', id: 'c', type: 'anthropic', endpoint: 'one' }
  const file = { endpoints: twice, models: [model] }

  assert.throws(() => load({}, file), /endpoints\[1\]\.name is "one" a second time/)
})

test('contract §3.11: two endpoints of one name that no model names are a warning', () => {
  const { warnings } = load({ ANTHROPIC_API_KEY: 'x1' }, { endpoints: twice, models: [] })

  assert.match(warnings.join('\n'), /endpoints\[1\]\.name is "one" a second time; nobody can tell/)
})
