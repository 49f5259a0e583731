/** The entries of `clients` and the names in API_KEYS, as people write them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(file: unknown, env: Record<string, string> = {}) {
  const dir = tempDir()
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(file))
  const flags = { config: 'config.json' }
  return loadConfig({ flags, env, cwd: dir, packageDir, homeDir: dir })
}

function faultOf(file: unknown, env: Record<string, string> = {}): string {
  try {
    load(file, env)
    return ''
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
}

const key = 'k-3f9a1c7e55d24b'
const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`
const alice = { name: 'alice', key }

function namesOf({ config }: ReturnType<typeof load>): string[] {
  return config.prepared.clientKeys.map(({ caller }) => caller.name)
}

test('contract §14.1: clients stand beside api_keys, which have numbers for names', () => {
  const loaded = load({ clients: [alice], api_keys: ['k-one-0815', 'k-two-0815'] })

  assert.deepEqual(namesOf(loaded), ['alice', 'key-1', 'key-2'])
})

test('contract §14.1: API_KEYS names keys, also hashes, and takes the place of api_keys alone', () => {
  const file = { clients: [alice], api_keys: ['k-of-the-file-1'] }

  const loaded = load(file, {
    API_KEYS: `bob=k-of-bob-0815,k-plain-0815,carl=sha256:${'a'.repeat(64)}`,
  })

  assert.deepEqual(namesOf(loaded), ['alice', 'bob', 'carl', 'key-1'])
  assert.deepEqual(loaded.warnings, [])
})

test('contract §14.1: a key that ends in =, as base64 does, has no name, and one that ends so may have one', () => {
  const { config } = load({}, { API_KEYS: 'c2VjcmV0LW9mLW91cnM==,bob=c2VjcmV0LW9mLWJvYg==' })

  assert.deepEqual(config.api_keys, ['c2VjcmV0LW9mLW91cnM=='])
  assert.deepEqual(config.clients, [{ name: 'bob', key: 'c2VjcmV0LW9mLWJvYg==', enabled: true }])
})

test('contract §14.1: a name that is none is told of, since it becomes a part of the key', () => {
  const { config, warnings } = load({}, { API_KEYS: 'Alice=k-3f9a1c7e55d24b' })

  assert.deepEqual(config.api_keys, ['Alice=k-3f9a1c7e55d24b'])
  assert.match(warnings.join(), /API_KEYS holds a key with a = in it/)
})

test('contract §14.1: a key may come from the environment, and is then kept out of faults', () => {
  const file = { clients: [{ name: 'alice', key: '${ALICE}' }] }

  assert.equal(load(file, { ALICE: key }).config.clients[0]?.key, key)
  assert.match(faultOf(file), /clients\[0\]\.key refers to the variable ALICE, which is not set/)
  assert.match(
    faultOf({ clients: [{ name: 'alice', key: '$ALICE' }] }),
    /clients\[0\]\.key is a reference as other programs write it/,
  )
})

test('contract §14.1: Bearer is no part of a key', () => {
  const { config, warnings } = load({ clients: [{ name: 'alice', key: `Bearer ${key}` }] })

  assert.equal(config.clients[0]?.key, key)
  assert.match(warnings.join(), /clients\[0\]\.key begins with "Bearer"/)
})

const wrong: [what: string, file: unknown, fault: RegExp, env?: Record<string, string>][] = [
  [
    'two names alike',
    { clients: [alice, { name: 'alice', key: 'k-another-0815' }] },
    /clients\[1\]: name is "alice", the same as that of .*clients\[0\]/,
  ],
  [
    'the name of a numbered key',
    { clients: [{ name: 'key-1', key }], api_keys: ['k-another-0815'] },
    /clients\[0\]: name is "key-1", the same as that of one of api_keys/,
  ],
  [
    'a name of the file in the environment',
    { clients: [alice] },
    /environment: API_KEYS, alice: name is "alice", the same as that of .*clients\[0\]/,
    { API_KEYS: 'alice=k-another-0815' },
  ],
  [
    'two keys alike, one of them as its hash',
    { clients: [alice, { name: 'bob', key: hash.toUpperCase().replace('SHA', 'sha') }] },
    /clients\[1\]: key is that of .*clients\[0\], too/,
  ],
  [
    'a key of api_keys',
    { clients: [alice], api_keys: [hash] },
    /clients\[0\]: key is that of one of api_keys/,
  ],
  [
    'a mail address as a name',
    { clients: [{ name: 'a@b.c', key }] },
    /clients\[0\]: name is "a@b\.c", expected up to 32/,
  ],
  ['a long name', { clients: [{ name: 'a'.repeat(33), key }] }, /expected up to 32/],
  [
    'an example for a key',
    { clients: [{ name: 'alice', key: 'changeme' }] },
    /key is an example value/,
  ],
  ['a broken hash', { clients: [{ name: 'alice', key: 'sha256:abc' }] }, /64 hexadecimal digits/],
  ['no key', { clients: [{ name: 'alice' }] }, /clients\[0\]\.key is missing/],
  [
    'a limit of zero',
    { clients: [{ ...alice, requests_per_day: 0 }] },
    /clients\[0\]\.requests_per_day is 0, expected a number >= 1/,
  ],
  [
    'half a request',
    { clients: [{ ...alice, parallel: 1.5 }] },
    /clients\[0\]\.parallel is 1\.5, expected a whole number/,
  ],
  [
    'a limit that is misspelt',
    { clients: [{ ...alice, request_per_day: 5 }] },
    /unknown key clients\[0\]\.request_per_day \(did you mean requests_per_day\?\); a limit/,
  ],
  [
    'a limit of another version',
    { clients: [{ ...alice, cost_per_day: 5 }] },
    /unknown key clients\[0\]\.cost_per_day/,
  ],
  [
    'a day that the calendar lacks',
    { clients: [{ ...alice, expires: '2027-02-30' }] },
    /clients\[0\]: expires is "2027-02-30", expected a date/,
  ],
  ['an hour', { clients: [{ ...alice, expires: '2027-02-03T10:00' }] }, /expected a date such as/],
  ['a list of no models', { clients: [{ ...alice, models: [] }] }, /clients\[0\]: models is empty/],
  [
    'a * in the middle',
    { clients: [{ ...alice, models: ['claude-*-5'] }] },
    /a \* may only stand at the end/,
  ],
]

for (const [what, file, fault, env] of wrong) {
  test(`contract §14.2: ${what} stops the start, and no key is shown`, () => {
    const said = faultOf(file, env)

    assert.match(said, fault)
    assert.doesNotMatch(said, /k-3f9a1c7e55d24b|k-another/)
  })
}

test('contract §14.2: a key of another kind is not shown', () => {
  const said = faultOf({ clients: [{ name: 'alice', key: 5_550_123_456 }] })

  assert.match(said, /clients\[0\]\.key: expected a text/)
  assert.doesNotMatch(said, /5550123456/)
})

test('contract §14.3: a model that nobody has is told of', () => {
  const { warnings } = load({ clients: [{ ...alice, models: ['claude-*', 'gpt-9'] }] })

  assert.match(
    warnings.join(),
    /clients\[0\]: models holds "gpt-9", which is not the id of a model/,
  )
  assert.equal(warnings.length, 1)
})

test('contract §14.5: without usage a limit of the day is warned of, since a restart forgets it', () => {
  const clients = [{ ...alice, tokens_per_day: 1000 }]

  const { warnings } = load({ clients }, { USAGE: 'off' })

  assert.match(warnings.join(), /clients\[0\]: with usage off, a daily limit starts anew/)
  assert.deepEqual(load({ clients }).warnings, [])
  assert.deepEqual(
    load({ clients: [{ ...alice, tokens_per_minute: 9 }] }, { USAGE: 'off' }).warnings,
    [],
  )
})
