/** What a bench tells other replicas of its rests, and takes over from them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bench, type SharedRest } from '../../lib/account/bench.ts'

const heard: SharedRest = { kind: 'untold', why: '429, rate limit', inRow: 1, ms: 60_000 }

test('contract §17.13: a login that was refused here is no rest of other replicas', () => {
  const bench = new Bench(() => undefined)
  bench.rest({ kind: 'refused', why: '401', login: null })

  assert.ok(bench.leftMs('') > 0)
  assert.equal(bench.shared(''), undefined)
})

test('contract §17.13: a rest that another replica tells of is taken over and told once', () => {
  const lines: string[] = []
  const bench = new Bench((line) => lines.push(line))

  bench.adopt(heard, '', 1_000)
  bench.adopt({ ...heard, why: '529, overloaded', ms: 60_900 }, '', 1_000)

  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /429, rate limit; met by another replica/)
  assert.equal(bench.shared('')?.why, '429, rate limit')
})

test('contract §17.13: a rest that ends later elsewhere is taken over in place of the one here', () => {
  const bench = new Bench(() => undefined)

  bench.adopt(heard, '', 1_000)
  bench.adopt({ ...heard, ms: 120_000 }, '', 1_000)

  const { ms = 0 } = bench.shared('') ?? {}
  assert.ok(ms > 110_000 && ms <= 120_000, `${ms} ms`)
})
