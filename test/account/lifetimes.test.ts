/** When a token is renewed: wrong clocks, odd lifetimes, and a token server that says when to come back. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { retryAfterMs } from '../../lib/account/token-endpoint.ts'
import { until } from '../helpers/until.ts'
import { fieldsOf, iso, setting, writeAuthFile } from './setting.ts'

const hour = 3_600_000

/** A token whose times are by a clock that is `ahead` of this machine's. */
function token(aheadMs: number, claims: (now: number) => object): string {
  const payload = claims(Math.floor((Date.now() + aheadMs) / 1000))
  return `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`
}

const odd: [what: string, shape: (answer: Record<string, unknown>) => Record<string, unknown>][] = [
  [
    'a clock nine hours ahead',
    withToken(token(-9 * hour, (now) => ({ iat: now, exp: now + 28_800 }))),
  ],
  [
    'a clock nine hours behind',
    withToken(token(9 * hour, (now) => ({ iat: now, exp: now + 28_800 }))),
  ],
  [
    'a token that ended already and says no more',
    withToken(token(0, (now) => ({ exp: now - 60 }))),
  ],
  ['times in ms', withToken(token(0, (now) => ({ iat: now * 1000, exp: (now + 28_800) * 1000 })))],
  ['expires_in: 0', (answer) => ({ ...answer, expires_in: 0 })],
  ['expires_in: 1', (answer) => ({ ...answer, expires_in: 1 })],
  ['a negative expires_in', (answer) => ({ ...answer, expires_in: -28_800 })],
  ['a huge expires_in', (answer) => ({ ...answer, expires_in: 1e15 })],
  ['expires_in as a text', (answer) => ({ ...answer, expires_in: '28800' })],
  ['expires_in as words', (answer) => ({ ...answer, expires_in: 'soon' })],
]

function withToken(access: string) {
  return ({ refresh_token: refresh }: Record<string, unknown>) => ({
    access_token: access,
    refresh_token: refresh,
  })
}

/** Each lets some seconds pass, so they do so together. */
describe('renewals are few', { concurrency: 12 }, () => {
  for (const [what, shape] of odd) {
    test(`O11: ${what}: one renewal, which five requests and a restart share`, async (t) => {
      const { open, tokens } = await setting(t)
      tokens.shape = shape
      const env = { DROID_REFRESH_KEY: tokens.refreshToken }
      const account = open(env)
      await account.start()
      const first = await account.token()

      await wait(2500)
      for (let count = 0; count < 5; count += 1) assert.equal(await account.token(), first)
      await account.stop()
      const again = open(env)
      await again.start()

      assert.equal(await again.token(), first)
      assert.equal(tokens.requests.length, 1)
      assert.ok(Date.parse(again.status().expires_at ?? '') > Date.now() - 10_000)
    })
  }

  test('O11: an upstream that says 401 has the token renewed within the minute', async (t) => {
    const { open, tokens } = await setting(t)
    const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })
    const first = await account.token()

    assert.equal(await account.renew(first!), tokens.accessToken)
    assert.equal(tokens.requests.length, 2)
  })

  test('O11: a token by a wrong clock that was kept costs one renewal at most', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    for (const obtained of [Date.now() + 9 * hour, Date.now() - 9 * hour]) {
      const droid2api = { obtained_at: iso(obtained), expires_at: iso(obtained + 8 * hour) }
      writeFileSync(file, JSON.stringify({ ...fieldsOf(file), access_token: 'kept', droid2api }))
      const before = tokens.requests.length
      const account = open()
      await account.start()
      for (let count = 0; count < 5; count += 1) await account.token()
      await account.stop()
      assert.ok(tokens.requests.length - before <= 1)
    }
  })

  test('O11: a clock far from the token server’s is said in /health', async (t) => {
    const { open, tokens } = await setting(t)
    const body = JSON.stringify({ access_token: 'at', refresh_token: 'rt', expires_in: 28_800 })
    const date = new Date(Date.now() - 9 * hour).toUTCString()
    tokens.faults.push({ status: 200, body, headers: { date } })
    const account = open({ DROID_REFRESH_KEY: 'r' })

    await account.token()

    assert.match(account.notes().join(), /clock of this machine is 540 minutes ahead of the token/)
  })
})

const waits: [what: string, headers: Record<string, string>, seconds: number | undefined][] = [
  ['seconds', { 'retry-after': '90' }, 90],
  ['half a second', { 'retry-after': '0.5' }, 0.5],
  ['an hour at most', { 'retry-after': '86400' }, 3600],
  ['nothing', {}, undefined],
  ['zero', { 'retry-after': '0' }, undefined],
  ['less than zero', { 'retry-after': '-5' }, undefined],
  ['words', { 'retry-after': 'later' }, undefined],
  [
    'a date',
    { 'retry-after': 'Sat, 28 Nov 2026 10:01:30 GMT', date: 'Sat, 28 Nov 2026 10:00:00 GMT' },
    90,
  ],
  ['a date that has passed', { 'retry-after': 'Sat, 28 Nov 2020 10:00:00 GMT' }, undefined],
]
for (const [what, headers, seconds] of waits) {
  test(`KO2: of retry-after, ${what} is understood`, () => {
    assert.equal(retryAfterMs(headers), seconds === undefined ? undefined : seconds * 1000)
  })
}

