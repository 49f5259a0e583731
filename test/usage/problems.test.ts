/** What the operator is told of usage that cannot be kept: each problem by itself, from its beginning to its end. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { UsageFolder } from '../../lib/usage/folder.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import { Usage } from '../../lib/usage/usage.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const day = new Date(2026, 10, 28, 12).getTime()
const minutes = 60_000

/** A keeper with a closed day, and what it says. */
function setting() {
  const place = path.join(tempDir(), 'usage')
  const clock = { now: day }
  const now = () => clock.now
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const kept = new Usage({
    store: new UsageFolder(place, now),
    log: { warn: say, info: say } as never,
    config: () => ({ usage: { enabled: true, flush_s: 60, keep_months: 13 } }),
    now,
  })
  const names = { client: 'none', model: 'm', endpoint: 'e', account: 'default' }
  const row: Row = { day: '2026-11-28', ...names, ...noCounts(), requests: 1 }
  return { place, clock, said, kept, count: () => kept.book.giveBack([row]) }
}

const unfolded =
  /^closed days of usage in .*usage cannot be folded: .*2026-11\.json holds no usage; .*; they are kept as they are until they can$/

test('contract §15.4: while days cannot be folded, the log says so once an hour and not that it is over, whatever is written meanwhile', async () => {
  const { place, clock, said, kept, count } = setting()
  mkdirSync(place)
  writeFileSync(path.join(place, '2026-11.json'), 'somebody else’s')
  count()
  await kept.flush()
  clock.now += 24 * 60 * minutes

  for (let minute = 0; minute < 90; minute += 1) {
    count()
    await kept.flush()
    assert.match(kept.warnings.join('\n'), unfolded)
    clock.now += minutes
  }
  assert.equal(said.length, 2)
  for (const line of said) assert.match(line, unfolded)
  rmSync(path.join(place, '2026-11.json'))
  await kept.flush()

  assert.deepEqual(kept.warnings, [])
  assert.deepEqual(said.slice(2), ['closed days of usage are folded again'])
})

test('contract §15.5: a store that cannot be written to is one problem, and ends apart from days that cannot be folded', async () => {
  const { place, clock, said, kept, count } = setting()
  const breakMonth = () => {
    mkdirSync(place)
    writeFileSync(path.join(place, '2026-11.json'), 'somebody else’s')
    writeFileSync(path.join(place, '2026-11-27.jsonl'), '')
  }
  clock.now += 24 * 60 * minutes
  writeFileSync(place, '')
  count()
  await kept.flush()
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^usage cannot be written to .*; it is counted in memory until it can$/)

  rmSync(place)
  breakMonth()
  await kept.flush()
  assert.equal(said[1], 'usage is written down again')
  assert.match(said[2]!, unfolded)
  assert.deepEqual(kept.warnings, [said[2]])

  rmSync(place, { recursive: true })
  writeFileSync(place, '')
  count()
  await kept.flush()
  assert.deepEqual(kept.warnings, [said[0], said[2]])

  rmSync(place)
  breakMonth()
  await kept.flush()
  assert.deepEqual(kept.warnings, [said[2]])
  assert.deepEqual(said.slice(3), ['usage is written down again'])
})
