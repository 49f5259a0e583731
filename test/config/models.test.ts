import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemPromptOf } from '../../lib/config/endpoint-auth.ts'
import { endpointOf, findModel, nearestModel } from '../../lib/config/models.ts'
import type { Config, Model } from '../../lib/config/types.ts'

const model = (id: string, more: Partial<Model> = {}): Model => ({
  name: id,
  id,
  type: 'anthropic',
  reasoning: 'auto',
  ...more,
})

const config = {
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
} as unknown as Config

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

test('a model uses the endpoint it names, else the first of its type, else the one called so', () => {
  const nameFor = (id: string) => endpointOf(config, findModel(config, id)!).name

  assert.equal(nameFor('claude-b'), 'second')
  assert.equal(nameFor('claude-a'), 'first')
  assert.equal(nameFor('gpt'), 'openai')
})

test('an endpoint’s prompt overrules the general one, also with nothing', () => {
  assert.equal(systemPromptOf(config, config.endpoints[0]!), 'general')
  assert.equal(systemPromptOf(config, config.endpoints[1]!), '')
})

test('the nearest id of an unknown model is found, however far it is', () => {
  assert.equal(nearestModel(config, 'cluade-a'), 'claude-a')
  assert.equal(nearestModel(config, 'lst'), 'lost')
  assert.equal(typeof nearestModel(config, 'entirely-different-thing'), 'string')
})
