/**
 * `npm run bench [words of rows]`: droid2api beside a bare http-proxy-3, row by row and round by round in turn, so that what
 * else the machine does meets both. Prints a table and writes `results.json` beside this file. Build first.
 * `--against FILE` puts another build of droid2api (its dist/bin/droid2api.js) in the place of the bare proxy; `--rounds N` has
 * each row measured in so many rounds. `--roads` measures every road on which a request is translated, beside a chat client on
 * Claude.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, shown } from './figures.ts'
import type { Round } from './measures.ts'
import { startUpstream, type Target } from './processes.ts'
import { roadRows } from './roads.ts'
import { rowsOf, startTargets, type Row } from './scenarios.ts'

interface Result {
  work: string
  unit: string
  goal: string
  base: number
  ours: number
  ratio: number
  /** of the ratios of the single rounds */
  spread: [lowest: number, highest: number]
}

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    rounds: { type: 'string' },
    roads: { type: 'boolean' },
  },
})
const { against, roads } = values
const targets: Target[] = []
const results: Result[] = []
try {
  say(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, medians\n`)
  say(`| work | ${baseName()} | droid2api | ratio (lowest to highest) | goal |`)
  say('| --- | --- | --- | --- | --- |')
  for await (const row of rows()) {
    if (wanted.length > 0 && !wanted.some((word) => row.work.includes(word))) continue
    const result = summed(row, await roundsOf(row))
    results.push(result)
    say(line(result))
  }
} finally {
  for (const target of targets) await target.stop()
}
writeFileSync(
  path.join(import.meta.dirname, 'results.json'),
  `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
)

async function* rows(): AsyncGenerator<Row> {
  if (roads) {
    const upstream = await startUpstream()
    targets.push(upstream)
    yield* roadRows(upstream)
    return
  }
  const started = await startTargets(against)
  targets.push(...Object.values(started))
  yield* rowsOf(started, against)
}

function baseName(): string {
  if (roads) return 'chat client on anthropic'
  return against ? 'the other build' : 'bare http-proxy-3'
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function roundsOf(row: Row): Promise<Round[]> {
  for (let count = 0; count < (row.warmUps ?? 0); count++) await row.round()
  const figures: Round[] = []
  const rounds = values.rounds ? Number(values.rounds) : row.rounds
  for (let count = 0; count < rounds; count++) figures.push(await row.round())
  return figures
}

function summed({ work, unit, goal }: Row, rounds: Round[]): Result {
  const ratios = rounds.map(({ base, ours }) => ours / base)
  return {
    work,
    unit,
    goal,
    base: median(rounds.map(({ base }) => base)),
    ours: median(rounds.map(({ ours }) => ours)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  }
}

function line({ work, unit, goal, base, ours, ratio, spread }: Result): string {
  const range = `${ratio.toFixed(2)} (${spread.map((value) => value.toFixed(2)).join(' to ')})`
  return `| ${work} | ${shown(base)} ${unit} | ${shown(ours)} ${unit} | ${range} | ${goal} |`
}
