/** Presets: what a row brings, what stands beside it, and a request to a stand-in for each vendor and type. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { baseUrlOf, fullAddress } from '../../lib/config/base-url.ts'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { presetNames, presets } from '../../lib/config/presets.ts'
import type { Config, ModelType } from '../../lib/config/types.ts'
import { runProgram } from '../helpers/program.ts'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'
import { key, said, vendors, vendorScript } from './vendors.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

function load(file: Record<string, unknown>, env: Record<string, string> = {}): Config {
  const dir = tempDir()
  const config = path.join(dir, 'config.json')
  writeFileSync(config, JSON.stringify(file))
  return loadConfig({ flags: { config }, env, cwd: dir, packageDir, homeDir: dir }).config
}

function faultsOf(file: Record<string, unknown>): string {
  try {
    load(file)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join('\n')
    throw error
  }
  return ''
}

function models(types: string[]) {
  return types.map((type) => ({
    name: type,
    id: `by-${type}`,
    upstream_id: 'vendor-model',
    type,
    endpoint: 'vendor',
  }))
}

/** A proxy with one endpoint of the preset, at the stand-in; the client brings a key of its own, which must not go up. */
async function atStandIn(t: TestContext, name: string) {
  const vendor = vendors[name]!
  const upstream = await startUpstream(t, vendorScript(vendor))
  const proxy = await startProxy(t, {
    config: {
      endpoints: [{ name: 'vendor', preset: name, base_url: upstream.url }],
      models: models(Object.keys(vendor.urls)),
    },
    env: vendor.variable ? { [vendor.variable]: key } : {},
  })
  return { upstream, proxy, vendor }
}

async function ask({ url }: TestProxy, model: string) {
  const messages = [{ role: 'user', content: 'Hello' }]
  return await post(`${url}/v1/messages?beta=true`, { model, max_tokens: 64, messages })
}

test('contract §3.17: each preset has a stand-in, and each stand-in a preset', () => {
  // Factory's is the shipped configuration
  assert.deepEqual(
    Object.keys(vendors),
    presetNames.filter((name) => name !== 'factory'),
  )
  for (const name of Object.keys(vendors)) {
    const types = Object.keys(presets[name as keyof typeof presets].addresses)
    assert.deepEqual(Object.keys(vendors[name]!.urls), types, name)
  }
})

for (const [name, vendor] of Object.entries(vendors)) {
  test(`contract §3.17: the preset ${name} leads to the vendor's own addresses`, () => {
    const endpoint = { name: 'vendor', preset: name, ...vendor.more }
    const config = load({ endpoints: [endpoint], models: models(Object.keys(vendor.urls)) })

    for (const [type, url] of Object.entries(vendor.urls) as [ModelType, string][]) {
      const call = { model: 'MODEL', isStream: false }
      const full = fullAddress(baseUrlOf(config.endpoints[0]!, type), type, call)
      assert.equal(String(full), url)
    }
  })

  test(`contract §3.17: the preset ${name} answers for each type at its stand-in`, async (t) => {
    const { proxy, upstream } = await atStandIn(t, name)

    for (const type of Object.keys(vendor.urls) as ModelType[]) {
      const answer = await ask(proxy, `by-${type}`)

      const text = await answer.text()
      assert.equal(answer.status, 200, `${type}: ${text}`)
      assert.match(text, new RegExp(said[type]))
      const { headers } = upstream.requests.at(-1)!
      assert.doesNotMatch(JSON.stringify(headers), /caller/)
    }
  })

  if (vendor.header === 'none') continue
  test(`contract §3.17: a key that ${name} does not know is refused, whatever its words for it`, async (t) => {
    const upstream = await startUpstream(t, vendorScript(vendor))
    const proxy = await startProxy(t, {
      config: {
        endpoints: [{ name: 'vendor', preset: name, base_url: upstream.url }],
        models: models(Object.keys(vendor.urls)),
      },
      env: { [vendor.variable!]: 'not-the-key-of-the-vendor' },
    })

    for (const type of Object.keys(vendor.urls)) {
      const answer = await ask(proxy, `by-${type}`)

      assert.ok(answer.status >= 400, type)
      assert.doesNotMatch(await answer.text(), /not-the-key/)
    }
  })
}

test('contract §3.17: keys beside a preset win', () => {
  const own = { name: 'a', preset: 'deepseek', auth: { env: 'MINE' }, headers: { 'x-more': 'yes' } }
  const only = { name: 'b', preset: 'deepseek', type: 'common' }
  const none = { name: 'c', preset: 'deepseek', auth: 'none' }
  const whole = { name: 'd', preset: 'deepseek', base_url: 'https://gate.test/deepseek/v1' }
  const azure = { name: 'e', preset: 'azure', resource: 'mine', auth: { env: 'MY_AZURE' } }
  const keyed = {
    name: 'f',
    preset: 'azure',
    resource: 'mine',
    headers: { 'api-key': 'k-of-my-own' },
  }
  const list = [own, only, none, whole, azure, keyed]

  const { endpoints } = load({ endpoints: list, models: [] })

  const [a, b, c, d, e, f] = endpoints
  assert.deepEqual(a?.auth, { env: 'MINE' })
  assert.deepEqual(a.headers, { 'x-more': 'yes' })
  assert.deepEqual(b?.addresses, { common: 'https://api.deepseek.com/v1' })
  assert.equal(c?.auth, 'none')
  assert.equal(d?.addresses?.anthropic, 'https://gate.test/deepseek/v1')
  assert.deepEqual(e?.auth, { env: 'MY_AZURE', header: 'api-key' })
  assert.equal(f?.auth, 'none')
})

