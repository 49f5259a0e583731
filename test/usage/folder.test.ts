/** Usage in files: what is written is what is read, whatever happens to the files in between. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { UsageFileError, UsageFolder } from '../../lib/usage/folder.ts'
import { Usage } from '../../lib/usage/usage.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const noon = new Date(2026, 10, 28, 12).getTime()

function row(counts: Partial<Row> = {}): Row {
  const place = { client: 'none', model: 'm', endpoint: 'e', account: 'default' }
  return { day: '2026-11-28', ...place, ...noCounts(), requests: 1, ...counts }
}

function folderAt(dir: string, now = () => noon, steady?: () => number): UsageFolder {
  return new UsageFolder(path.join(dir, 'usage'), now, steady)
}

async function total(folder: UsageFolder, name: 'requests' | 'input' = 'requests') {
  const rows = await folder.rows('0000-01-01', '9999-12-31')
  return rows.reduce((sum, one) => sum + one[name], 0)
}

test('contract §15.3: counts that are added to a day add up, in a file for the user alone, with no member that counts nothing', async () => {
  const dir = tempDir()
  const folder = folderAt(dir)

  await folder.append([row({ input: 5 }), row({ model: 'n', client: 'a "quoted"\nname' })])
  await folder.append([row({ input: 7, errors: 1 })])

  const file = path.join(dir, 'usage', '2026-11-28.jsonl')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.deepEqual(JSON.parse(lines[2]!), {
    t: '2026-11-28T12:00',
    client: 'none',
    model: 'm',
    endpoint: 'e',
    account: 'default',
    requests: 1,
    errors: 1,
    input: 7,
  })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(await folder.rows('2026-11-28', '2026-11-28'), [
    row({ requests: 2, input: 12, errors: 1 }),
    row({ model: 'n', client: 'a "quoted"\nname' }),
  ])
  assert.deepEqual(await folder.rows('2026-11-29', '2026-11-30'), [])
})

test('contract §15.3: a torn last line is skipped, and does not take the next one along', async () => {
  const dir = tempDir()
  const folder = folderAt(dir)
  await folder.append([row()])
  appendFileSync(
    path.join(dir, 'usage', '2026-11-28.jsonl'),
    '{"t":"2026-11-28T12:00","client":"no',
  )

  await folder.append([row()])

  assert.equal(await total(folder), 2)
})

test('contract §15.3: more rows than go out in one write all arrive', async () => {
  const folder = folderAt(tempDir())
  const rows = Array.from({ length: 300 }, (_, index) =>
    row({ model: `model-${index}`, input: index }),
  )

  const { left } = await folder.append(rows)

  assert.deepEqual(left, [])
  assert.deepEqual(await folder.rows('2026-11-28', '2026-11-28'), rows)
})

test('contract §15.4: closed days go into the file of their month, and stay what they were', async () => {
  const dir = tempDir()
  let now = noon
  const folder = folderAt(dir, () => now)
  for (const day of ['2026-10-31', '2026-11-27', '2026-11-28', '2026-11-29']) {
    now = new Date(`${day}T12:00`).getTime()
    await folder.append([row({ day, input: 3 })])
  }
  const before = await folder.rows('2026-01-01', '2026-12-31')

  await folder.fold('2026-11-29', 13)

  const names = readdirSync(path.join(dir, 'usage')).toSorted()
  assert.deepEqual(names, ['2026-10.json', '2026-11-29.jsonl', '2026-11.json'])
  const { time_zone: _, ...month } = JSON.parse(
    readFileSync(path.join(dir, 'usage', '2026-11.json'), 'utf8'),
  ) as Record<string, unknown>
  assert.deepEqual(month, {
    version: 1,
    folded: ['2026-11-27', '2026-11-28'],
    rows: [row({ day: '2026-11-27', input: 3 }), row({ input: 3 })],
  })
  assert.deepEqual(await folder.rows('2026-01-01', '2026-12-31'), before)
})

test('contract §15.4: a day file that a crash left behind its folding is not counted twice, and goes', async () => {
  const dir = tempDir()
  const folder = folderAt(dir, () => noon + 86_400_000)
  const file = path.join(dir, 'usage', '2026-11-28.jsonl')
  await folderAt(dir).append([row()])
  const bytes = readFileSync(file)
  await folder.fold('2026-11-29', 13)
  writeFileSync(file, bytes)

  assert.equal(await total(folder), 1)
  await folder.fold('2026-11-29', 13)

  assert.equal(await total(folder), 1)
  assert.equal(existsSync(file), false)
})

test('contract §15.4: a count for a day that is folded already, as after a clock was set back, counts on the next one', async () => {
  const dir = tempDir()
  await folderAt(dir).append([row()])
  await folderAt(dir).fold('2026-11-29', 13)

  await folderAt(dir).append([row({ input: 9 })])
  await folderAt(dir, () => noon + 86_400_000).append([row({ input: 1 })])

  const rows = await folderAt(dir).rows('2026-11-01', '2026-11-30')
  assert.deepEqual(rows, [row(), row({ day: '2026-11-29', requests: 2, input: 10 })])
})

/** A folder with usage on each of the days. */
async function used(days: string[]): Promise<string> {
  const dir = tempDir()
  for (const day of days) {
    await folderAt(dir, () => new Date(`${day}T12:00`).getTime()).append([row({ day })])
  }
  return dir
}