for (const status of [429, 503, 400]) {
  test(`KO2: a token server that says ${status} and when to come back is left alone until then`, async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const { open, dir, tokens } = await setting(t)
    writeAuthFile(dir, tokens, Date.now() - hour)
    tokens.faults.push({ status, body: '{}', headers: { 'retry-after': '600' } })
    const account = open()

    const refused = await account.token().catch((error: unknown) => error as { headers: object })
    await wait(1100)
    await assert.rejects(account.token(), { headers: { 'retry-after': '599' } })
    t.mock.timers.setTime(Date.now() + 590_000)
    await assert.rejects(account.token(), { headers: { 'retry-after': '10' } })

    assert.deepEqual(
      refused,
      Object.assign(refused as object, { headers: { 'retry-after': '600' } }),
    )
    assert.equal(tokens.requests.length, 1)
    const next = Date.parse(account.status().next_refresh ?? '') - Date.now()
    assert.ok(next > 5000 && next <= 10_000)
    t.mock.timers.setTime(Date.now() + 11_000)
    assert.equal(await account.token(), tokens.accessToken)
  })
}

test('KO2: without a word of when, pauses grow, and the 503 says how long this one is', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() - hour)
  tokens.faults.push({ status: 429, body: '' }, { status: 503, body: '' })
  const account = open()

  await assert.rejects(account.token(), { headers: { 'retry-after': '1' } })
  await until(() => tokens.requests.length === 2)
  await assert.rejects(account.token(), { headers: { 'retry-after': '2' } })
})

test('KO2: a refused login is no matter of time: the error names none', async (t) => {
  const { open } = await setting(t)

  await assert.rejects(open({ DROID_REFRESH_KEY: 'spent' }).token(), { status: 400, headers: {} })
})

const answers: [what: string, by: (res: ServerResponse) => void, said: RegExp][] = [
  [
    'an error with status 200',
    (res) => res.end('{"error":"invalid_grant"}'),
    /refused the refresh token \(invalid_grant\)/,
  ],
  [
    'an error that is one level down',
    (res) => res.writeHead(401).end('{"error":{"code":"refresh_token_reused","type":"x"}}'),
    /refused the refresh token \(refresh_token_reused\)/,
  ],
  [
    'a refusal that has only a type',
    (res) => res.writeHead(400).end('{"error":{"type":"invalid_grant","message":"spent"}}'),
    /refused the refresh token \(invalid_grant\)/,
  ],
  [
    'a client that is not known',
    (res) => res.writeHead(401).end('{"error":"invalid_client"}'),
    /HTTP 401 \(invalid_client\): check auth\.client_id/,
  ],
  [
    'another error',
    (res) => res.writeHead(400).end('{"error":"invalid_request"}'),
    /HTTP 400 \(invalid_request\)/,
  ],
  [
    'a redirect',
    (res) => res.writeHead(302, { location: '/' }).end(),
    /HTTP 302: a redirect, so check auth\.token_url/,
  ],
  ['a page of HTML', (res) => res.end('<html></html>'), /holds no access_token/],
  ['a body without end', endless, /larger than 1 MB/],
  ['a body that is cut off', cut, /cannot be reached: /],
]

function endless(res: ServerResponse): void {
  const more = () => {
    while (!res.destroyed && res.write('x'.repeat(65_536)));
  }
  res.on('drain', more)
  more()
}

function cut(res: ServerResponse): void {
  res.writeHead(200, { 'content-length': '100' })
  res.write('{"access_token":', () => res.destroy())
}

for (const [what, by, said] of answers) {
  test(`contract §5: ${what} of the token server is told as what it is, and the old login stays`, async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    const before = fieldsOf(file)
    tokens.faults.push({ by })

    await assert.rejects(open().token(), said)

    assert.deepEqual(fieldsOf(file), before)
  })
}

describe('a token server that takes its time', { concurrency: 3 }, () => {
  const slow: [what: string, by: (res: ServerResponse) => void][] = [
    ['silence', () => undefined],
    ['a body that trickles', trickle],
  ]
  for (const [what, by] of slow) {
    test(`contract §5: ${what} ends after 10 s`, async (t) => {
      const { open, dir, tokens } = await setting(t)
      writeAuthFile(dir, tokens, Date.now() - hour)
      tokens.faults.push({ by })
      const start = performance.now()

      await assert.rejects(open().token(), /no answer within 10 s/)

      assert.ok(performance.now() - start < 12_000)
    })
  }

  test('contract §5: the end of the process does not wait for it for longer than some seconds', async (t) => {
    const { open, dir, tokens } = await setting(t)
    writeAuthFile(dir, tokens, Date.now() - hour)
    tokens.faults.push('hang')
    const account = open()
    await account.start()
    await until(() => tokens.requests.length === 1)
    const start = performance.now()

    await account.stop()

    assert.ok(performance.now() - start < 4000)
  })
})

function trickle(res: ServerResponse): void {
  const timer = setInterval(() => res.write(' '), 200)
  res.on('close', () => clearInterval(timer))
}
