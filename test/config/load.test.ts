import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Flags } from '../../lib/config/flags.ts'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import type { Schema } from '../../lib/config/schema-type.ts'
import { fileSchema } from '../../lib/config/schema.ts'
import type { Config } from '../../lib/config/types.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

interface Given {
  file?: unknown
  env?: Record<string, string>
  flags?: Flags
}

function load(t: TestContext, { file = {}, env = {}, flags = {} }: Given) {
  const dir = tempDir()
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  writeFileSync(path.join(dir, 'config.json'), text)
  const asked = { CONFIG_FILE: path.join(dir, 'config.json'), ...env }
  return { dir, ...loadConfig({ flags, env: asked, cwd: dir, packageDir, homeDir: '/home/me' }) }
}

const model = { name: 'M', id: 'm', type: 'anthropic' }

const faults: [what: string, given: Given, ...said: RegExp[]][] = [
  [
    'a number written as text',
    { file: { port: '3000' } },
    /config\.json: port is "3000", expected a whole number, without quotes/,
  ],
  [
    'true written as text',
    { file: { metrics: 'true' } },
    /config\.json: metrics is "true", expected true or false, without quotes/,
  ],
  [
    'a text that is no number',
    { file: { timeouts: { idle_s: 'long' } } },
    /config\.json: timeouts\.idle_s is "long", expected a number$/m,
  ],
  ['a port out of range', { file: { port: 70_000 } }, /port is 70000, expected a number <= 65535/],
  [
    'a word that is none of the known',
    { file: { models: [{ ...model, thinking: 'bugdet' }] } },
    /models\[0\]\.thinking is "bugdet", expected one of "budget", "adaptive", "none"/,
  ],
  ['a missing key', { file: { models: [{ name: 'M', id: 'm' }] } }, /models\[0\]\.type is missing/],
  [
    'every fault at once',
    { file: { port: 'x', max_body_mb: 0, log_level: 'loud' } },
    /port/,
    /max_body_mb/,
    /log_level/,
  ],
  ['JSON that breaks off', { file: '{"a":1,\n "b": tru}' }, /config\.json:2:\d+: not valid JSON/],
  ['a file that is no object', { file: '[]' }, /expected a JSON object/],
  [
    'a variable of the wrong type',
    { env: { PORT: 'abc' } },
    /environment: PORT is "abc", expected a whole number/,
  ],
  [
    'a flag of the wrong type',
    { flags: { port: 'abc' } },
    /--port is "abc", expected a whole number/,
  ],
  [
    'a named file that is not there',
    { flags: { config: 'nowhere.json' } },
    /--config: .*nowhere\.json: there is no such file/,
  ],
  [
    'the same by variable',
    { env: { CONFIG_FILE: 'nowhere.json' } },
    /CONFIG_FILE: .*nowhere\.json/,
  ],
  [
    'an id given twice',
    { file: { models: [model, model] } },
    /models\[1\]\.id is "m" a second time/,
  ],
  [
    'an endpoint nobody is called',
    { file: { models: [{ ...model, endpoint: 'antropic' }] } },
    /models\[0\]\.endpoint .*did you mean anthropic\?/,
  ],
  [
    'a type that no endpoint has',
    { file: { models: [model], endpoints: [{ name: 'o', type: 'openai', base_url: 'http://x' }] } },
    /models\[0\]: no endpoint has the type "anthropic"/,
  ],
  [
    'an address that is none',
    { file: { endpoints: [{ name: 'anthropic', base_url: 'ftp://x' }], models: [model] } },
    /endpoints\[0\]\.base_url is "ftp:\/\/x", expected an http/,
  ],
  [
    'a token address that is none',
    { env: { TOKEN_URL: 'nowhere' } },
    /environment: TOKEN_URL is "nowhere"/,
  ],
  [
    'a header that is none',
    {
      file: {
        models: [],
        endpoints: [{ name: 'a', base_url: 'http://x', headers: { 'a b': 'c' } }],
      },
    },
    /endpoints\[0\]\.headers: "a b"/,
  ],
  [
    'an example key on an address that others reach',
    { file: { api_keys: ['your-api-key-1'], host: '0.0.0.0' } },
    /config\.json: api_keys holds no key of your own/,
  ],
  [
    'a secret file that is not there',
    { env: { FACTORY_API_KEY_FILE: '/nonexistent/key' } },
    /FACTORY_API_KEY_FILE names a file that cannot be read \(ENOENT\)/,
  ],
  ['a file and a variable at once', { file: '{', env: { PORT: 'x' } }, /not valid JSON/, /PORT/],
  ['a list of keys without a key', { env: { API_KEYS: ',' } }, /API_KEYS holds no key/],
  [
    'a placeholder key on an address that others reach',
    { env: { API_KEYS: '<your key>', HOST: '::' } },
    /API_KEYS holds no key of your own/,
  ],
  ['an origin that matches nothing', { file: { cors_origins: ['*'] } }, /cors_origins holds "\*"/],
]

