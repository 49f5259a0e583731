/** Whose key a variable holds: by its name, by the address beside it, by how the key begins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysIn } from '../../lib/init/keys.ts'
import { serversAt, usualPlaces } from '../../lib/init/servers.ts'
import type { PresetName } from '../../lib/config/presets.ts'

const key = 'k-3f9a1c7e55d0'

function found(env: Record<string, string>, ...wanted: PresetName[]) {
  const said: string[] = []
  const search = {
    get: (name: string) => env[name],
    wanted: wanted.length > 0 ? new Set(wanted) : undefined,
    noteUnused: (text: string) => void said.push(text),
  }
  return { keys: keysIn(search), said, servers: serversAt(usualPlaces, search) }
}

/** Each finds one provider. */
const ones: [what: string, env: Record<string, string>, preset: PresetName, beside: object][] = [
  ['the usual variable', { DEEPSEEK_API_KEY: key }, 'deepseek', {}],
  [
    'another name for it (browser-use#1435)',
    { GOOGLE_API_KEY: key },
    'gemini',
    { auth: { env: 'GOOGLE_API_KEY' } },
  ],
  ['the name in mainland China (nanobot#371)', { ZHIPUAI_API_KEY: key }, 'zhipu', {}],
  [
    'the usual variable before another',
    { GEMINI_API_KEY: key, GOOGLE_API_KEY: 'other-0123456789' },
    'gemini',
    {},
  ],
  [
    'the region by the address beside it (oh-my-pi#5981)',
    { MOONSHOT_API_KEY: key, MOONSHOT_BASE_URL: 'https://api.moonshot.cn/v1' },
    'moonshot-cn',
    {},
  ],
  [
    'the plan by the path beside it',
    { ZAI_API_KEY: key, ZAI_BASE_URL: 'https://api.z.ai/api/coding/paas/v4/' },
    'zai-coding',
    {},
  ],
  [
    'another vendor by the address beside it (librefang#2541)',
    { OPENAI_API_KEY: key, OPENAI_BASE_URL: 'https://api.deepseek.com/v1' },
    'deepseek',
    { auth: { env: 'OPENAI_API_KEY' } },
  ],
  [
    'a gateway (omnigent#629)',
    { OPENAI_API_KEY: key, OPENAI_API_BASE: 'https://gate.test/openai/v1' },
    'openai',
    { base_url: 'https://gate.test/openai/v1' },
  ],
  [
    'an address that was copied whole (AIClient2API#336)',
    { OPENAI_API_KEY: key, OPENAI_BASE_URL: 'https://gate.test/v1/chat/completions' },
    'openai',
    { base_url: 'https://gate.test/v1' },
  ],
  [
    'the same at a vendor',
    { DEEPSEEK_API_KEY: key, DEEPSEEK_BASE_URL: 'https://api.deepseek.com/v1/chat/completions' },
    'deepseek',
    {},
  ],
  [
    'a gateway whose address holds a key: it stays in its variable',
    { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: 'https://gate.test/a?key=s3cret' },
    'anthropic',
    { base_url: '${ANTHROPIC_BASE_URL}' },
  ],
  [
    'the token of Claude Code beside the address of its vendor',
    { ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_BASE_URL: 'https://api.z.ai/api/anthropic' },
    'zai',
    { auth: { env: 'ANTHROPIC_AUTH_TOKEN', header: 'authorization' } },
  ],
  [
    'the same beside a gateway',
    { ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_BASE_URL: 'https://gate.test' },
    'anthropic',
    {
      base_url: 'https://gate.test/',
      auth: { env: 'ANTHROPIC_AUTH_TOKEN', header: 'authorization' },
    },
  ],
  [
    'a key that begins as those of another vendor (headlong#69)',
    { OPENAI_API_KEY: `sk-or-v1-${key}` },
    'openrouter',
    { auth: { env: 'OPENAI_API_KEY' } },
  ],
  [
    'Azure with its resource and a deployment',
    {
      AZURE_OPENAI_API_KEY: key,
      AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com/',
      AZURE_OPENAI_DEPLOYMENT: 'gpt',
    },
    'azure',
    { resource: 'mine' },
  ],
  [
    'Azure at another host',
    {
      AZURE_API_KEY: key,
      AZURE_OPENAI_ENDPOINT: 'https://mine.services.ai.azure.com/api/projects/p',
      AZURE_OPENAI_DEPLOYMENT_NAME: 'gpt',
    },
    'azure',
    { base_url: 'https://mine.services.ai.azure.com', auth: { env: 'AZURE_API_KEY' } },
  ],
]

for (const [what, env, preset, beside] of ones) {
  test(`contract §4.10: ${what}`, () => {
    const { keys, said } = found(env)

    assert.deepEqual(
      keys.map((one) => [one.preset, one.beside]),
      [[preset, beside]],
    )
    assert.deepEqual(said, [])
  })
}

