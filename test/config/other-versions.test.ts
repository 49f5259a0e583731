/** Configurations of other versions, of the original and of its forks. Their files are as those repositories have them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(t: TestContext, file: unknown, env: Record<string, string> = {}, dotEnv = '') {
  const dir = tempDir()
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(file))
  writeFileSync(path.join(dir, '.env'), dotEnv)
  const asked = { DATA_DIR: dir, ...env }
  const loaded = loadConfig({ flags: {}, env: asked, cwd: dir, packageDir, homeDir: dir })
  return { dir, ...loaded, said: loaded.warnings.map((text) => text.replaceAll(`${dir}/`, '')) }
}

function faultsOf(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n').map((line) => line.replace(/^\/\S*\//, ''))
  }
}

const factory = 'https://api.factory.ai/api/llm'
const original = {
  port: 3000,
  model_redirects: { 'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929' },
  endpoint: [
    { name: 'openai', base_url: `${factory}/o/v1/responses` },
    { name: 'anthropic', base_url: `${factory}/a/v1/messages` },
    { name: 'google', base_url: `${factory}/g/v1/generate` },
    { name: 'common', base_url: `${factory}/o/v1/chat/completions` },
  ],
  proxies: [],
  models: [
    { name: 'S', id: 'claude-sonnet-4-5-20250929', type: 'anthropic', provider: 'anthropic' },
    { name: 'G', id: 'gpt-5.4', type: 'openai', reasoning: 'auto', provider: 'openai' },
    { name: 'P', id: 'gemini-3.1-pro-preview', type: 'google', provider: 'google' },
    { name: 'K', id: 'kimi-k2.5', type: 'common', reasoning: 'off', provider: 'fireworks' },
  ],
  dev_mode: false,
  user_agent: 'factory-cli/0.85.0',
  system_prompt: '',
}

/** The same of a later version, with a type that this one does not know. */
const later = {
  ...original,
  models: original.models.map((model) =>
    model.type === 'google' ? Object.assign({}, model, { type: 'vertex' }) : model,
  ),
}

test('O1: the newest config.json of the original serves every model', (t) => {
  const { config, said } = load(t, original)

  assert.deepEqual(
    config.models.map(({ id }) => id),
    original.models.map(({ id }) => id),
  )
  assert.deepEqual(said, [
    'config.json: user_agent is a key of the original and not read: the client\'s own is sent; headers of an endpoint can hold another "user-agent"',
  ])
})

test('O1: a config.json of a later version serves every model that it can, with one warning for the other', (t) => {
  const { config, said } = load(t, later)

  assert.deepEqual(
    config.models.map(({ id }) => id),
    ['claude-sonnet-4-5-20250929', 'gpt-5.4', 'kimi-k2.5'],
  )
  assert.deepEqual(said, [
    'config.json: models[2].type is "vertex", which this version does not serve; gemini-3.1-pro-preview is left out',
    'config.json: user_agent is a key of the original and not read: the client\'s own is sent; headers of an endpoint can hold another "user-agent"',
  ])
})

test('O1: a model that is left out is a 404 that says so, by its name and by an alias, and is not listed', async (t) => {
  const proxy = await startProxy(t, {
    config: { ...later, port: 0, model_redirects: { gemini: 'gemini-3.1-pro-preview' } },
  })
  const list = await (await fetch(`${proxy.url}/v1/models`)).text()

  assert.doesNotMatch(list, /gemini/)
  for (const model of ['gemini-3.1-pro-preview', 'gemini']) {
    const answer = await post(`${proxy.url}/v1/chat/completions`, {
      model,
      messages: [{ role: 'user', content: 'x' }],
    })
    assert.equal(answer.status, 404)
    const { error } = (await answer.json()) as { error: { message: string } }
    assert.match(error.message, /is not served: models\[2\]\.type is "vertex".*\/v1\/models/)
  }
  assert.equal(proxy.logs.findLast(({ msg }) => msg === 'request')?.model, 'gemini')
})

test('O1: check of that file is 0 with the warning', async (t) => {
  const program = runProgram(t, { args: ['check'], config: { ...later, port: 0 } })

  assert.equal(await program.exit, 0, program.stdout())
  assert.match(program.stdout(), /warning .*models\[2\]\.type is "vertex"/)
})