for (const [what, given, ...said] of faults) {
  test(`contract §3.6: ${what} stops the start and is named`, (t) => {
    assert.throws(
      () => load(t, given),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        for (const words of said) assert.match(error.message, words)
        assert.equal(error.faults.length, said.length)
        return true
      },
    )
  })
}

test('a list of models with none in it is a warning', (t) => {
  const { dir, warnings } = load(t, { file: { models: [] } })

  assert.deepEqual(warnings, [
    `${dir}/config.json: models is empty; leave it out to have the shipped ones`,
  ])
})

for (const key of ['calls_in_text', 'reasoning_in_text']) {
  test(`${key} where no answer is looked through is a warning`, (t) => {
    const models = [
      { ...model, [key]: true },
      { ...model, id: 'l', type: 'common', [key]: true },
    ]

    const { dir, warnings } = load(t, { file: { models } })

    assert.deepEqual(warnings, [
      `${dir}/config.json: models[0].${key} does nothing for a model of type anthropic; only answers of type common are looked through`,
    ])
  })
}

test('contract §3.6: a misspelt key is a warning that names the nearest one, at every level', (t) => {
  const { dir, warnings } = load(t, {
    file: { prot: 1, timeouts: { idle: 3 }, models: [{ ...model, resoning: 'low' }], zzzzzzzzz: 1 },
  })

  assert.deepEqual(warnings, [
    `${dir}/config.json: unknown key prot (did you mean port?); it is ignored`,
    `${dir}/config.json: unknown key timeouts.idle (did you mean idle_s?); it is ignored`,
    `${dir}/config.json: unknown key models[0].resoning (did you mean reasoning?); it is ignored`,
    `${dir}/config.json: unknown key zzzzzzzzz; it is ignored`,
  ])
})

test('contract §3: flag wins over environment, environment over file, file over default', (t) => {
  const file = { port: 1, host: '127.0.0.2', log_level: 'warn' }
  const env = { PORT: '2', HOST: '127.0.0.3', LOG_LEVEL: 'ERROR' }

  assert.equal(load(t, {}).config.port, 3000)
  assert.equal(load(t, { file }).config.port, 1)
  assert.equal(load(t, { file, env }).config.port, 2)
  assert.equal(load(t, { file, env, flags: { port: '3' } }).config.port, 3)
  assert.equal(load(t, { file, env }).config.host, '127.0.0.3')
  assert.equal(load(t, { file, env }).config.log_level, 'error')
  assert.equal(load(t, { file, env, flags: { logLevel: 'debug' } }).config.log_level, 'debug')
})

test('an empty variable counts as not set', (t) => {
  const { config } = load(t, { env: { PORT: '', API_KEYS: '', FACTORY_API_KEY: ' ' } })

  assert.equal(config.port, 3000)
  assert.deepEqual(config.api_keys, [])
  assert.equal(config.secrets.factory_api_key, undefined)
})