test('contract §11.2: the account’s token goes with the preset factory to its own host alone, unless auth says otherwise', () => {
  const authAt = (more: object) => {
    const endpoint = { name: 'vendor', preset: 'factory', ...more }
    const file = { endpoints: [endpoint], models: models(['anthropic']) }
    return load(file, { FACTORY_API_KEY: 'fk-of-the-account' }).endpoints[0]!.auth
  }

  assert.equal(authAt({}), 'account')
  assert.equal(authAt({ base_url: 'https://api.factory.ai' }), 'account')
  assert.equal(authAt({ base_url: 'https://gate.test' }), 'client')
  assert.equal(authAt({ base_url: 'https://gate.test', auth: 'account' }), 'account')
})

test('contract §3.17: a base_url without a path moves a preset to another host, and each type keeps its path', () => {
  const endpoint = { name: 'qwen', preset: 'qwen', base_url: 'https://dashscope-us.aliyuncs.com/' }

  const { endpoints } = load({ endpoints: [endpoint], models: [] })

  assert.deepEqual(endpoints[0]?.addresses, {
    common: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
    anthropic: 'https://dashscope-us.aliyuncs.com/apps/anthropic',
  })
})

const faults: [what: string, file: Record<string, unknown>, says: RegExp][] = [
  [
    'a misspelt preset names the nearest',
    { endpoints: [{ name: 'a', preset: 'deepsek' }] },
    /endpoints\[0\]\.preset is "deepsek", expected one of .*"ollama".* \(did you mean deepseek\?\)/,
  ],
  [
    'neither preset nor base_url',
    { endpoints: [{ name: 'a', type: 'common' }] },
    /endpoints\[0\]\.base_url is missing/,
  ],
  [
    'a misspelt base_url is still the reason',
    { endpoints: [{ name: 'a', type: 'common', baseurl: 'https://x.test' }] },
    /endpoints\[0\]\.base_url is missing; endpoints\[0\]\.baseurl is there: did you mean it\?/,
  ],
  [
    'azure without its resource',
    { endpoints: [{ name: 'a', preset: 'azure' }] },
    /endpoints\[0\]\.resource is missing: the NAME in https:\/\/NAME\.openai\.azure\.com/,
  ],
  [
    'an address as the resource',
    { endpoints: [{ name: 'a', preset: 'azure', resource: 'https://mine.openai.azure.com' }] },
    /endpoints\[0\]\.resource is no name of a resource/,
  ],
  [
    'a resource elsewhere',
    { endpoints: [{ name: 'a', preset: 'groq', resource: 'mine' }] },
    /endpoints\[0\]\.resource goes with the preset azure/,
  ],
  [
    'a type that the preset has not',
    { endpoints: [{ name: 'a', preset: 'mistral', type: 'anthropic' }] },
    /endpoints\[0\]\.type is "anthropic", and the preset mistral has common/,
  ],
  [
    'a model of a type that the preset has not',
    {
      endpoints: [{ name: 'a', preset: 'mistral' }],
      models: [{ name: 'M', id: 'm', type: 'google', endpoint: 'a' }],
    },
    /models\[0\]\.type is "google", and the preset mistral of its endpoint has common/,
  ],
]

for (const [what, file, says] of faults) {
  test(`contract §3.17: ${what}`, () => {
    assert.match(faultsOf(file), says)
  })
}

test('contract §3.17: models find a preset without naming it, by their type', () => {
  const endpoints = [
    { name: 'mistral', preset: 'mistral' },
    { name: 'deepseek', preset: 'deepseek' },
  ]
  const list = ['common', 'anthropic'].map((type) => ({ name: type, id: type, type }))

  const { prepared } = load({ endpoints, models: list })

  const names = list.map(({ id }) => prepared.places.get(prepared.models.get(id)!)?.endpoint.name)
  assert.deepEqual(names, ['mistral', 'deepseek'])
})

