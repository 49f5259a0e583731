/** Every row of the tables of what becomes of a request, and what is read of headers that say how long to wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitsOf } from '../../lib/routing/limits.ts'
import { outcomeOf, type Facts, type Outcome } from '../../lib/routing/outcomes.ts'
import { cpuMsOf } from '../helpers/cpu-time.ts'

const silent = { isMentioned: false, waitMs: undefined, spent: undefined, ofModel: false }

function facts(some: Partial<Facts>): Facts {
  return {
    status: 200,
    limits: silent,
    isQuota: false,
    isUnpaid: false,
    isDead: false,
    owner: 'proxy',
    hasWaited: false,
    waitLeftMs: 5000,
    hasFallback: false,
    model: 'm',
    login: null,
    ...some,
  }
}

function wait(waitMs: number | undefined, more: Partial<Facts['limits']> = {}): Facts['limits'] {
  return { ...silent, isMentioned: true, waitMs, ...more }
}

const told = { kind: 'told' }

const rows: [facts: Partial<Facts>, move: Outcome['move'], rest?: object][] = [
  [{ status: 429, limits: wait(3000) }, 'wait'],
  [{ status: 429, limits: wait(3000), isQuota: true }, 'wait'],
  [{ status: 429, limits: wait(3000), hasWaited: true }, 'next account', { ...told, ms: 3000 }],
  [{ status: 429, limits: wait(3000), waitLeftMs: 2000 }, 'next account', { ...told, ms: 3000 }],
  [{ status: 429, limits: wait(9000) }, 'next account', { ...told, ms: 9000 }],
  [
    { status: 429, limits: wait(9000, { spent: '7d_opus', ofModel: true }) },
    'next account',
    { ...told, ms: 9000, model: 'm' },
  ],
  [{ status: 429, isQuota: true }, 'next account', { kind: 'unpaid' }],
  [{ status: 429, limits: wait(undefined) }, 'next account', { kind: 'untold' }],
  [{ status: 429 }, 'answer'],
  [{ status: 401 }, 'next account', { kind: 'refused' }],
  [{ status: 401, owner: 'client' }, 'answer'],
  [{ status: 400, isDead: true }, 'next account', { kind: 'refused' }],
  [{ status: 403, isDead: true }, 'next account', { kind: 'refused' }],
  [{ status: 403, isDead: true, owner: 'client' }, 'answer'],
  [{ status: 404, isDead: true }, 'answer'],
  [{ status: 402 }, 'next account', { kind: 'unpaid' }],
  [{ status: 400, isUnpaid: true }, 'next account', { kind: 'unpaid' }],
  [{ status: 402, owner: 'client' }, 'next account'],
  [{ status: 403 }, 'answer'],
  [{ status: 503, hasFallback: true }, 'next model'],
  [{ status: 529, hasFallback: true }, 'next model'],
  ...[521, 522, 523, 525, 526, 530].map((status): [Partial<Facts>, Outcome['move']] => [
    { status, hasFallback: true },
    'next model',
  ]),
  [{ status: 529, hasFallback: true, limits: wait(2000) }, 'wait'],
  [{ status: 529, hasFallback: true, limits: wait(2000), hasWaited: true }, 'next model'],
  [{ status: 529, hasFallback: true, limits: wait(9000) }, 'next model'],
  [{ status: 529, limits: wait(2000) }, 'answer'],
  [{ status: 503 }, 'answer'],
  [{ status: 'unreached', hasFallback: true }, 'next model'],
  [{ status: 'lost', hasFallback: true }, 'answer'],
  [{ status: 'locked' }, 'next account'],
  ...[400, 404, 413, 422, 500, 502, 504, 520, 524, 200].map(
    (status): [Partial<Facts>, Outcome['move']] => [{ status, hasFallback: true }, 'answer'],
  ),
]

for (const [given, move, rest] of rows) {
  test(`contract §17.5: ${JSON.stringify(given)} → ${move}`, () => {
    const outcome = outcomeOf(facts(given))

    assert.equal(outcome.move, move)
    if (rest) assert.deepEqual({ ...outcome.rest, ...rest }, outcome.rest)
    else assert.equal(outcome.rest, undefined)
  })
}

test('contract §17: a 403 makes the account a little suspect, and nothing more', () => {
  assert.equal(outcomeOf(facts({ status: 403 })).isDoubt, true)
  assert.equal(outcomeOf(facts({ status: 400 })).isDoubt, undefined)
})

const now = Date.parse('2026-11-28T12:00:00Z')
const inAnHour = new Date(now + 3_600_000)
const seconds = String(inAnHour.getTime() / 1000)

const waits: [headers: Record<string, string>, body: string, ms: number | undefined][] = [
  [{ 'retry-after-ms': '1500', 'retry-after': '9' }, '', 1500],
  [{ 'retry-after': '9' }, '', 9000],
  [{ 'retry-after': inAnHour.toUTCString() }, '', 3_600_000],
  // by the server's own clock, which is ahead
  [
    { 'retry-after': inAnHour.toUTCString(), date: new Date(now + 60_000).toUTCString() },
    '',
    3_540_000,
  ],
  [
    {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': inAnHour.toISOString(),
      'anthropic-ratelimit-tokens-remaining': '10',
      'anthropic-ratelimit-tokens-reset': new Date(now + 9_000_000).toISOString(),
    },
    '',
    3_600_000,
  ],
  [
    {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(now / 1000 + 60),
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-reset': seconds,
      'anthropic-ratelimit-unified-7d-status': 'allowed',
      'anthropic-ratelimit-unified-7d-reset': String(now / 1000 + 500_000),
    },
    '',
    3_600_000,
  ],
  [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, '', 360_000],
  [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1.5s' }, '', 1500],
  [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '12' }, '', 12_000],
  [{ 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '12' }, '', undefined],
  [
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(inAnHour.getTime()) },
    '',
    3_600_000,
  ],
  [{}, '{"error":{"type":"usage_limit_reached","resets_in_seconds":600}}', 600_000],
  [{}, `{"error":{"type":"usage_limit_reached","resets_at":${seconds}}}`, 3_600_000],
  [{}, '{"error":{"code":429,"details":[{"retryDelay":"30s"}]}}', 30_000],
  [{}, '{"error":{"message":"Rate limit reached. Please try again in 1m30s."}}', 90_000],
  [{}, '{"error":{"message":"Slow down"}}', undefined],
  // spans in words, Go's form, and times in a header that should have seconds
  [{ 'retry-after': '20s' }, '', 20_000],
  [{ 'retry-after': '1m30s' }, '', 90_000],
  [{ 'retry-after': '30 seconds' }, '', 30_000],
  [{ 'retry-after': '0.5' }, '', 500],
  [{ 'retry-after': seconds }, '', 3_600_000],
  [{ 'retry-after': inAnHour.toISOString() }, '', 3_600_000],
  [{}, '{"error":{"message":"Please wait 10 seconds and try again."}}', 10_000],
  [{}, '{"error":{"message":"Please try again in 1 hour and 5 minutes."}}', 3_900_000],
  [
    {},
    '{"error":{"message":"You have exhausted your capacity. Your quota will reset after 1h3m5s."}}',
    3_785_000,
  ],
  [{}, '[{"error":{"message":"Quota exceeded. Please retry in 34.074s."}}]', 34_074],
  // other places and types of a body
  [{}, `{"error":{"resets_at":${inAnHour.getTime()}}}`, 3_600_000],
  [{}, `{"error":{"resets_at":"${inAnHour.toISOString()}"}}`, 3_600_000],
  [{}, '{"error":{"retry_after":"7"}}', 7000],
  [{}, '{"error":{"retryAfter":"7s"}}', 7000],
  [{}, '{"error":{"retry_after_ms":1500}}', 1500],
  [{}, '{"error":{"code":429,"metadata":{"retry_after_seconds":11}}}', 11_000],
  // other names of headers
  [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, '', 30_000],
  [{ 'x-ratelimit-reset-after': '1.5' }, '', 1500],
  [{ 'x-ratelimit-limit': '60', 'x-ratelimit-reset': '30' }, '', 30_000],
  // what lies
  ...[
    '0',
    '-1',
    '+3',
    '5,5',
    'NaN',
    'Infinity',
    '1e3',
    'Nov 29',
    '5 months',
    'soon',
    String(9 * 86_400),
    new Date(now - 5000).toUTCString(),
  ].map((lie): [Record<string, string>, string, undefined] => [
    { 'retry-after': lie },
    '',
    undefined,
  ]),
  [{ 'retry-after': '0', 'retry-after-ms': '-1' }, '{"error":{"resets_in_seconds":60}}', 60_000],
  [
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '0' },
    '{"error":{"resets_in_seconds":-1,"message":"try again in 20s"}}',
    20_000,
  ],
  [
    {
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': new Date(now - 1000).toISOString(),
    },
    '',
    undefined,
  ],
]

for (const [headers, body, ms] of waits) {
  test(`contract §17.6: ${JSON.stringify(headers)} ${body} says ${ms} ms`, () => {
    const limits = limitsOf(headers, body, now)

    assert.equal(limits.waitMs, ms)
    assert.equal(limits.isMentioned, ms !== undefined || Object.keys(headers).length > 0)
  })
}

test('contract §17.6: a wait of thousands of digits is none, and holds nobody up', async () => {
  const text = `${'1'.repeat(60_000)}x`

  const cpuMs = await cpuMsOf(() => {
    const named = limitsOf({}, JSON.stringify({ error: { resets_at: text } }), now)
    const header = limitsOf({ 'retry-after': text.slice(-15_000) }, '', now)
    assert.deepEqual([named.waitMs, header.waitMs], [undefined, undefined])
  })
  assert.ok(cpuMs < 500, `${cpuMs} ms`)
})

test('contract §17: a window that is a model’s own is told from the account’s', () => {
  const spent = (window: string) =>
    limitsOf(
      {
        [`anthropic-ratelimit-unified-${window}-status`]: 'rejected',
        [`anthropic-ratelimit-unified-${window}-reset`]: seconds,
      },
      '',
      now,
    )

  assert.deepEqual([spent('7d_opus').ofModel, spent('7d_opus').spent], [true, '7d_opus'])
  assert.deepEqual([spent('5h').ofModel, spent('5h').spent], [false, 'five-hour window'])
})

test('contract §17: a refusal while the account has room is one of the model', () => {
  const limits = (account: string, refused: string) =>
    limitsOf(
      {
        'retry-after': '121000',
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-5h-status': 'allowed',
        'anthropic-ratelimit-unified-7d-status': account,
        [`anthropic-ratelimit-unified-${refused}-status`]: 'rejected',
      },
      '',
      now,
    )

  assert.equal(limits('allowed', '7d_oi').ofModel, true)
  assert.equal(limits('allowed_warning', 'overage').ofModel, true)
  assert.equal(limits('rejected', '7d_oi').ofModel, false)
})

test('contract §17: a header which says that nothing more may be bought is no limit of its own', () => {
  const limits = limitsOf(
    {
      'anthropic-ratelimit-unified-7d_opus-status': 'rejected',
      'anthropic-ratelimit-unified-7d_opus-reset': seconds,
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-overage-reset': String(now / 1000 + 500_000),
    },
    '',
    now,
  )

  assert.deepEqual([limits.ofModel, limits.spent, limits.waitMs], [true, '7d_opus', 3_600_000])
})

for (const [what, behindMs] of [
  ['years behind', 56 * 365 * 86_400_000],
  ['hours ahead', -5 * 3_600_000],
] as const) {
  test(`contract §17.6: a time is one of the server's clock, also where this machine's is ${what}`, () => {
    const date = new Date(now).toUTCString()
    const at = now + 3_600_000
    const said: [headers: Record<string, string>, body: string][] = [
      [{ 'retry-after': new Date(at).toUTCString() }, ''],
      [
        {
          'anthropic-ratelimit-tokens-remaining': '0',
          'anthropic-ratelimit-tokens-reset': new Date(at).toISOString(),
        },
        '',
      ],
      [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': String(at) }, ''],
      [{}, JSON.stringify({ error: { resets_at: at / 1000 } })],
    ]

    const found = said.map(
      ([headers, body]) => limitsOf({ date, ...headers }, body, now - behindMs).waitMs,
    )

    assert.deepEqual(found, [3_600_000, 3_600_000, 3_600_000, 3_600_000])
  })
}
