import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../lib/config/load.ts'
import {
  endpointOf,
  findModel,
  nearestModel,
  prepared,
  systemPromptOf,
  unservedReason,
} from '../../lib/config/models.ts'
import type { ConfigData, Model } from '../../lib/config/types.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const model = (id: string, more: Partial<Model> = {}): Model => ({
  name: id,
  id,
  type: 'anthropic',
  reasoning: 'auto',
  ...more,
})

const config = prepared({
  api_keys: [],
  clients: [],
  cors_origins: [],
  system_prompt: 'general',
  models: [
    model('claude-a'),
    model('claude-b', { endpoint: 'second' }),
    model('gpt', { type: 'openai' }),
  ],
  endpoints: [
    { name: 'first', type: 'anthropic', base_url: 'http://1', auth: 'account', headers: {} },
    {
      name: 'second',
      type: 'anthropic',
      base_url: 'http://2',
      auth: 'account',
      headers: {},
      system_prompt: '',
    },
    { name: 'openai', base_url: 'http://3', auth: 'account', headers: {} },
  ],
  model_redirects: {
    'claude-*': 'claude-a',
    'claude-haiku-*': 'claude-b',
    'claude-haiku-1': 'gpt',
    lost: 'nowhere',
  },
} as unknown as ConfigData)

const names: [asked: string, found: string | undefined][] = [
  ['claude-a', 'claude-a'],
  ['claude-haiku-1', 'gpt'],
  ['claude-haiku-2', 'claude-b'],
  ['claude-z', 'claude-a'],
  ['lost', undefined],
  ['other', undefined],
  ['toString', undefined],
  ['__proto__', undefined],
]

for (const [asked, found] of names) {
  test(`${asked} is ${found ?? 'unknown'}`, () => {
    assert.equal(findModel(config, asked)?.id, found)
  })
}

test('contract §3.11: a model uses the endpoint it names, else the first of its type, else the one called like its type', () => {
  const nameFor = (id: string) => endpointOf(config, findModel(config, id)!).name

  assert.equal(nameFor('claude-b'), 'second')
  assert.equal(nameFor('claude-a'), 'first')
  assert.equal(nameFor('gpt'), 'openai')
})

test('an endpoint’s prompt overrules the general one, also with nothing', () => {
  assert.equal(systemPromptOf(config, config.endpoints[0]!), 'general')
  assert.equal(systemPromptOf(config, config.endpoints[1]!), '')
})

test('contract §2.4: the nearest id of an unknown model is found, however far it is', () => {
  assert.equal(nearestModel(config, 'cluade-a'), 'claude-a')
  assert.equal(nearestModel(config, 'lst'), 'lost')
  assert.equal(typeof nearestModel(config, 'entirely-different-thing'), 'string')
})

const aliases: Record<string, string> = {
  'claude-*': 'claude-a',
  '*-fast': 'claude-b',
  '*haiku*': 'gpt',
  'a.c': 'claude-b',
  'a.*': 'claude-a',
  odd: 'left-out',
}
const withPatterns = prepared({
  ...config,
  model_redirects: aliases,
  unserved: { 'left-out': 'models[9].type is "x"' },
})

const patterns: [asked: string, found: string | undefined][] = [
  ['claude-9', 'claude-a'],
  ['gpt-fast', 'claude-b'],
  ['-fast', 'claude-b'],
  ['claude-fast', 'claude-a'],
  ['my-haiku-x', 'gpt'],
  ['haiku', 'gpt'],
  ['claude-haiku', 'claude-a'],
  ['a.c', 'claude-b'],
  ['a.d', 'claude-a'],
  ['abd', undefined],
  ['claude-b[1m]', 'claude-b'],
  ['a.c[1m]', 'claude-b'],
  ['claude-9[1M]', 'claude-a'],
  ['other', undefined],
]

