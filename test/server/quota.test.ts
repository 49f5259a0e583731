/** What is left of an account's limits, by the headers that upstreams send, in each of their forms. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LimitHeaders } from '../../lib/account/account.ts'
import type { StatusContent } from '../../lib/status/content.ts'
import { quotaOf } from '../../lib/status/quota.ts'
import { good, twoAccounts } from '../routing/setting.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const inAnHour = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)
const unixSeconds = String(inAnHour.getTime() / 1000)
const hour = inAnHour.toISOString()

/** used, and when it begins anew: a time, or `in about an hour` */
type Expected = Record<string, [number, string | null]>

const forms: [what: string, headers: Record<string, string>, expected: Expected][] = [
  [
    'a subscription of Anthropic',
    {
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-ratelimit-unified-reset': unixSeconds,
      'anthropic-ratelimit-unified-5h-utilization': '0.26',
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-5h-reset': unixSeconds,
      'anthropic-ratelimit-unified-7d_opus-utilization': '1.04',
      'anthropic-ratelimit-unified-7d_opus-reset': hour,
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-fallback-percentage': '0.5',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-overage-disabled-reason': 'out_of_credits',
    },
    { '5h': [0.26, hour], '7d_opus': [1, hour] },
  ],
  [
    'a subscription whose window is refused without a figure',
    {
      'anthropic-ratelimit-unified-7d-status': 'rejected',
      'anthropic-ratelimit-unified-7d-reset': unixSeconds,
    },
    { '7d': [1, hour] },
  ],
  [
    'a key of Anthropic',
    {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': hour,
      'anthropic-ratelimit-input-tokens-limit': '30000',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': hour,
    },
    { requests: [0.02, hour], 'input-tokens': [1, hour] },
  ],
  [
    'OpenAI, Groq and their like',
    {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '15',
      'x-ratelimit-reset-requests': '59m59s',
      'x-ratelimit-limit-tokens': '3',
      'x-ratelimit-remaining-tokens': '2',
      'x-ratelimit-reset-tokens': '3599.5s',
    },
    { requests: [0.75, 'in about an hour'], tokens: [0.3333, 'in about an hour'] },
  ],
  [
    'OpenRouter',
    {
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '5',
      'x-ratelimit-reset': String(inAnHour.getTime()),
    },
    { requests: [0.75, hour] },
  ],
  [
    'one that names no time',
    { 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-remaining-tokens': '9' },
    { tokens: [0.1, null] },
  ],
  [
    'Azure and whoever else makes no sense',
    {
      'x-ratelimit-limit-requests': '-1',
      'x-ratelimit-remaining-requests': '-1',
      'x-ratelimit-reset-requests': '0',
      'x-ratelimit-limit-tokens': 'many',
      'x-ratelimit-remaining-tokens': '7',
      'x-ratelimit-remaining-images': '3',
      'anthropic-ratelimit-unified-5h-utilization': '26',
    },
    {},
  ],
  [
    'what has begun anew',
    {
      'anthropic-ratelimit-unified-5h-utilization': '0.9',
      'anthropic-ratelimit-unified-5h-reset': '1700000000',
    },
    {},
  ],
  [
    'a time that nobody lives to see',
    {
      'anthropic-ratelimit-unified-5h-utilization': '0.5',
      'anthropic-ratelimit-unified-5h-reset': '99999999999999',
    },
    { '5h': [0.5, null] },
  ],
  [
    'a name that objects have',
    {
      'anthropic-ratelimit-__proto__-limit': '4',
      'anthropic-ratelimit-__proto__-remaining': '1',
    },
    { ['__proto__']: [0.75, null] },
  ],
]

function soon(time: string | null): string | null {
  const inMs = Date.parse(time ?? '') - Date.now()
  return Math.abs(inMs - 3_600_000) < 30_000 ? 'in about an hour' : time
}

for (const [what, headers, expected] of forms) {
  test(`contract §19.8: ${what}`, () => {
    const saidOfLimits = new LimitHeaders()
    saidOfLimits.note('default', 'claude', headers)

    const quota = quotaOf({ limitHeaders: saidOfLimits }, 'default') ?? {}

    const shown = Object.entries(quota).map(([name, { used, resets_at: at }]) => {
      return [name, used, expected[name]?.[1] === at ? at : soon(at)]
    })
    assert.deepEqual(
      shown,
      Object.entries(expected).map(([name, [used, at]]) => [name, used, at]),
    )
  })
}

test('contract §19.8: the quota that one endpoint reports takes nothing from that of another, nor does an answer without any', () => {
  const saidOfLimits = new LimitHeaders()
  const account = {}
  saidOfLimits.note(account, 'claude', { 'anthropic-ratelimit-unified-5h-utilization': '0.5' })
  saidOfLimits.note(account, 'gpt', {
    'x-ratelimit-limit-tokens': '10',
    'x-ratelimit-remaining-tokens': '9',
  })
  saidOfLimits.note(account, 'claude', { 'content-type': 'application/json' })

  const quota = quotaOf({ limitHeaders: saidOfLimits }, account)

  assert.deepEqual(Object.keys(quota ?? {}), ['5h', 'tokens'])
  assert.equal(quotaOf({ limitHeaders: saidOfLimits }, {}), undefined)
})

test('contract §19.8: an upstream that makes up limits fills nothing', () => {
  const saidOfLimits = new LimitHeaders()
  const headers = Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [
      `anthropic-ratelimit-${'w'.repeat(90)}${index}-utilization`,
      '0.5',
    ]),
  )
  saidOfLimits.note('default', 'claude', headers)

  const quota = quotaOf({ limitHeaders: saidOfLimits }, 'default') ?? {}

  assert.ok(JSON.stringify(quota).length < 3000)
})

