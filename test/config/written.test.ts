/** Values as people write them: examples, quotes, references, several at once. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { isExample } from '../../lib/config/written-value.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(t: TestContext, env: Record<string, string>, file: unknown = {}) {
  const dir = tempDir()
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(file))
  const flags = { config: 'config.json' }
  return loadConfig({ flags, env, cwd: dir, packageDir, homeDir: dir })
}

function faultsOf(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults
  }
}

const examples = [
  'your_factory_api_key_here',
  'your_refresh_token_here',
  'your_actual_refresh_token_here',
  'rt-your-refresh-token',
  'your-secure-access-key',
  'sk-your-key-here',
  'fk-xxx',
  'sk-...',
  '<your key>',
  '[KEY]',
  'my-secret-key',
  'changeme',
  'change-me-in-production',
  'replace-me',
  '123',
  '123456',
  'sk-1234',
  'none',
  'undefined',
]

for (const example of examples) {
  test(`O3: ${example} is an example`, () => {
    assert.ok(isExample(example))
  })
}

const real = [
  'fk-Lx0Q9vHk2mXXXXq7-the-rest',
  'sk-ant-api03-Your2xWq81',
  'k-3f9a1c7e55d24b',
  'a-key-of-ones-own',
  'my-long-client-key-77',
  'fk-acct-123456789',
  'fk-the-account-key',
  'the-value-it-began-with',
  'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
]

for (const key of real) {
  test(`O3: ${key} is none`, () => {
    assert.ok(!isExample(key))
  })
}

test('O3: an example beside a real login is named and not used', (t) => {
  const { config, warnings } = load(t, {
    FACTORY_API_KEY: 'your_factory_api_key_here',
    DROID_REFRESH_KEY: 'rt-a-real-one',
  })

  assert.deepEqual(config.secrets, { droid_refresh_key: 'rt-a-real-one' })
  assert.deepEqual(warnings, [
    'environment: FACTORY_API_KEY is an example value and counts as not set',
  ])
})

test('O3: an example for an endpoint’s key is not set', (t) => {
  const { config, warnings } = load(
    t,
    { MY_KEY: 'sk-your-key-here' },
    {
      models: [{ name: 'M', id: 'm', type: 'common' }],
      endpoints: [{ name: 'mine', type: 'common', base_url: 'http://h', auth: { env: 'MY_KEY' } }],
    },
  )

  assert.deepEqual(config.endpoint_secrets, {})
  assert.match(warnings.join('\n'), /environment: MY_KEY is an example value/)
})

test('O3: no upstream gets an example; a client’s own key goes up in its place', async (t) => {
  const upstream = await startUpstream(t, () => ({
    body: JSON.stringify(anthropicMessage({ text: ['hi'] })),
  }))
  const proxy = await startProxy(t, {
    env: { FACTORY_API_KEY: 'your_factory_api_key_here' },
    config: {
      models: [{ name: 'M', id: 'm', type: 'anthropic' }],
      endpoints: [
        { name: 'a', type: 'anthropic', base_url: `${upstream.url}/v1/messages`, auth: 'account' },
      ],
    },
  })

  await post(`${proxy.url}/v1/messages`, { model: 'm', max_tokens: 9, messages: [] })

  assert.equal(upstream.requests[0]?.headers.authorization, 'Bearer caller')
})

test('O3: examples among client keys count as not set, the others hold', (t) => {
  const some = load(t, { API_KEYS: 'changeme,k-3f9a1c7e55d24b', HOST: '0.0.0.0' })
  const none = load(t, { API_KEYS: 'changeme' }, { api_keys: ['replace-me', 'k-of-the-file-1'] })

  assert.deepEqual(some.config.api_keys, ['k-3f9a1c7e55d24b'])
  assert.deepEqual(none.config.api_keys, ['k-of-the-file-1'])
  assert.match(none.warnings.join('\n'), /environment: API_KEYS is an example value/)
  assert.match(none.warnings.join('\n'), /config\.json: api_keys holds an example value/)
})

test('O39: keys that are written as a list of JSON are the keys of that list', (t) => {
  const client = load(t, { API_KEYS: '["k-3f9a1c7e55d24b", "alice=k-4b8f0e2d77a1"]' }).config
  const accounts = load(t, { FACTORY_API_KEY: '["fk-one-0815","fk-two-0815"]' }).config

  assert.deepEqual(client.api_keys, ['k-3f9a1c7e55d24b'])
  assert.equal(client.clients[0]?.key, 'k-4b8f0e2d77a1')
  assert.deepEqual(
    accounts.accounts.map(({ key }) => key),
    ['fk-one-0815', 'fk-two-0815'],
  )
})

test('O39: a list of JSON that would lose a key is a fault', (t) => {
  const lists = ['["k-3f9a1c7e55d24b", 1234567890]', '["k-3f9a1c7e55d24b",]']

  assert.deepEqual(
    lists.map((API_KEYS) => faultsOf(() => load(t, { API_KEYS }))),
    [
      ['environment: API_KEYS is a list of JSON in which not every key is a text'],
      ['environment: API_KEYS begins as a list of JSON does, but is none'],
    ],
  )
})

test('contract §3: a switch of the environment takes every word for on and off', (t) => {
  const config = (word: string) => {
    const loaded = load(t, { USAGE: word, STATUS_PAGE: word, METRICS: word }).config
    return [loaded.usage.enabled, loaded.status_page, loaded.metrics]
  }

  for (const word of ['on', 'TRUE', 'yes', '1']) assert.deepEqual(config(word), [true, true, true])
  for (const word of ['OFF', 'false', 'No', '0']) {
    assert.deepEqual(config(word), [false, false, false])
  }
  for (const METRICS of ['maybe', 'constructor']) {
    assert.match(faultsOf(() => load(t, { METRICS })).join(), /one of "on", "off"/)
  }
})

test('contract §3: a broken key of the environment is blamed on its variable', (t) => {
  const faults = faultsOf(() => load(t, { API_KEYS: 'replace-me', HOST: '0.0.0.0' }))

  assert.deepEqual(faults, [
    'environment: API_KEYS holds no key of your own, and others reach 0.0.0.0: make up a key',
  ])
})

test('O39: quotes, comments and Bearer around a value are taken off and named', (t) => {
  const { config, warnings } = load(t, {
    FACTORY_API_KEY: '"fk-acct-123456789"',
    DROID_REFRESH_KEY: 'Bearer rt-a-real-one # mine',
    API_KEYS: "'k-3f9a1c7e55d24b'",
    PORT: '"3456"',
    HOST: '“127.0.0.9”',
  })

  assert.deepEqual(config.secrets, {
    factory_api_key: 'fk-acct-123456789',
    droid_refresh_key: 'rt-a-real-one',
  })
  assert.deepEqual(config.api_keys, ['k-3f9a1c7e55d24b'])
  assert.equal(config.port, 3456)
  assert.equal(config.host, '127.0.0.9')
  for (const name of ['FACTORY_API_KEY', 'API_KEYS', 'PORT', 'HOST']) {
    assert.ok(warnings.includes(`environment: ${name} is in quotes; they are taken off`), name)
  }
  assert.match(warnings.join('\n'), /DROID_REFRESH_KEY has a comment behind it/)
  assert.match(warnings.join('\n'), /DROID_REFRESH_KEY begins with "Bearer"/)
  assert.doesNotMatch(warnings.join('\n'), /fk-acct|rt-a-real|k-3f9a/)
})

test('O39: no upstream gets a quote, and the client’s key without quotes fits', async (t) => {
  const upstream = await startUpstream(t, () => ({
    body: JSON.stringify(anthropicMessage({ text: ['hi'] })),
  }))
  const proxy = await startProxy(t, {
    env: { FACTORY_API_KEY: '"fk-acct-123456789"', API_KEYS: "'k-3f9a1c7e55d24b'" },
    config: {
      models: [{ name: 'M', id: 'm', type: 'anthropic' }],
      endpoints: [
        { name: 'a', type: 'anthropic', base_url: `${upstream.url}/v1/messages`, auth: 'account' },
      ],
    },
  })

  const answer = await post(
    `${proxy.url}/v1/messages`,
    { model: 'm', max_tokens: 9, messages: [] },
    { authorization: 'Bearer k-3f9a1c7e55d24b' },
  )

  assert.equal(answer.status, 200)
  assert.equal(upstream.requests[0]?.headers.authorization, 'Bearer fk-acct-123456789')
})

for (const joined of ['fk-key-one-1,fk-key-two-2', 'fk-key-one-1; fk-key-two-2;fk-key-one-1']) {
  test(`contract §17: several account keys are an account each: ${joined}`, (t) => {
    const { config, warnings } = load(t, { FACTORY_API_KEY: joined })

    assert.deepEqual(
      config.accounts.map(({ name, key }) => [name, key]),
      [
        ['account-1', 'fk-key-one-1'],
        ['account-2', 'fk-key-two-2'],
      ],
    )
    assert.deepEqual(config.endpoints[0]?.accounts, ['account-1', 'account-2'])
    assert.deepEqual(warnings, [])
  })
}

test('contract §17: one key beside several logins is the account, as without them', (t) => {
  const env = { FACTORY_API_KEY: 'fk-key-one-1', DROID_REFRESH_KEY: 'rt-one-1,rt-two-2' }
  const { config } = load(t, env)

  assert.deepEqual(config.accounts, [])
  assert.equal(config.endpoints[0]?.auth, 'account')
})

test('contract §3: a key with a blank or a letter of another script is named, not shown', (t) => {
  const blank = faultsOf(() => load(t, { FACTORY_API_KEY: 'fk-acct 123' }))
  const other = faultsOf(() => load(t, { DROID_REFRESH_KEY: 'rt-аcct' }))

  assert.deepEqual(blank, [
    'environment: FACTORY_API_KEY holds a blank (character 8), which no key has',
  ])
  assert.deepEqual(other, [
    'environment: DROID_REFRESH_KEY holds a character that is not ASCII (character 4), which no key has',
  ])
})

const literal = [
  '${MY_KEY}',
  '$MY_KEY',
  '$env:MY_KEY',
  '%MY_KEY%',
  '{{ MY_KEY }}',
  'os.environ/KEY',
]
for (const text of literal) {
  test(`KO9: ${text} in a variable is a fault, never a key`, (t) => {
    for (const name of ['FACTORY_API_KEY', 'DROID_REFRESH_KEY', 'API_KEYS', 'HOST']) {
      assert.deepEqual(
        faultsOf(() => load(t, { [name]: text, MY_KEY: 'fk-there' })),
        [
          `environment: ${name} is a reference that nothing has expanded; put the value itself there`,
        ],
      )
    }
  })

  if (text === '${MY_KEY}') continue
  test(`KO9: ${text} in the file where a key or an address should be is a fault`, (t) => {
    const faults = faultsOf(() =>
      load(t, {}, { api_keys: [text], endpoints: [{ name: 'anthropic', base_url: text }] }),
    )

    assert.match(faults.join('\n'), /api_keys\[0\] is a reference as other programs write it/)
    assert.match(faults.join('\n'), /endpoints\[0\]\.base_url is a reference as other programs/)
  })
}

test('KO9: ${VAR:-default} is the default where the variable is not set, and no secret then', (t) => {
  const file = {
    host: '${WHERE:-127.0.0.9}',
    api_keys: ['${KEY:-k-of-the-file-0815}', '${OTHER:-k-unused-0815}'],
    models: [{ name: 'M', id: 'm', type: 'common' }],
    endpoints: [{ name: 'o', type: 'common', base_url: '${URL:-http://127.0.0.1:8080}/v1' }],
  }

  const { config } = load(t, { OTHER: 'k-of-the-variable' }, file)

  assert.equal(config.host, '127.0.0.9')
  assert.deepEqual(config.api_keys, ['k-of-the-file-0815', 'k-of-the-variable'])
  assert.equal(config.endpoints[0]?.base_url, 'http://127.0.0.1:8080/v1')
  assert.deepEqual(config.file_secrets, ['k-of-the-variable'])
})

test('KO9: ${VAR} and ${file:} are filled in once, in any text of the file', (t) => {
  const dir = tempDir()
  const secret = path.join(dir, 'secret')
  writeFileSync(secret, ' hunter2-of-a-file ${NOT_AGAIN}\n')
  const { config } = load(
    t,
    { KEY: 'k-of-the-variable', WHERE: 'http://127.0.0.1:8080', HEADER: 'h-of-${X}' },
    {
      api_keys: ['${KEY}', '${file:' + secret + '}'],
      system_prompt: 'costs $5, $${KEY} and ${KEY}',
      models: [{ name: 'M', id: 'm', type: 'common' }],
      endpoints: [
        { name: 'o', type: 'common', base_url: '${WHERE}/v1', headers: { 'x-a': 'a ${HEADER}' } },
      ],
    },
  )

  assert.deepEqual(config.api_keys, ['k-of-the-variable', 'hunter2-of-a-file ${NOT_AGAIN}'])
  assert.equal(config.system_prompt, 'costs $5, ${KEY} and k-of-the-variable')
  assert.equal(config.endpoints[0]?.base_url, 'http://127.0.0.1:8080/v1')
  assert.equal(config.endpoints[0]?.headers['x-a'], 'a h-of-${X}')
  assert.ok(!config.file_secrets.includes('http://127.0.0.1:8080'))
  assert.ok(config.file_secrets.includes('h-of-${X}'))
})

test('KO9: a variable may come from .env', (t) => {
  const dir = tempDir()
  writeFileSync(path.join(dir, '.env'), 'KEY=k-of-the-file-1')
  const { config } = load(t, { DATA_DIR: dir }, { api_keys: ['${KEY}'] })

  assert.deepEqual(config.api_keys, ['k-of-the-file-1'])
})

const wrong: [what: string, text: string, said: RegExp][] = [
  ['a variable that is not set', '${NOWHERE}', /refers to the variable NOWHERE, which is not set$/],
  [
    'a file that is not there',
    '${file:/nowhere/x}',
    /refers to the file \/nowhere\/x: there is no/,
  ],
  ['a folder', '${file:/}', /refers to the file \/: this is a folder/],
  ['a path that is not absolute', '${file:x}', /by a path that is not absolute/],
  ['a file beside other text', 'a ${file:/x}', /has \$\{file:…\} beside other text/],
  ['a default of another language', '${KEY:+x}', /has a \$\{ that is no reference/],
  ['a default with a reference in it', '${NOWHERE:-${KEY}}', /has a \$\{ that is no reference/],
  ['a brace that does not end', 'a ${KEY', /has a \$\{ that is no reference/],
  ['a reference in a number’s place', '${KEY}', /max_body_mb: expected a number$/],
]
for (const [what, text, said] of wrong) {
  test(`KO9: ${what} is a fault with its place, and shows no value`, (t) => {
    const place = said.source.startsWith('max_body_mb') ? 'max_body_mb' : 'system_prompt'
    const faults = faultsOf(() => load(t, { KEY: 'hunter2' }, { [place]: text }))

    assert.equal(faults.length, 1)
    assert.match(faults[0]!, said)
    assert.match(faults[0]!, new RegExp(`config\\.json: ${place}`))
    assert.doesNotMatch(faults[0]!, /hunter2/)
  })
}

test('KO9: the value of a reference is in no log line and in no error of an upstream', async (t) => {
  const upstream = await startUpstream(t, () => ({
    status: 400,
    body: '{"type":"error","error":{"type":"x","message":"bad header h-hunter2-hunter2"}}',
  }))
  const proxy = await startProxy(t, {
    env: { TENANT: 'h-hunter2-hunter2' },
    config: {
      models: [{ name: 'M', id: 'm', type: 'anthropic' }],
      endpoints: [
        {
          name: 'a',
          type: 'anthropic',
          base_url: upstream.url,
          auth: 'client',
          headers: { 'x-tenant': '${TENANT}' },
        },
      ],
    },
  })
  const body = { model: 'm', max_tokens: 9, messages: [] }

  const passed = await (await post(`${proxy.url}/v1/messages`, body)).text()
  const told = await (await post(`${proxy.url}/v1/chat/completions`, body)).text()

  assert.equal(upstream.requests[0]?.headers['x-tenant'], 'h-hunter2-hunter2')
  assert.doesNotMatch(passed + told + proxy.rawLog(), /hunter2/)
})

test('O39: Bearer in front of a client key of the file is taken off, too', (t) => {
  const { config, warnings } = load(t, {}, { api_keys: ['Bearer k-3f9a1c7e55d24b'] })

  assert.deepEqual(config.api_keys, ['k-3f9a1c7e55d24b'])
  assert.match(warnings.join(), /api_keys holds a key that begins with "Bearer"/)
})

test('KO9: the value of a reference is in no fault about the key that holds it', (t) => {
  const said = faultsOf(() =>
    load(
      t,
      { PART: 'hunter2' },
      {
        cors_origins: ['${PART}'],
        models: [{ name: 'M', id: 'm', type: 'common' }],
        endpoints: [{ name: 'o', type: 'common', base_url: 'ftp://h/${PART}' }],
      },
    ),
  ).join('\n')

  assert.match(said, /endpoints\[0\]\.base_url is "ftp:\/\/h\/…", expected an http/)
  assert.match(said, /cors_origins holds "…"/)
  assert.doesNotMatch(said, /hunter2/)
})

test('KO9: a secret in the path of an address is in no line of check and of the start', async (t) => {
  const options = {
    env: { PART: 'hunter2-hunter2' },
    config: {
      models: [{ name: 'M', id: 'm', type: 'common' }],
      endpoints: [{ name: 'o', type: 'common', base_url: 'http://127.0.0.1:1/${PART}/v1' }],
    },
  }
  const checked = runProgram(t, { ...options, args: ['check'] })
  const terminal = runProgram(t, { ...options, terminal: true })
  const piped = runProgram(t, options)
  await Promise.all([checked.exit, terminal.url(), piped.url()])

  const shown = 'endpoint o (http://127.0.0.1:1/[redacted]/v1/chat/completions)'
  for (const program of [checked, piped])
    assert.ok(program.stdout().includes(shown), program.stdout())
  for (const program of [checked, terminal, piped]) assert.doesNotMatch(program.stdout(), /hunter2/)
})

const endpointKeys: [header: string | undefined, written: string, key: string][] = [
  [undefined, '"sk-of-mine-0815"', 'sk-of-mine-0815'],
  [undefined, 'Bearer sk-of-mine-0815', 'sk-of-mine-0815'],
  [undefined, 'sk-of-mine-0815 #mine', 'sk-of-mine-0815'],
  [undefined, 'Basic dXNlcjpwYXNz', 'Basic dXNlcjpwYXNz'],
  ['x-api-key', "'sk-of-mine-0815'", 'sk-of-mine-0815'],
  ['cookie', 'a=1; b=2', 'a=1; b=2'],
]

for (const [header, written, key] of endpointKeys) {
  test(`O39: ${written} for ${header ?? 'authorization'} of an endpoint is ${key}`, (t) => {
    const auth = { env: 'MY_KEY', ...(header && { header }) }
    const endpoints = [{ name: 'o', type: 'common', base_url: 'http://h', auth }]
    const models = [{ name: 'M', id: 'm', type: 'common' }]

    const { config } = load(t, { MY_KEY: written }, { models, endpoints })

    assert.deepEqual(config.endpoint_secrets, { MY_KEY: key })
  })
}