const none: [what: string, env: Record<string, string>, says: RegExp][] = [
  [
    'an example value',
    { OPENAI_API_KEY: 'your_api_key_here' },
    /^OPENAI_API_KEY is an example value/,
  ],
  ['a key with a blank', { OPENAI_API_KEY: 'two words' }, /^OPENAI_API_KEY holds a blank/],
  [
    'Azure without its resource',
    { AZURE_OPENAI_API_KEY: key },
    /^AZURE_OPENAI_API_KEY needs AZURE_OPENAI_ENDPOINT/,
  ],
  [
    'Azure without a deployment',
    { AZURE_OPENAI_API_KEY: key, AZURE_RESOURCE_NAME: 'mine' },
    /^AZURE_OPENAI_API_KEY needs the name of a deployment/,
  ],
]

for (const [what, env, says] of none) {
  test(`contract §4.10: ${what} finds nothing, and says why without a value`, () => {
    const { keys, said } = found(env)

    assert.deepEqual(keys, [])
    assert.match(said.join('; '), says)
    assert.doesNotMatch(said.join('; '), new RegExp(key))
  })
}

test('contract §4.10: a gateway in front of OpenAI is asked by Chat Completions, OpenAI itself by Responses', () => {
  const bases = ['https://gate.test/v1', 'https://api.openai.com/v1']

  const types = bases.map((OPENAI_BASE_URL) => {
    const { keys } = found({ OPENAI_API_KEY: key, OPENAI_BASE_URL })
    return [keys[0]?.type, keys[0]?.list?.href]
  })

  assert.deepEqual(types, [
    ['common', 'https://gate.test/v1/models'],
    ['openai', 'https://api.openai.com/v1/models'],
  ])
})

test('contract §4.10: quotes and Bearer around a key are no reason to leave it out', () => {
  const { keys, said } = found({ OPENAI_API_KEY: `"Bearer ${key}"` })

  assert.deepEqual([keys.length, keys[0]?.key, said], [1, key, []])
})

test('contract §4.10: two keys for one vendor make one endpoint, and the second is named', () => {
  const env = { OPENROUTER_API_KEY: key, OPENAI_API_KEY: `sk-or-v1-${key}` }

  const { keys, said } = found(env)

  assert.deepEqual(
    keys.map(({ preset }) => preset),
    ['openrouter'],
  )
  assert.match(said.join('; '), /^OPEN\w+_API_KEY is for openrouter, which has OPEN\w+_API_KEY$/)
})

test('contract §4.10: --preset looks for that provider alone, also where its key is yet to come', () => {
  const env = { OPENAI_API_KEY: key, GROQ_API_KEY: key }

  const { keys, servers } = found(env, 'groq', 'mistral', 'zai-coding')

  assert.deepEqual(
    keys.map(({ preset, key: value }) => [preset, value]),
    [
      ['zai-coding', undefined],
      ['mistral', undefined],
      ['groq', key],
    ],
  )
  assert.deepEqual(servers, [])
})

const hosts: [given: string | undefined, origin: string, beside: object][] = [
  [undefined, 'http://127.0.0.1:11434', {}],
  ['0.0.0.0', 'http://127.0.0.1:11434', {}],
  ['127.0.0.1:8888', 'http://127.0.0.1:8888', { base_url: 'http://127.0.0.1:8888' }],
  [':8888', 'http://127.0.0.1:8888', { base_url: 'http://127.0.0.1:8888' }],
  ['http://gpu.test:80', 'http://gpu.test', { base_url: 'http://gpu.test' }],
  ['https://gpu.test', 'https://gpu.test', { base_url: 'https://gpu.test' }],
  ['gpu.test', 'http://gpu.test:11434', { base_url: 'http://gpu.test:11434' }],
]

for (const [given, origin, beside] of hosts) {
  test(`contract §4.10: Ollama is looked for where OLLAMA_HOST says: ${given ?? 'nothing'}`, () => {
    const { servers } = found(given === undefined ? {} : { OLLAMA_HOST: given }, 'ollama')

    assert.deepEqual(
      servers.map((one) => [one.list?.href, one.beside]),
      [[`${origin}/v1/models`, beside]],
    )
  })
}

test('contract §4.10: servers are looked for at the ports of Ollama, LM Studio, vLLM and llama.cpp', () => {
  const places = found({}).servers.map(({ list }) => list?.href)

  assert.deepEqual(places, [
    'http://127.0.0.1:11434/v1/models',
    'http://127.0.0.1:1234/v1/models',
    'http://127.0.0.1:8000/v1/models',
    'http://127.0.0.1:8080/v1/models',
  ])
})

test('contract §4.10: the token of Claude Code alone, or beside a key, is none', () => {
  assert.deepEqual(found({ ANTHROPIC_AUTH_TOKEN: key }).keys, [])
  const env = { ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_BASE_URL: 'https://gate.test' }
  const [provider] = found({ ...env, ANTHROPIC_API_KEY: 'other-0123456789' }).keys

  assert.equal(provider?.variable, 'ANTHROPIC_API_KEY')
})