for (const [asked, found] of patterns) {
  test(`contract §3.12: with a * at either end ${asked} is ${found ?? 'unknown'}`, () => {
    assert.equal(findModel(withPatterns, asked)?.id, found)
  })
}

test('contract §3.12: * alone catches what nothing else does', () => {
  const all = prepared({ ...withPatterns, model_redirects: { ...aliases, '*': 'gpt' } })

  assert.equal(findModel(all, 'whatever')?.id, 'gpt')
  assert.equal(findModel(all, 'claude-9')?.id, 'claude-a')
  assert.equal(findModel(all, 'claude-b')?.id, 'claude-b')
})

test('contract §3.7: why a model is not served is known by its name and its alias', () => {
  assert.equal(unservedReason(withPatterns, 'left-out'), 'models[9].type is "x"')
  assert.equal(unservedReason(withPatterns, 'odd'), 'models[9].type is "x"')
  assert.equal(unservedReason(withPatterns, 'other'), undefined)
})

/** What the two programs sent for each of their names and by themselves; read off the wire in November 2026. */
const sent: [name: string, served: string][] = [
  ['claude-opus-4-8', 'claude-opus-4-8'],
  ['claude-opus-4-8[1m]', 'claude-opus-4-8'],
  ['claude-opus-5-5', 'claude-opus-5-5'],
  ['claude-opus-5', 'claude-opus-5-5'],
  ['claude-opus-4-1-20250805', 'claude-opus-4-8'],
  ['claude-opus-4-20250514', 'claude-opus-4-8'],
  ['claude-sonnet-5', 'claude-sonnet-5-5'],
  ['claude-sonnet-5[1m]', 'claude-sonnet-5-5'],
  ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-6'],
  ['claude-3-7-sonnet-20250219', 'claude-sonnet-4-6'],
  ['claude-3-5-haiku-20241022', 'claude-haiku-4-5-20251001'],
  ['claude-haiku-4-5-20251001', 'claude-haiku-4-5-20251001'],
  ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
  ['claude-haiku-5-5', 'claude-haiku-5-5'],
  ['claude-fable-5', 'claude-opus-5-5'],
  ['claude-fable-5-2', 'claude-opus-5-5'],
  ['claude-mythos-5', 'claude-opus-5-5'],
  ['sonnet', 'claude-sonnet-5-5'],
  ['sonnet[1m]', 'claude-sonnet-5-5'],
  ['opus', 'claude-opus-5-5'],
  ['opus[1m]', 'claude-opus-5-5'],
  ['opusplan', 'claude-opus-5-5'],
  ['haiku', 'claude-haiku-5-5'],
  ['fable', 'claude-opus-5-5'],
  ['best', 'claude-opus-5-5'],
  ['default', 'claude-sonnet-5-5'],
  ['gpt-6.2-sol', 'gpt-5.4'],
  ['gpt-6-luna', 'gpt-5.4'],
  ['gpt-5.6-terra', 'gpt-5.4'],
  // as gateways and switchers in between write them
  ['gpt-5-6-luna', 'gpt-5.4'],
  ['gpt-5.5-high', 'gpt-5.4'],
  ['gpt-5.5', 'gpt-5.4'],
  ['gpt-5', 'gpt-5.1'],
  ['gpt-5-codex', 'gpt-5.1-codex'],
  ['gpt-5.3-codex', 'gpt-5.1-codex'],
  ['codex-auto-review', 'gpt-5.1-codex'],
  ['gpt-daybreak-blue-latest', 'gpt-5.4'],
]

test('contract §3.12: the shipped aliases resolve every name that Claude Code and Codex send', () => {
  const packageDir = path.join(import.meta.dirname, '..', '..')
  const dir = tempDir()
  const options = { flags: {}, env: { DATA_DIR: dir }, cwd: dir, packageDir, homeDir: dir }
  const shipped = loadConfig(options).config

  assert.deepEqual(
    sent.map(([name]) => [name, findModel(shipped, name)?.id]),
    sent,
  )
})
