/** Windows of limits where clocks and zones do not behave. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { WindowCounts } from '../../lib/limits/window-counts.ts'
import { dayAt, zonedTime, minuteAt, waitText } from '../../lib/limits/windows.ts'

function inZone(t: TestContext, zone: string): void {
  const before = process.env.TZ
  process.env.TZ = zone
  t.after(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
}

const hourMs = 3_600_000

const days: [zone: string, at: string, id: string, begins: string, hours: number][] = [
  ['Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-29', '2026-03-28T23:00:00Z', 23],
  ['Europe/Berlin', '2026-10-25T10:00:00Z', '2026-10-25', '2026-10-24T22:00:00Z', 25],
  ['Asia/Shanghai', '2026-11-28T17:00:00Z', '2026-11-29', '2026-11-28T16:00:00Z', 24],
  // clocks go from 0 to 1 o'clock, so that the day has no midnight
  ['Asia/Beirut', '2026-03-29T10:00:00Z', '2026-03-29', '2026-03-28T22:00:00Z', 23],
  ['America/St_Johns', '2026-11-28T10:00:00Z', '2026-11-28', '2026-11-28T03:30:00Z', 24],
]

for (const [zone, at, id, begins, hours] of days) {
  test(`contract §14.5: a day in ${zone} at ${at} is ${id} and has ${hours} hours`, (t) => {
    inZone(t, zone)
    const start = Date.parse(begins)

    const day = dayAt(Date.parse(at))

    assert.equal(day.id, id)
    assert.equal((day.endsMs - start) / hourMs, hours)
    assert.notEqual(dayAt(start - 1).id, id)
    assert.deepEqual(dayAt(start), day)
    assert.deepEqual(dayAt(day.endsMs - 1), day)
    assert.notEqual(dayAt(day.endsMs).id, id)
  })
}

test('contract §14.5: an hour that comes twice is one window of each of its minutes', (t) => {
  inZone(t, 'Europe/Berlin')
  const first = Date.parse('2026-10-25T00:30:00Z')

  assert.notEqual(minuteAt(first).id, minuteAt(first + hourMs).id)
  assert.equal(dayAt(first).id, dayAt(first + hourMs).id)
})

test('contract §14.5: a clock that jumps over midnight and back finds what was counted', () => {
  const counts = new WindowCounts()
  counts.of('2026-11-28', 'alice').requests = 7

  counts.of('2026-11-29', 'alice').requests += 1
  counts.of('2031-01-01', 'alice').requests += 1

  assert.equal(counts.of('2026-11-28', 'alice').requests, 7)
  assert.equal(counts.of('2026-11-29', 'alice').requests, 1)
})

test('contract §14.5: old windows are let go', () => {
  const counts = new WindowCounts(3)
  counts.of(1, 'alice').requests = 7
  for (const window of [2, 3, 4]) counts.of(window, 'alice')

  assert.equal(counts.of(1, 'alice').requests, 0)
})

const waits: [seconds: number, text: string][] = [
  [1, '1 s'],
  [119, '119 s'],
  [121, '3 min'],
  [3600, '1 h 0 min'],
  [7650, '2 h 8 min'],
  [1_587_827, '18 d 9 h'],
]

for (const [seconds, text] of waits) {
  test(`a wait of ${seconds} s is told as ${text}`, () => {
    assert.equal(waitText(seconds), text)
  })
}

const midnights: [zone: string, at: string, text: string][] = [
  ['UTC', '2026-11-29T00:00:00Z', '2026-11-29T00:00:00+00:00'],
  ['Europe/Berlin', '2026-11-28T23:00:00Z', '2026-11-29T00:00:00+01:00'],
  ['America/St_Johns', '2026-11-29T03:30:00Z', '2026-11-29T00:00:00-03:30'],
  ['Asia/Kathmandu', '2026-11-28T18:15:00Z', '2026-11-29T00:00:00+05:45'],
]

for (const [zone, at, text] of midnights) {
  test(`contract §14.5: the next day in ${zone} is told by the clock there`, (t) => {
    inZone(t, zone)

    assert.equal(zonedTime(Date.parse(at)), text)
    assert.equal(Date.parse(text), Date.parse(at))
  })
}