test('contract §3.16: secrets come from variables or from files, and no message shows them', (t) => {
  const dir = tempDir()
  const file = path.join(dir, 'secret')
  writeFileSync(file, ' fk-from-a-file\n')

  const fromFile = load(t, { env: { FACTORY_API_KEY_FILE: file } })
  const both = load(t, { env: { FACTORY_API_KEY_FILE: file, FACTORY_API_KEY: 'fk-direct' } })
  const keys = load(t, { env: { API_KEYS: 'local-one, local-two,' } })

  assert.equal(fromFile.config.secrets.factory_api_key, 'fk-from-a-file')
  assert.equal(both.config.secrets.factory_api_key, 'fk-direct')
  assert.match(both.warnings.join(), /FACTORY_API_KEY_FILE/)
  assert.deepEqual(keys.config.api_keys, ['local-one', 'local-two'])
  assert.throws(
    () =>
      load(t, {
        file: {
          api_keys: [['hunter2']],
          endpoints: [{ name: 'a', base_url: 'http://x', headers: { k: ['hunter2'] } }],
        },
      }),
    (error: unknown) => !String(error).includes('hunter2'),
  )
})

test('the key of an endpoint comes from the environment; without it there is a warning', (t) => {
  const file = {
    models: [model],
    endpoints: [{ name: 'anthropic', base_url: 'http://x', auth: { env: 'MY_KEY' } }],
  }

  const set = load(t, { file, env: { MY_KEY: 'mine' } })
  const unset = load(t, { file })

  assert.deepEqual(set.config.endpoint_secrets, { MY_KEY: 'mine' })
  assert.match(unset.warnings.join(), /MY_KEY is not set/)
})

test('a user in the address of an endpoint is not sent, and is said to be', (t) => {
  const base_url = 'https://user:hidden@upstream.test/v1'
  const { warnings } = load(t, { file: { endpoints: [{ name: 'own', type: 'openai', base_url }] } })

  assert.match(warnings.join(), /endpoint own holds a user/)
  assert.doesNotMatch(warnings.join(), /hidden/)
})

test('no fault shows what may be a secret, wherever it was put', (t) => {
  const odd: Given[] = [
    { file: { endpoints: { headers: { 'x-api-key': 'hunter2' } } } },
    { file: { models: [], endpoints: [{ name: 'a', base_url: 'ftp://me:hunter2@host' }] } },
    { env: { FACTORY_API_KEY_FILE: 'hunter2' } },
    { env: { API_KEYS: 'your-hunter2', HOST: '0.0.0.0' } },
  ]

  for (const given of odd) {
    assert.throws(
      () => load(t, given),
      (error: unknown) => error instanceof ConfigError && !error.message.includes('hunter2'),
    )
  }
})

test('endpoints without models get the shipped models that they can serve', (t) => {
  const { config } = load(t, {
    file: { endpoints: [{ name: 'mine', type: 'openai', base_url: 'http://x' }] },
  })

  assert.ok(config.models.length > 0)
  assert.ok(config.models.every(({ type }) => type === 'openai'))
})

test('a Factory endpoint in the short form of old files gets Factory’s headers', (t) => {
  const base = 'https://api.factory.ai/api/llm/a/v1/messages'
  const { config } = load(t, {
    file: {
      models: [model],
      endpoint: [
        { name: 'anthropic', base_url: base },
        { name: 'bare', base_url: base, headers: {} },
        { name: 'other', base_url: 'http://x' },
      ],
    },
  })

  assert.equal(config.endpoints[0]?.headers['x-factory-client'], 'cli')
  assert.deepEqual(config.endpoints[1]?.headers, {})
  assert.deepEqual(config.endpoints[2]?.headers, {})
})

test('the older name `endpoint` is read like `endpoints`', (t) => {
  const { config, warnings } = load(t, {
    file: { models: [model], endpoint: [{ name: 'anthropic', base_url: 'http://old' }] },
  })

  assert.equal(config.endpoints[0]?.base_url, 'http://old')
  assert.deepEqual(warnings, [])
})

test('dev_mode means debug logs unless a level was named', (t) => {
  assert.equal(load(t, { file: { dev_mode: true } }).config.log_level, 'debug')
  assert.equal(load(t, { file: { dev_mode: true, log_level: 'warn' } }).config.log_level, 'warn')
  assert.equal(load(t, { env: { NODE_ENV: 'development' } }).config.dev_mode, true)
  assert.equal(load(t, { env: { NODE_ENV: 'production' } }).config.dev_mode, false)
})

