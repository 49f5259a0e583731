/**
 * What explain shows is what goes up a moment later, byte for byte: method, path, headers in their order, body. From each client
 * API to each type of model, with all that a configuration may change on the way; and whatever changed is told of.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyOptions } from '../helpers/proxy.ts'
import {
  comparable,
  explained,
  maskOf,
  partsOf,
  recorded,
  send,
  shownParts,
  type Shown,
} from './setting.ts'

const types = ['anthropic', 'openai', 'common', 'google'] as const
type Type = (typeof types)[number]

const own: Record<string, Type | undefined> = {
  '/v1/messages': 'anthropic',
  '/v1/messages/count_tokens': 'anthropic',
  '/v1/responses': 'openai',
  '/v1/responses/input_tokens': 'openai',
  '/v1/responses/compact': undefined,
  '/v1/chat/completions': 'common',
}

const isCount = /_tokens$/

const models: Record<Type, string> = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-2.5-pro',
}

const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const name = 'a_tool_with_a_name_that_is_longer_than_the_sixty_four_letters_of_some_apis'

const chat = {
  messages: [
    { role: 'system', content: 'Be "brief", ☃.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name, arguments: '{"path":"a"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'It’s 12345678901234567890' },
  ],
  tools: [{ type: 'function', function: { name, parameters: schema } }],
  max_tokens: 90_000,
  temperature: 0.3,
  top_p: 0.5,
  seed: 7,
  logit_bias: { 5: 1 },
  stop: ['a', 'b', 'c', 'd', 'e', 'f'],
  reasoning_effort: 'low',
}

/** By route: a request that holds what there is to lose. */
const bodies: Record<string, Record<string, unknown>> = {
  '/v1/chat/completions': chat,
  '/v1/messages': {
    system: 'Be brief.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name, input: { path: 'a' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
    ],
    tools: [{ name, input_schema: schema }],
    max_tokens: 90_000,
    temperature: 0.3,
    top_k: 4,
    stop_sequences: ['a', 'b'],
    thinking: { type: 'enabled', budget_tokens: 2000 },
    metadata: { user_id: 'someone' },
  },
  '/v1/messages/count_tokens': { messages: [{ role: 'user', content: 'Hi' }], top_k: 4 },
  '/v1/responses/input_tokens': { input: 'Hi', top_p: 0.5 },
  '/v1/responses': {
    instructions: 'Be brief.',
    input: [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look' },
          { type: 'input_image', image_url: `data:image/png;base64,${pixel}` },
        ],
      },
      { type: 'function_call', call_id: 'call_1', name, arguments: '{"path":"a"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'ok' },
    ],
    tools: [{ type: 'function', name, parameters: schema }],
    max_output_tokens: 90_000,
    temperature: 0.3,
    reasoning: { effort: 'low', summary: 'auto' },
    store: true,
    truncation: 'auto',
  },
  '/v1/responses/compact': { input: 'Hi', instructions: 'Be brief.' },
}

const account = 'fk-of-the-account-4c1d'
const headers = {
  'content-type': 'application/json',
  'user-agent': 'a client/1.0',
  accept: 'text/event-stream',
  'accept-encoding': 'gzip, br',
  'accept-language': 'en',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'context-1m-2025-08-07,interleaved-thinking-2025-05-14',
  'x-session-id': 'a-session',
  'x-stainless-lang': 'js',
  'x-api-key': 'sk-of-a-client-that-has-one',
  cookie: 'session=1',
  'cf-ray': '9a1b2c3d4e5f-FRA',
  'x-unknown': 'ä b',
  connection: 'x-hop',
  'x-hop': '1',
  'x-droid2api-no-fallback': '0',
}

/** What a configuration may do with a request, the secrets of it, and the headers of the client that go with it. */
interface Variant {
  name: string
  options: (url: string) => ProxyOptions
  secrets: string[]
  headers?: Record<string, string>
  more?: Record<string, unknown>
  model?: (type: Type) => string
}

function endpoints(url: string, more: Record<string, unknown>) {
  return types.map((type) => ({ name: `at-${type}`, type, base_url: url, ...more }))
}

function entries(more: Record<string, unknown>) {
  return types.map((type) => ({ name: type, id: models[type], type, ...more }))
}

const resting = { kind: 'told', ms: 3_600_000, why: '429, five-hour window' } as const