test('contract §3.7: an endpoint of an unknown type is left out with the models that need it', (t) => {
  const { config, said } = load(t, {
    endpoints: [
      { name: 'c', type: 'common', base_url: 'http://c' },
      { name: 'g', type: 'gemini', base_url: 'http://g' },
    ],
    models: [
      { name: 'A', id: 'a', type: 'common' },
      { name: 'B', id: 'b', type: 'common', endpoint: 'g' },
      { name: 'C', id: 'c', type: 'openai' },
    ],
    model_redirects: { x: 'b' },
  })

  assert.deepEqual(
    [config.models.map(({ id }) => id), config.endpoints.map(({ name }) => name)],
    [['a'], ['c']],
  )
  assert.deepEqual(said, [
    'config.json: endpoints[1].type is "gemini", which this version does not serve; g is left out',
    'config.json: models[1]: its endpoint "g" is left out; b is left out',
    'config.json: models[2]: no endpoint has the type "openai"; c is left out',
  ])
})

test('contract §3.7: a level of another version is the client’s wish', (t) => {
  const model = { name: 'A', id: 'a', type: 'anthropic', reasoning: 'ultra' }
  const { config, said } = load(t, { models: [model] })

  assert.equal(config.models[0]?.reasoning, 'auto')
  assert.match(said.join(), /^config\.json: models\[0\]\.reasoning is "ultra", expected one of/)
})

test('contract §3.7: the start stops where no model is left, and says why', (t) => {
  const faults = faultsOf(() =>
    load(t, { models: [{ name: 'A', id: 'a', type: 'antropic' }], endpoints: [] }),
  )

  assert.match(faults[0]!, /no model is left that can be served: models\[0\]\.type is "antropic"/)
  assert.match(faults[1]!, /did you mean anthropic\?\); a is left out/)
})

test('contract §3.5: schema faults, unknown keys, names and references are told together', (t) => {
  const faults = faultsOf(() =>
    load(t, {
      prot: 1,
      log_level: 'loud',
      models: [
        { nam: 'A', id: 'a', type: 'anthropic' },
        { name: 'B', id: 'b', type: 'anthropic', endpoint: 'antropic' },
        { name: 'C', id: 'b', type: 'anthropic', thinking: 'much' },
        { name: 'D', id: 'd', type: 'gogle' },
      ],
      api_keys: ['${NOWHERE}'],
      endpoints: [{ name: 'anthropic', base_url: 'ftp://x' }],
    }),
  )

  const expected = [
    'config.json: api_keys[0] refers to the variable NOWHERE, which is not set',
    'config.json: log_level is "loud", expected one of',
    'config.json: models[0].name is missing; models[0].nam is there: did you mean it?',
    'config.json: models[2].thinking is "much", expected one of',
    'config.json: endpoints[0].base_url is "ftp://x", expected an http or https address',
    'config.json: models[1].endpoint is "antropic", but no endpoint has that name (did you mean anthropic?)',
    'config.json: models[3].type is "gogle", which this version does not serve',
    'config.json: unknown key prot (did you mean port?); it is ignored',
  ]
  for (const text of expected) {
    assert.equal(faults.filter((line) => line.startsWith(text)).length, 1, text)
  }
  assert.ok(!faults.some((line) => line.includes('unknown key models[0].nam')))
})

test('O5: proxies of the original stop the start with the remedy, and no address of them is shown', (t) => {
  const proxies = [{ name: 'default', url: 'http://me:hunter2@proxy.test:3128' }]
  const faults = faultsOf(() => load(t, { ...original, proxies }))

  assert.match(faults[0]!, /proxies is a key of the original and not read: set HTTPS_PROXY=http/)
  assert.doesNotMatch(faults.join(), /hunter2|proxy\.test/)
})

test('O5: with HTTPS_PROXY, also in .env, they are a warning; without entries there is nothing to say', (t) => {
  const proxies = [{ name: 'default', url: 'http://proxy.test:3128' }]
  const asked = load(t, { proxies }, { https_proxy: 'http://127.0.0.1:1' })
  const inFile = load(t, { proxies }, {}, 'HTTPS_PROXY=http://127.0.0.1:1')

  assert.match(asked.said.join(), /proxies is a key of the original and not read; https_proxy is$/)
  assert.match(inFile.said.join(), /HTTPS_PROXY is$/)
  assert.deepEqual(inFile.added, { HTTPS_PROXY: 'http://127.0.0.1:1' })
  assert.deepEqual(load(t, { proxies: [] }).said, [])
})