test('`~/` is the home folder, and other paths start where they are named', (t) => {
  const { config, dir } = load(t, { file: { auth: { file: 'auth.json' } } })
  const home = load(t, { env: { AUTH_FILE: '~/a.json', DATA_DIR: '~/data' } }).config

  assert.equal(config.auth.file, path.join(dir, 'auth.json'))
  assert.equal(config.data_dir, '/home/me/.droid2api')
  assert.equal(home.auth.file, '/home/me/a.json')
  assert.equal(home.data_dir, '/home/me/data')
})

test('§1.3 `none` as the level of a model is read as `off`', (t) => {
  const file = { models: [{ ...model, reasoning: 'none' }] }

  assert.equal(load(t, { file }).config.models[0]?.reasoning, 'off')
})

test('the configuration is frozen to its depth', (t) => {
  const { config } = load(t, {})

  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.models[0]))
  assert.ok(Object.isFrozen(config.timeouts) && Object.isFrozen(config.endpoints[0]?.headers))
})

test('the shipped file says what the defaults say, aliases aside', (t) => {
  const shipped: unknown = JSON.parse(readFileSync(path.join(packageDir, 'config.json'), 'utf8'))
  const { config, warnings } = load(t, { file: shipped })
  const plain = load(t, {}).config
  const settings = ({ prepared, file, file_hash, data_dir, start_dir, ...rest }: Config) => ({
    ...rest,
    model_redirects: [prepared, file, file_hash, data_dir, start_dir].length,
  })

  assert.deepEqual(settings(config), settings(plain))
  assert.deepEqual(warnings, [])
})

test('without any file the shipped one holds', () => {
  const options = { flags: {}, env: {}, cwd: tempDir(), packageDir, homeDir: '/home/me' }

  assert.equal(loadConfig(options).config.file, path.join(packageDir, 'config.json'))
})

test('every key of the schema has a type and a description', () => {
  const bare: string[] = []
  const walk = (schema: Schema, place: string) => {
    for (const [key, rule] of Object.entries(schema.properties ?? {})) {
      const typed = rule.type ?? rule.enum ?? rule.anyOf
      if (!typed || !rule.description) bare.push(`${place}${key}`)
      walk(rule, `${place}${key}.`)
      if (rule.items) walk(rule.items, `${place}${key}[].`)
    }
  }
  walk(fileSchema, '')

  assert.deepEqual(bare, [])
})

for (const page of ['docs/configuration.md', 'docs/zh-CN/configuration.md']) {
  test(`contract §3: the tables of ${page} have every key of the configuration, and no other`, () => {
    const lists = ['models', 'endpoints', 'accounts', 'clients']
    const text = readFileSync(path.join(packageDir, page), 'utf8')

    assert.deepEqual(shownIn(text, /^\| (?:key|键) \|.*/m), keysOf(fileSchema))
    for (const list of lists) {
      const entry = fileSchema.properties?.[list]?.items ?? {}
      assert.deepEqual(
        shownIn(text, new RegExp(`^\\| [^|]*\`${list}\\[\\]\`[^|]* \\|.*(?=\\n\\| ---)`, 'm')),
        keysOf(entry),
      )
    }
  })
}

/** The names in the first column of the table with such a head. */
function shownIn(text: string, head: RegExp): string[] {
  const [, rest = ''] = text.split(head)
  const rows = rest.slice(0, rest.indexOf('\n\n')).split('\n').slice(2)
  const cells = rows.map((row) => row.split(' | ')[0]!)
  return cells
    .flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name!))
    .toSorted()
}

/** As the page writes them: `models[]`, `timeouts.idle_s`. */
function keysOf(schema: Schema): string[] {
  return Object.entries(schema.properties ?? {})
    .flatMap(([key, rule]) => {
      const inner = schema === fileSchema ? Object.keys(rule.properties ?? {}) : []
      if (inner.length > 0) return inner.map((name) => `${key}.${name}`)
      return rule.type === 'array' ? `${key}[]` : key
    })
    .toSorted()
}

test('a configuration that is read again compiles no schema again', (t) => {
  load(t, { file: { port: 0 }, env: { PORT: '1' } })
  const compiled = t.mock.method(globalThis, 'Function')

  load(t, { file: { port: 2 }, env: { PORT: '3' } })

  assert.equal(compiled.mock.callCount(), 0)
})
