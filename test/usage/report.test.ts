/** Usage as people ask for it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { usageText } from '../../lib/cli/print-usage.ts'
import { parseCommandLine } from '../../lib/cli/usage.ts'
import { byOf, csvOf, ReportError, reportOf, spanOf, tableOf } from '../../lib/usage/report.ts'
import { dayOf } from '../../lib/usage/days.ts'
import { UsageFolder } from '../../lib/usage/folder.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import type { UsageStore } from '../../lib/usage/usage.ts'
import { builtProgram } from '../helpers/built-program.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const now = new Date(2026, 10, 28, 12).getTime()

function row(more: Partial<Row>): Row {
  const place = { client: 'alice', model: 'm', endpoint: 'e', account: 'default' }
  return { day: '2026-11-28', ...place, ...noCounts(), requests: 1, ...more }
}

const rows = [
  row({ day: '2026-11-28', input: 100, output: 7, cost_micro_usd: 1_234_567 }),
  row({ day: '2026-11-27', client: 'bob', input: 20, errors: 1 }),
  row({ day: '2026-11-27', input: 3 }),
]
const november = { first: '2026-11-01', last: '2026-11-30' }

for (const [since, first, last] of [
  [undefined, '2026-11-01', '2026-11-30'],
  ['7d', '2026-11-22', '2026-11-28'],
  ['1d', '2026-11-28', '2026-11-28'],
  ['2026-02', '2026-02-01', '2026-02-28'],
  ['2026-12', '2026-12-01', '2026-12-31'],
  ['2026-11-05', '2026-11-05', '2026-11-05'],
  ['2026-11-01..14', '2026-11-01', '2026-11-14'],
  ['2026-11-01..2026-12-24', '2026-11-01', '2026-12-24'],
  ['2026-11-05..', '2026-11-05', '2026-11-28'],
] as const) {
  test(`contract §15.7: since ${since ?? 'left out'} is ${first} to ${last}`, () => {
    assert.deepEqual(spanOf(since, now), { first, last })
  })
}

for (const since of ['0d', 'yesterday', '2026-13', '2026-02-30', '2026-11-14..01', '2026-11..12']) {
  test(`contract §15.7: since ${since} means nothing, and the message says what would`, () => {
    assert.throws(() => spanOf(since, now), ReportError)
  })
}

test('contract §15.7: rows are summed by what is asked for, in its order', () => {
  const byDay = reportOf(rows, november, byOf(undefined))
  assert.deepEqual(
    byDay.rows.map(({ day, requests, input }) => [day, requests, input]),
    [
      ['2026-11-27', 2, 23],
      ['2026-11-28', 1, 100],
    ],
  )
  const byClient = reportOf(rows, november, byOf('client,day'))
  assert.deepEqual(
    byClient.rows.map(({ day, client, endpoint }) => [client, day, endpoint]),
    [
      ['alice', '2026-11-27', undefined],
      ['alice', '2026-11-28', undefined],
      ['bob', '2026-11-27', undefined],
    ],
  )
  assert.throws(() => byOf('week'), ReportError)
})

test('contract §15.7: a table has its numbers to the right, no column of zeros, and the total last', () => {
  assert.equal(
    tableOf(reportOf(rows, november, ['client'])),
    [
      '2026-11-01..2026-11-30',
      'client  requests  errors  input  output     USD',
      'alice          2       0    103       7  1.2346',
      'bob            1       1     20       0  0.0000',
      'total          3       1    123       7  1.2346',
      '',
    ].join('\n'),
  )
})

test('contract §15.7: CSV has all counts, quotes what needs it, and no text that a spreadsheet runs', () => {
  const odd = [row({ model: 'a "b", c' }), row({ model: '=cmd()' })]
  const lines = csvOf(reportOf(odd, november, ['model'])).split('\r\n')

  assert.equal(
    lines[0],
    'model,requests,errors,aborted,unmetered,input,output,cache_read,cache_write,reasoning,cost_micro_usd,unpriced',
  )
  assert.match(lines[1]!, /^'=cmd\(\),1,/)
  assert.match(lines[2]!, /^"a ""b"", c",1,/)
})

function run(dir: string, ...args: string[]) {
  try {
    const env = { PATH: process.env.PATH, HOME: dir, DATA_DIR: dir }
    const text = execFileSync(process.execPath, [builtProgram(), 'usage', ...args], {
      env,
      stdio: 'pipe',
      encoding: 'utf8',
    })
    return { code: 0, text }
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string }
    return { code: status, text: stderr }
  }
}

test('contract §15.7: droid2api usage tells what is kept while no proxy runs: 0, 1 for what cannot be read, 2 for what means nothing', async () => {
  const dir = tempDir()
  assert.deepEqual((JSON.parse(run(dir).text) as { rows: unknown }).rows, [])
  const today = dayOf(Date.now())
  const folder = new UsageFolder(path.join(dir, 'usage'), Date.now)
  await folder.append([row({ day: today, input: 5 })])

  const { code, text } = run(dir, '--since', '1d', '--by', 'day,client')

  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(text), {
    since: `${today}..${today}`,
    by: ['day', 'client'],
    rows: [{ day: today, client: 'alice', ...noCounts(), requests: 1, input: 5 }],
  })
  assert.match(run(dir, '--csv').text, /^day,requests,/)
  assert.deepEqual(run(dir, '--by', 'week').code, 2)
  mkdirSync(path.join(dir, 'usage'), { recursive: true })
  writeFileSync(path.join(dir, 'usage', `${today.slice(0, 7)}.json`), '[]')
  const broken = run(dir)
  assert.equal(broken.code, 1)
  assert.match(broken.text, /holds no usage; it is left as it is/)
})

test('where nothing is written down yet, a person reads why and where to look', async () => {
  const line = parseCommandLine(['usage'])
  const store = { rows: async () => [] } as unknown as UsageStore

  assert.match(await usageText(line, store, true), /\nNothing is written down .* droid2api status /)
  assert.match(await usageText(line, store, false), /"rows":\[\]/)
})