test('O5: keys of the forks are each named with what takes their place', (t) => {
  const fork = {
    models: [{ name: 'K', id: 'kimi', type: 'common', api_provider: 'fireworks' }],
    'round-robin': 'weighted',
    remove_on_402: true,
    enable_server_auth: true,
    system_prompt_mode: 'replace',
    system_append_prompt: 'You are',
    key_pool: { algorithm: 'max-remaining' },
    reasoning_tokens: { low: 1 },
    balance_sync: { sync_interval_minutes: 5 },
    redis: { enabled: true },
    cluster: { enabled: true },
    limits: { notes_max_length: 1 },
    key_test_model: 'x',
  }
  const { said } = load(t, fork)

  for (const key of Object.keys(fork).slice(1)) {
    assert.ok(said.some((line) => line.startsWith(`config.json: ${key} is a key of the original`)))
  }
  assert.match(said.join('\n'), /models\[0\]\.api_provider is a key .*: it is provider now/)
  assert.equal(said.length, Object.keys(fork).length)
  assert.deepEqual(load(t, { enable_server_auth: false, redis: { enabled: false } }).said, [])
})

for (const name of ['API_ACCESS_KEY', 'PROXY_API_KEY']) {
  test(`O7: ${name} of a fork is asked for as a client key, and named with API_KEYS`, async (t) => {
    const upstream = await startUpstream(t, () => ({
      body: JSON.stringify(anthropicMessage({ text: ['hi'] })),
    }))
    const proxy = await startProxy(t, {
      env: { [name]: 'k-of-the-fork-1', FACTORY_API_KEY: 'fk-the-account' },
      config: {
        models: [{ name: 'M', id: 'm', type: 'anthropic' }],
        endpoints: [{ name: 'a', type: 'anthropic', base_url: upstream.url, auth: 'account' }],
      },
    })
    const body = { model: 'm', max_tokens: 9, messages: [] }
    const withKey = { authorization: 'Bearer k-of-the-fork-1' }

    const known = await post(`${proxy.url}/v1/messages`, body, withKey)
    const stranger = await post(`${proxy.url}/v1/messages`, body)

    assert.deepEqual([known.status, stranger.status], [200, 401])
    assert.equal(upstream.requests[0]?.headers.authorization, 'Bearer fk-the-account')
    assert.match(
      proxy.app.warnings.join('\n'),
      new RegExp(`${name} is the name of API_KEYS in a fork`),
    )
  })
}

test('O7: beside API_KEYS the name of a fork is not used, and said not to be', (t) => {
  const { config, said } = load(t, {}, { API_KEYS: 'k-of-ours-1234', API_ACCESS_KEY: 'k-other' })

  assert.deepEqual(config.api_keys, ['k-of-ours-1234'])
  assert.deepEqual(said, ['environment: API_ACCESS_KEY is not used beside API_KEYS'])
})

test('O7: other variables of the forks are named, those that are off or of other programs are not', (t) => {
  const dotEnv = 'REDIS_HOST=127.0.0.1\nSYSTEM_PROMPT=You are\nCLUSTER_MODE=false'
  const { said } = load(t, {}, { ADMIN_ACCESS_KEY: '123', REDIS_PORT: '1' }, dotEnv)
  const elsewhere = load(t, {}, { REDIS_HOST: 'of-another-program', SYSTEM_PROMPT: 'x' })

  assert.deepEqual(said.map((line) => line.replace(/ is not read here: .*/, '')).toSorted(), [
    '.env: REDIS_HOST',
    '.env: SYSTEM_PROMPT',
    'environment: ADMIN_ACCESS_KEY',
  ])
  assert.deepEqual(elsewhere.said, [])
})

test('O5: endpoints at the host of older forks are named, since the account’s token does not go there', (t) => {
  const base_url = 'https://app.factory.ai/api/llm/a/v1/messages'
  const plain = load(t, { endpoint: [{ name: 'anthropic', base_url }] })
  const meant = load(t, { endpoint: [{ name: 'anthropic', base_url, auth: 'account' }] })

  assert.deepEqual(plain.said, [
    'endpoint anthropic is at app.factory.ai, where the account\'s token does not go: write api.factory.ai, or "auth": "account"',
  ])
  assert.deepEqual(meant.said, [])
})

test('contract §2.4: the log line of an unknown model names the model', async (t) => {
  const proxy = await startProxy(t, { config: { ...original, port: 0 } })
  const messages = [{ role: 'user', content: 'x' }]

  const answer = await post(`${proxy.url}/v1/messages`, { model: 'claude-sonet', messages })

  assert.equal(answer.status, 404)
  assert.equal(proxy.logs.findLast(({ msg }) => msg === 'request')?.model, 'claude-sonet')
})