async function accountsOf(url: string): Promise<StatusContent['accounts']> {
  return ((await (await fetch(`${url}/status.json`)).json()) as StatusContent).accounts
}

test('contract §19.8: each account has its own quota, in the status and in /health', async (t) => {
  const { ask, proxy } = await twoAccounts(
    t,
    (account) => ({
      ...good,
      headers: { 'anthropic-ratelimit-unified-5h-utilization': account === 'one' ? '0.1' : '0.2' },
    }),
    { endpoint: { choose: 'round-robin' } },
  )
  await ask()
  await ask()

  const accounts = await accountsOf(proxy.url)
  const health = (await (await fetch(`${proxy.url}/health`)).json()) as {
    accounts: StatusContent['accounts']
  }

  assert.deepEqual(
    accounts.map(({ name, quota }) => [name, quota?.['5h']?.used]),
    [
      ['one', 0.1],
      ['two', 0.2],
    ],
  )
  assert.deepEqual(health.accounts, accounts)
})

test('contract §19.8: the account without a name and the key of a variable have theirs, on both roads; a caller’s own is nobody’s', async (t) => {
  const upstream = await startUpstream(t, ({ url }) =>
    url.endsWith('messages')
      ? {
          body: anthropicMessage({ text: ['Hi'] }),
          headers: { 'anthropic-ratelimit-unified-7d-utilization': '0.4' },
        }
      : {
          body: responsesBody({ text: ['Hi'] }),
          headers: { 'x-ratelimit-limit-tokens': '4', 'x-ratelimit-remaining-tokens': '1' },
        },
  )
  const config = oneUpstream(upstream.url)
  const [claude, gpt] = config.endpoints
  const endpoints = [claude, { ...gpt, auth: { env: 'GPT_KEY' } }]
  const own = await startProxy(t, {
    config: { ...config, endpoints, models: config.models.slice(0, 2) },
    env: { FACTORY_API_KEY: 'fk-the-account-key', GPT_KEY: 'sk-the-key-of-gpt' },
  })
  const callers = await startProxy(t, { config })
  const messages = [{ role: 'user', content: 'Hi' }]
  for (const { url } of [own, callers]) {
    for (const model of ['claude-sonnet-4-5', 'gpt-5.1']) {
      await (await post(`${url}/v1/chat/completions`, { model, messages })).text()
    }
    await (await post(`${url}/v1/messages`, { model: 'claude-sonnet-4-5', messages })).text()
  }

  const accounts = await accountsOf(own.url)

  assert.deepEqual(
    accounts.map(({ name, quota }) => [name, quota?.['7d']?.used, quota?.tokens?.used]),
    [
      ['default', 0.4, undefined],
      ['gpt_key', undefined, 0.75],
    ],
  )
  assert.deepEqual(await accountsOf(callers.url), [])
  const health = async (headers = {}) =>
    (await (await fetch(`${own.url}/health`, { headers })).json()) as {
      account: { quota?: Record<string, { used: number }> }
    }
  assert.equal((await health()).account.quota?.['7d']?.used, 0.4)
  assert.equal((await health({ via: '1.1 door' })).account.quota, undefined)
})

test('contract §19.8: a key that is not there is shown as that', async (t) => {
  const { endpoints, models } = oneUpstream('http://127.0.0.1:1')
  const proxy = await startProxy(t, {
    config: {
      endpoints: [{ ...endpoints[0], auth: { env: 'NO_SUCH_KEY' } }],
      models: models.slice(0, 1),
    },
  })

  assert.deepEqual(await accountsOf(proxy.url), [
    { name: 'no_such_key', kind: 'key', state: 'needs_login', reason: 'NO_SUCH_KEY is not set' },
  ])
})