test('contract §3.17: check shows what comes of a preset', async (t) => {
  const program = runProgram(t, {
    args: ['check'],
    config: {
      endpoints: [
        { name: 'deep', preset: 'deepseek' },
        { name: 'local', preset: 'ollama' },
      ],
      models: [
        { name: 'A', id: 'a', type: 'anthropic', endpoint: 'deep' },
        { name: 'B', id: 'b', type: 'common', endpoint: 'deep' },
      ],
    },
    env: { DEEPSEEK_API_KEY: key },
  })
  await program.exit

  const printed = program.stdout()
  assert.match(
    printed,
    /endpoint deep \(https:\/\/api\.deepseek\.com\/anthropic\/v1\/messages, https:\/\/api\.deepseek\.com\/v1\/chat\/completions\): \$DEEPSEEK_API_KEY/,
  )
  assert.match(
    printed,
    /endpoint local \(http:\/\/127\.0\.0\.1:11434\/v1\/chat\/completions, .*: no credential/,
  )
  assert.doesNotMatch(printed, new RegExp(key))
})

/** What the rows say of how vendors fail, through the whole proxy. */
const quirks: [preset: string, type: ModelType, answer: Answer, status: number, seen: RegExp][] = [
  [
    'anthropic',
    'anthropic',
    {
      status: 529,
      body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    },
    529,
    /overloaded_error/,
  ],
  [
    'openai',
    'openai',
    {
      status: 429,
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' },
      body: {
        error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' },
      },
    },
    429,
    /rate_limit_error/,
  ],
  [
    'openrouter',
    'common',
    { status: 402, body: { error: { code: 402, message: 'Insufficient credits' } } },
    402,
    /Insufficient credits/,
  ],
  [
    'deepseek',
    'common',
    {
      status: 402,
      body: { error: { message: 'Insufficient Balance', code: 'invalid_request_error' } },
    },
    402,
    /Insufficient Balance/,
  ],
  [
    'groq',
    'common',
    {
      status: 429,
      headers: { 'retry-after': '7' },
      body: {
        error: { message: 'Rate limit reached for organization', code: 'rate_limit_exceeded' },
      },
    },
    429,
    /organization/,
  ],
  [
    'azure',
    'common',
    {
      status: 429,
      headers: { 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-requests': '0' },
      body: { error: { code: '429', message: 'exceeded token rate limit' } },
    },
    429,
    /exceeded token rate limit/,
  ],
]

for (const [preset, type, answer, status, seen] of quirks) {
  test(`contract §3.17: ${preset} fails in its own way (HTTP ${status})`, async (t) => {
    const upstream = await startUpstream(t, () => answer)
    const proxy = await startProxy(t, {
      config: {
        endpoints: [{ name: 'vendor', preset, base_url: upstream.url }],
        models: models([type]),
      },
      env: { [vendors[preset]!.variable!]: key },
    })

    const got = await ask(proxy, `by-${type}`)

    assert.equal(got.status, status)
    assert.match(await got.text(), seen)
    if (answer.headers?.['retry-after']) assert.equal(got.headers.get('retry-after'), '7')
  })
}

test('contract §3.17: OpenRouter comments in a stream are no answer, and its error inside one is told', async (t) => {
  const chunk = (choice: object) =>
    `data: ${JSON.stringify({ id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'm', ...choice })}\n\n`
  const upstream = await startUpstream(t, [
    {
      sse: [
        ': OPENROUTER PROCESSING\n\n',
        chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' } }] }),
        ': OPENROUTER PROCESSING\n\n',
        chunk({
          error: { code: 502, message: 'Provider disconnected' },
          choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
        }),
      ],
    },
  ])
  const proxy = await startProxy(t, {
    config: {
      endpoints: [{ name: 'vendor', preset: 'openrouter', base_url: upstream.url }],
      models: models(['common']),
    },
    env: { OPENROUTER_API_KEY: key },
  })
  const messages = [{ role: 'user', content: 'Hello' }]
  const body = { model: 'by-common', max_tokens: 64, stream: true, messages }

  const text = await (await post(`${proxy.url}/v1/messages`, body)).text()

  assert.match(text, /"text":"Hi"/)
  assert.match(text, /event: error\ndata: .*Provider disconnected/)
  assert.doesNotMatch(text, /OPENROUTER|message_stop/)
})

test('contract §3.17: a tool loop begun elsewhere goes on at Mistral, which takes no ids of others', async (t) => {
  const upstream = await startUpstream(t, vendorScript(vendors.mistral!))
  const proxy = await startProxy(t, {
    config: {
      endpoints: [{ name: 'mistral', preset: 'mistral', base_url: upstream.url }],
      models: [{ name: 'Mistral', id: 'mistral-large-latest', type: 'common' }],
    },
    env: { MISTRAL_API_KEY: key },
  })
  const call = { type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', name: 'look', input: {} }
  const result = { type: 'tool_result', tool_use_id: call.id, content: 'seen' }

  const answer = await post(`${proxy.url}/v1/messages`, {
    model: 'mistral-large-latest',
    max_tokens: 64,
    tools: [{ name: 'look', input_schema: { type: 'object', properties: {} } }],
    messages: [
      { role: 'user', content: 'Look' },
      { role: 'assistant', content: [call] },
      { role: 'user', content: [result] },
    ],
  })

  assert.equal(answer.status, 200, await answer.text())
})