function namesIn(dir: string): string[] {
  return readdirSync(path.join(dir, 'usage')).toSorted()
}

test('contract §15.4: months beyond those that are kept go', async () => {
  const dir = await used(['2025-10-05', '2025-11-05', '2026-11-04', '2026-11-05', '2026-11-06'])

  await folderAt(dir).fold('2026-11-28', 13)

  assert.deepEqual(namesIn(dir), ['2025-11.json', '2026-11.json'])
})

test('contract §15.4: a clock that is years ahead deletes nothing, nor when it is right again', async () => {
  const dir = await used(['2025-11-05', '2026-10-30', '2026-11-05', '2026-11-27', '2031-05-01'])

  await folderAt(dir).fold('2031-05-02', 13)
  assert.deepEqual(namesIn(dir), ['2025-11.json', '2026-10.json', '2026-11.json', '2031-05.json'])
  await folderAt(dir, () => new Date('2031-05-02T12:00').getTime()).append([
    row({ day: '2031-05-02' }),
  ])
  await folderAt(dir).fold('2031-05-03', 13)
  await folderAt(dir).fold('2026-11-28', 13)

  assert.equal(await total(folderAt(dir)), 6)
})

test('contract §15.4: what was deleted in time before is still deleted while a clock is months ahead', async () => {
  const dir = await used(['2025-10-05', '2025-12-05', '2026-11-04', '2026-11-05', '2026-11-06'])

  await folderAt(dir).fold('2027-02-01', 13)

  assert.deepEqual(namesIn(dir), ['2025-12.json', '2026-11.json'])
})

test('contract §15.4: of a machine that nobody uses, months go once its clock has gone evenly for three days', async () => {
  const dir = await used(['2024-10-05'])
  const day = 86_400_000
  let [passed, set] = [0, 0]
  const folder = folderAt(
    dir,
    () => noon + passed + set,
    () => passed,
  )
  const fold = () => folder.fold('2026-11-28', 13)

  for (passed = 0; passed < 2.5 * day; passed += day / 2) await fold()
  set = 3 * 365 * day
  await fold()
  passed += 2.9 * day
  await fold()
  assert.deepEqual(namesIn(dir), ['2024-10.json'])
  passed += day / 5
  await fold()

  assert.deepEqual(namesIn(dir), [])
})

test('contract §15.4: a month that cannot be understood is left as it is, and today counts on', async () => {
  const dir = tempDir()
  const file = path.join(dir, 'usage', '2026-11.json')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, 'my notes')
  await folderAt(dir).append([row()])

  await assert.rejects(folderAt(dir).fold('2026-11-29', 13), UsageFileError)
  await assert.rejects(folderAt(dir).rows('2026-11-01', '2026-11-30'), UsageFileError)

  assert.equal(readFileSync(file, 'utf8'), 'my notes')
  assert.ok(existsSync(path.join(dir, 'usage', '2026-11-28.jsonl')))
})

function ended(tokens = 1) {
  const none = { cachedTokens: undefined, cacheWriteTokens: undefined, reasoningTokens: undefined }
  const of = { model: undefined, upstream: 'e', error: undefined, status: 200, aborted: undefined }
  return { ...of, ...none, inputTokens: tokens, outputTokens: 0 }
}

function keeper(dir: string, clock: { now: number }) {
  const warned: string[] = []
  const log = { warn: (text: string) => void warned.push(text), info: () => undefined }
  const usage = { enabled: true, flush_s: 60, keep_months: 13 }
  const config = { usage, prepared: { models: new Map(), places: new Map() } } as never
  const now = () => clock.now
  const kept = new Usage({
    store: folderAt(dir, now),
    log: log as never,
    config: () => config,
    now,
  })
  return { kept, warned, add: (tokens?: number) => kept.book.add(ended(tokens), config) }
}