const variants: Variant[] = [
  {
    name: 'as it comes, with the account',
    options: (url) => ({
      config: {
        system_prompt: '',
        endpoints: endpoints(url, { auth: 'account' }),
        models: entries({}),
      },
      env: { FACTORY_API_KEY: account },
    }),
    secrets: [account],
  },
  {
    name: 'with all that an entry may set',
    options: (url) => ({
      config: {
        system_prompt: 'You are the operator’s.\n\n',
        endpoints: endpoints(url, {
          auth: { env: 'THEIR_KEY' },
          system_prompt: 'You are "ours".\n',
          headers: {
            'X-Client': 'cli',
            'x-session-id': '{session_id}',
            'x-message-id': '{message_id}',
            'x-other-token': 'a-token-of-the-endpoint',
          },
        }),
        models: entries({
          reasoning: 'high',
          max_output_tokens: 20_000,
          fast: true,
          images: false,
        }).map((entry) => Object.assign(entry, { upstream_id: entry.id, id: `our-${entry.type}` })),
        model_redirects: { 'an-alias-*': 'our-common', anthropic: 'our-anthropic' },
      },
      env: { THEIR_KEY: 'sk-of-their-own-91ab' },
    }),
    secrets: ['sk-of-their-own-91ab', 'a-token-of-the-endpoint'],
    model: (type) =>
      type === 'anthropic' ? 'anthropic' : type === 'common' ? 'an-alias-7' : `our-${type}`,
  },
  {
    name: 'switched off, streamed, with the key of the client',
    options: (url) => ({
      config: {
        system_prompt: 'You are ours.',
        endpoints: endpoints(`${url}/v1?key=a-key-in-the-address&api-version=1`, {
          auth: 'client',
        }),
        models: entries({ reasoning: 'off' }),
        default_stream: true,
      },
    }),
    secrets: ['a-key-in-the-address', 'sk-of-a-client-that-has-one'],
    more: { stream: true },
  },
  {
    name: 'with accounts in turn',
    options: (url) => ({
      config: {
        system_prompt: '',
        accounts: ['one', 'two', 'three'].map((one) =>
          Object.assign(
            { name: one, key: `key-of-${one}-which-is-long` },
            one === 'two' && { header: 'x-api-key' },
          ),
        ),
        endpoints: endpoints(url, { accounts: ['one', 'two', 'three'], choose: 'round-robin' }),
        models: entries({}),
      },
    }),
    secrets: ['one', 'two', 'three'].map((one) => `key-of-${one}-which-is-long`),
  },
  {
    name: 'with a model that stands in at another host',
    options: (url) => ({
      config: {
        system_prompt: '',
        accounts: [
          { name: 'spent', key: 'key-of-the-one-that-rests' },
          { name: 'good', key: 'short' },
        ],
        endpoints: [
          ...types.map((type) => ({
            name: `spent-${type}`,
            type,
            base_url: `${url}/spent`,
            accounts: ['spent'],
          })),
          ...types.map((type) => ({ name: `at-${type}`, type, base_url: url, accounts: ['good'] })),
        ],
        models: types.flatMap((type) => [
          {
            name: type,
            id: models[type],
            type,
            endpoint: `spent-${type}`,
            fallback: [`other-${type}`],
            provider: 'one',
          },
          {
            name: type,
            id: `other-${type}`,
            upstream_id: models[type],
            type,
            endpoint: `at-${type}`,
            provider: 'another',
          },
        ]),
      },
    }),
    secrets: ['key-of-the-one-that-rests', 'short'],
  },
  {
    name: 'with a client whose tokens count',
    options: (url) => ({
      config: {
        system_prompt: '',
        endpoints: endpoints(url, { auth: 'account' }),
        models: entries({}),
        clients: [{ name: 'alice', key: 'the-key-of-alice-1234', tokens_per_day: 1e9 }],
      },
      env: { FACTORY_API_KEY: account },
    }),
    secrets: [account, 'the-key-of-alice-1234'],
    headers: { authorization: 'Bearer the-key-of-alice-1234' },
    more: { stream: true },
  },
]

for (const variant of variants) {
  for (const path of Object.keys(bodies)) {
    for (const type of types) {
      const isServed = !isCount.test(path) || type !== 'common'
      if (!isServed) continue
      test(`contract §22.1: ${path} to ${type}, ${variant.name}: what is shown is what is sent`, async (t) => {
        const setting = await recorded(t, variant.options)
        setting.proxy.app.pool.all.find((one) => one.name === 'spent')?.bench.rest(resting)
        const { [path]: asked } = bodies
        const body = JSON.stringify({
          model: variant.model?.(type) ?? models[type],
          ...asked,
          ...(path.endsWith('s') && !isCount.test(path) && variant.more),
        })
        const length = String(Buffer.byteLength(body))
        const sentHeaders = { ...headers, 'content-length': length, ...variant.headers }
        const target = `${path}?beta=true`

        const shown = await explained(setting, target, body, sentHeaders)
        assert.deepEqual(setting.sent, [], 'nothing was sent')
        const answer = await send(setting.proxy.url + target, body, sentHeaders)

        const [sent] = setting.sent
        assert.ok(sent, 'it was sent')
        assert.deepEqual(
          comparable(shownParts(shown, setting.url), []),
          comparable(partsOf(sent), variant.secrets),
        )
        assert.equal(shown.model, answer.headers['x-droid2api-model'])
        assertTold(shown, {
          body,
          headers: sentHeaders,
          path,
          type,
          dropped: String(answer.headers['x-droid2api-dropped'] ?? ''),
        })
      })
    }
  }
}

interface Came {
  body: string
  headers: Record<string, string>
  path: string
  type: Type
  dropped: string
}

/** Whatever is not as it came is named in a sentence. */
function assertTold({ changes, headers: after, body: sent }: Shown, came: Came): void {
  const all = changes.join('\n')
  const isTold = (one: string) => all.includes(`\`${one}\``)
  const untold = [...new Set([...Object.keys(came.headers), ...Object.keys(after!)])].filter(
    (one) =>
      ![came.headers[one], maskOf(came.headers[one] ?? '')].includes(after![one]) && !isTold(one),
  )
  assert.deepEqual(untold, [], all)
  assert.deepEqual(
    came.dropped
      .split(', ')
      .filter(Boolean)
      .filter((one) => !isTold(one)),
    [],
    all,
  )
  for (const sentence of changes) assert.match(sentence, /^[A-Z`].*\.$/s)
  if (own[came.path] !== came.type) return
  const before = JSON.parse(came.body) as Record<string, unknown>
  const now = JSON.parse(sent!) as Record<string, unknown>
  const changed = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (one) => JSON.stringify(before[one]) !== JSON.stringify(now[one]) && !isTold(one),
  )
  assert.deepEqual(changed, [], all)
}
