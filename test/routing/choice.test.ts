/** Which account serves a conversation, what a reload keeps, and what /health says of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conversationIn, conversationKey, ordered } from '../../lib/routing/order.ts'
import { Bench } from '../../lib/account/bench.ts'
import { good, question, refusal, spent, twoAccounts } from './setting.ts'

const five = ['a', 'b', 'c', 'd', 'e']

function members(names: string[]) {
  return names.map((name) => ({ name, bench: new Bench(() => undefined) }))
}

function firstOf(names: string[], conversation: string): string {
  return ordered(
    members(names),
    { choose: 'sticky' },
    () => 0,
    () => conversation,
  )[0]!.name
}

test('contract §17: sticky spreads conversations, and only those of an account that drops out move', () => {
  const conversations = Array.from({ length: 1000 }, (_, index) => `conversation ${index}`)
  const before = conversations.map((one) => firstOf(five, one))
  const after = conversations.map((one) => firstOf(['a', 'b', 'd', 'e'], one))

  for (const name of five) {
    const count = before.filter((one) => one === name).length
    assert.ok(count > 140 && count < 260, `${name}: ${count}`)
  }
  const moved = before.filter((one, index) => one !== after[index])
  assert.ok(moved.every((one) => one === 'c'))
})

const long = 'x'.repeat(5000)
const keys: [string, Record<string, string>, Record<string, unknown>, string | RegExp][] = [
  ['Claude Code', { 'x-claude-code-session-id': 's-1', 'session-id': 's-2' }, {}, 's-1'],
  ['Codex', { 'session-id': 's-2' }, { prompt_cache_key: 'k' }, 's-2'],
  ['opencode', { 'x-session-affinity': 's-3' }, {}, 's-3'],
  ['an old Codex', { session_id: 's-4' }, { prompt_cache_key: 'k' }, 's-4'],
  ['a client of ours', { 'x-session-id': 's-5', 'session-id': 's-6' }, {}, 's-5'],
  ['a key where a header is empty', { 'session-id': '' }, { prompt_cache_key: 'k' }, 'k'],
  ['a conversation’s id alone', {}, { conversation: 'conv_2' }, 'conv_2'],
  ['a cache key', {}, { prompt_cache_key: 'k', metadata: { user_id: 'u' } }, 'k'],
  ['a conversation', {}, { conversation: { id: 'conv_1' } }, 'conv_1'],
  ['a user', {}, { metadata: { user_id: 'u' } }, 'u'],
  [
    'the first message',
    {},
    { messages: [{ role: 'user', content: `Hi ${long}` }] },
    /^m .*Hi x{1000}/,
  ],
  ['a text as input', {}, { input: 'Hi' }, 'm Hi'],
]

for (const [what, headers, body, key] of keys) {
  test(`contract §17: a conversation is known by ${what}`, () => {
    const conversation = conversationIn(headers, Buffer.from(JSON.stringify(body)))
    const found = conversationKey(conversation, 'm')

    if (typeof key === 'string') assert.equal(found, key)
    else assert.match(found, key)
    assert.ok(found.length < 2100)
  })
}

test('contract §17: sticky keeps a conversation at its account', async (t) => {
  const { ask, asked } = await twoAccounts(t, () => good, {
    accounts: five,
    endpoint: { choose: 'sticky' },
  })

  for (let turn = 0; turn < 3; turn++) {
    for (const session of ['s-1', 's-2', 's-3', 's-4', 's-5', 's-6']) {
      await ask({}, { 'x-session-id': session })
    }
  }

  const byTurn = [asked().slice(0, 6), asked().slice(6, 12), asked().slice(12)]
  assert.deepEqual(byTurn[1], byTurn[0])
  assert.deepEqual(byTurn[2], byTurn[0])
  assert.ok(new Set(byTurn[0]).size > 1)
})

test('contract §17.4: a replica that never saw a conversation has the same account for it', async (t) => {
  const options = { accounts: five, endpoint: { choose: 'sticky' } }
  const replicas = [
    await twoAccounts(t, () => good, options),
    await twoAccounts(t, () => good, options),
  ]

  for (const { ask } of replicas) {
    for (const session of ['s-1', 's-2', 's-3', 's-4']) await ask({}, { 'session-id': session })
    await ask({ prompt_cache_key: 's-1' })
  }

  const [one, other] = replicas.map(({ asked }) => asked())
  assert.deepEqual(one, other)
  assert.equal(one?.at(-1), one?.[0])
})

test('contract §17.11: who is served by a proxy that others can reach does not learn the account’s name', async (t) => {
  const { ask, proxy } = await twoAccounts(t, () => good)

  const local = await ask()
  proxy.app.config = { ...proxy.app.config, host: '0.0.0.0' }
  const exposed = await ask()

  assert.equal(local.headers.get('x-droid2api-account'), 'one')
  assert.equal(exposed.headers.get('x-droid2api-account'), null)
  assert.equal(exposed.headers.get('x-droid2api-endpoint'), 'claude')
})

test('contract §17.7: a clock that is set back makes no rest longer, and one that is set forward ends it', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-28T12:00:00Z') })
  const bench = new Bench(() => undefined)
  bench.rest({ kind: 'told', ms: 60_000, why: '429' })

  t.mock.timers.setTime(Date.parse('2026-11-27T12:00:00Z'))
  const back = bench.leftMs('m')
  t.mock.timers.setTime(Date.parse('2026-11-28T12:01:01Z'))

  assert.ok(back > 50_000 && back <= 60_000, `${back} ms`)
  assert.equal(bench.leftMs('m'), 0)
})

test('contract §17: round-robin takes each account in turn, and passes one that rests', async (t) => {
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'b' ? spent : good), {
    accounts: ['a', 'b', 'c'],
    endpoint: { choose: 'round-robin' },
  })

  for (let count = 0; count < 6; count++) await ask()

  assert.deepEqual(asked(), ['a', 'b', 'c', 'c', 'a', 'c', 'c'])
})

interface Health {
  status: string
  accounts: {
    name?: string
    kind: string
    state: string
    until?: string
    reason?: string
    suspect?: true
  }[]
}

test('contract §17: /health says how each account is, and to who may not look without names', async (t) => {
  const { ask, proxy } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))
  const elsewhere = { headers: { 'x-forwarded-for': '192.0.2.1' } }
  const health = async (from = {}) =>
    (await (await fetch(`${proxy.url}/health`, from)).json()) as Health

  const before = await health(elsewhere)
  await ask()
  const after = await health(elsewhere)
  const named = await health()

  assert.deepEqual(before.accounts, [
    { kind: 'key', state: 'ok' },
    { kind: 'key', state: 'ok' },
  ])
  assert.equal(after.status, 'ok')
  const [one, two] = after.accounts
  assert.deepEqual([one?.state, one?.reason, two?.state], ['cooling', '429, rate limit', 'ok'])
  assert.ok(Date.parse(one?.until ?? '') > Date.now() + 3_500_000)
  assert.doesNotMatch(JSON.stringify(after), /"one"|key-of/)
  assert.deepEqual(
    named.accounts.map(({ name, state }) => [name, state]),
    [
      ['one', 'cooling'],
      ['two', 'ok'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(named), /key-of/)
})

test('contract §17: /health is degraded while no account of an endpoint can serve, and /ready while none ever can', async (t) => {
  let answer = spent
  const { ask, proxy } = await twoAccounts(t, () => answer)
  const health = async () => (await (await fetch(`${proxy.url}/health`)).json()) as Health
  await ask()

  assert.equal((await health()).status, 'degraded')
  assert.equal((await fetch(`${proxy.url}/ready`)).status, 200)
  answer = refusal(401)
  proxy.app.pool.use({ ...proxy.app.config, accounts: [] })
  proxy.app.pool.use(proxy.app.config)
  await ask()
  assert.equal((await health()).accounts[0]?.state, 'needs_login')
  assert.equal((await fetch(`${proxy.url}/ready`)).status, 503)
})

test('contract §17: three 403 in a row make an account suspect, and a success ends that', async (t) => {
  let isForbidden = true
  const { ask, proxy } = await twoAccounts(t, () => (isForbidden ? refusal(403) : good))
  const suspect = async () =>
    ((await (await fetch(`${proxy.url}/health`)).json()) as Health).accounts[0]?.suspect
  await ask()
  await ask()

  assert.equal(await suspect(), undefined)
  await ask()
  assert.equal(await suspect(), true)
  isForbidden = false
  await ask()
  assert.equal(await suspect(), undefined)
})

test('contract §17: a reload keeps the rest of an account that stays, and forgets that of one that changes', async (t) => {
  const { ask, asked, proxy } = await twoAccounts(t, (account) =>
    account === 'two' ? good : spent,
  )
  const { app } = proxy
  await ask()

  app.pool.use(app.config)
  await ask()
  const [one, two] = app.config.accounts
  app.pool.use({ ...app.config, accounts: [{ ...one!, key: 'key-of-another' }, two!] })
  await ask()

  assert.deepEqual(asked(), ['one', 'two', 'two', 'another', 'two'])
})

test('contract §17: an account that is not enabled is never asked', async (t) => {
  const accounts = ['one', 'two'].map((name) => ({
    name,
    key: `key-of-${name}`,
    header: 'x-api-key',
    enabled: name === 'two',
  }))
  const { ask, asked } = await twoAccounts(t, () => good, { config: { accounts } })

  await ask(question)

  assert.deepEqual(asked(), ['two'])
})