test('contract §15.1: a request counts on the local day that it ends, and the day changes with the clock', async () => {
  const dir = tempDir()
  const clock = { now: new Date(2026, 10, 28, 23, 59, 59).getTime() }
  const { kept, add } = keeper(dir, clock)
  add()
  clock.now += 2000
  add()
  add()
  clock.now -= 4000
  add()

  const days = async () =>
    (await kept.rows('2026-11-01', '2026-11-30')).map(({ day, requests }) => [day, requests])
  const expected = [
    ['2026-11-28', 2],
    ['2026-11-29', 2],
  ]
  assert.deepEqual(await days(), expected)
  await kept.flush()
  assert.deepEqual(await days(), expected)
  clock.now = new Date(2026, 10, 29, 0, 9).getTime()
  await kept.flush()
  assert.equal(existsSync(path.join(dir, 'usage', '2026-11.json')), false)
  clock.now = new Date(2026, 10, 29, 0, 10).getTime()
  await kept.flush()
  assert.equal(existsSync(path.join(dir, 'usage', '2026-11.json')), true)
  assert.deepEqual(await days(), expected)
})

test('contract §15.1: where clocks change, a day has 23 or 25 hours and begins once', async (t) => {
  const zone = process.env.TZ
  t.after(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  process.env.TZ = 'Europe/Berlin'
  for (const [day, next, hours] of [
    ['2026-10-25', '2026-10-26', 25],
    ['2026-03-29', '2026-03-30', 23],
  ] as const) {
    const clock = { now: new Date(`${day}T00:00:01`).getTime() }
    const { kept, add } = keeper(tempDir(), clock)
    for (let hour = 0; hour <= hours; hour += 1) {
      add()
      clock.now += 3_600_000
    }

    const rows = await kept.rows('2026-01-01', '2026-12-31')
    assert.deepEqual(
      rows.map((one) => [one.day, one.requests]),
      [
        [day, hours],
        [next, 1],
      ],
    )
  }
})

test(
  'contract §15.5: where the folder cannot be written, counting goes on in memory, with one warning an hour',
  { skip: process.getuid?.() === 0 && 'root writes everywhere' },
  async () => {
    const dir = tempDir()
    mkdirSync(path.join(dir, 'usage'), { mode: 0o500 })
    await readOnly(dir, () => chmodSync(path.join(dir, 'usage'), 0o700))
  },
)

test('contract §15.5: counting goes on in memory while a file stands in the place of the folder', async () => {
  const dir = tempDir()
  const place = path.join(dir, 'usage')
  writeFileSync(place, '')
  await readOnly(dir, () => rmSync(place))
})

test(
  'contract §15.5: a full disk, the same',
  { skip: !existsSync('/dev/full') && 'only Linux has one that is always full' },
  async () => {
    const dir = tempDir()
    const file = path.join(dir, 'usage', '2026-11-28.jsonl')
    mkdirSync(path.dirname(file))
    symlinkSync('/dev/full', file)
    const warned = await readOnly(dir, () => rmSync(file))
    assert.match(warned, /the disk is full/)
  },
)

test(
  'contract §15.5: of a write that finds no room for all of it, what was written counts, and nothing twice',
  { skip: process.platform === 'win32' && 'has no limits for files' },
  async () => {
    const dir = tempDir()
    const child = path.join(import.meta.dirname, 'full-disk.child.ts')
    const limited = `trap '' XFSZ; ulimit -f 4; exec "$@"`
    const command = [process.execPath, '--import', 'tsx', child, path.join(dir, 'usage')]
    const { stdout, stderr } = spawnSync('sh', ['-c', limited, 'sh', ...command], {
      encoding: 'utf8',
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    })
    const { left, fault } = JSON.parse(stdout || stderr) as { left: string[]; fault: string }

    assert.match(fault, /full/)
    const written = (await folderAt(dir).rows('2026-11-28', '2026-11-28')).map(({ model }) => model)
    assert.ok(written.length > 5 && left.length > 5)
    assert.deepEqual(
      [...written, ...left],
      Array.from({ length: 40 }, (_, i) => `model-${i}`),
    )
    await folderAt(dir).append(left.map((model) => row({ model })))
    assert.equal(await total(folderAt(dir)), 40)
  },
)

async function readOnly(dir: string, mend: () => void): Promise<string> {
  const clock = { now: noon }
  const { kept, warned, add } = keeper(dir, clock)
  for (let minute = 0; minute < 90; minute += 1) {
    add()
    await kept.flush()
    clock.now += 60_000
  }
  assert.equal(kept.book.counted()[0]?.requests, 90)
  assert.equal(warned.length, 2)
  assert.match(
    kept.warnings.join(),
    /usage cannot be written to .*usage: .*; it is counted in memory/,
  )

  mend()
  add()
  await kept.flush()

  assert.deepEqual(kept.warnings, [])
  assert.equal(await total(folderAt(dir)), 91)
  return warned.join()
}
