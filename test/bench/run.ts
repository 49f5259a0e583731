/**
 * `npm run bench [words of rows]`: droid2api beside a bare http-proxy-3, row by row and round by round in turn, so that what
 * else the machine does meets both. Prints a table and writes `results.json` beside this file. Build first.
 * `--node LINE` measures both on that line of Node, which npm fetches; given twice, each row is measured on each. `--against FILE`
 * puts another build of droid2api (its dist/bin/droid2api.js) in the place of the bare proxy. `--rounds N` has each row measured
 * in so many rounds. `--roads` measures every road on which a request is translated, beside a chat client on Claude.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, shown } from './figures.ts'
import type { Round } from './measures.ts'
import { startUpstream } from './processes.ts'
import { roadRows } from './roads.ts'
import type { Row, RowOfPairs } from './rows.ts'
import { programsOn, rowsOf } from './scenarios.ts'

interface Result {
  work: string
  /** its version */
  node: string
  unit: string
  goal: string
  base: number
  ours: number
  ratio: number
  /** of the ratios of the single rounds */
  spread: [lowest: number, highest: number]
}

/** That the compared programs run on. */
interface Node {
  version: string
  program: string
}

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', multiple: true },
    against: { type: 'string' },
    rounds: { type: 'string' },
    roads: { type: 'boolean' },
  },
})
const { against, roads } = values
const nodes: Node[] = values.node?.map(nodeOf) ?? [
  { version: process.version, program: process.execPath },
]
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const results: Result[] = []
const left: string[] = []
const upstream = await startUpstream()
try {
  say(`${cpus()[0]?.model ?? 'unknown processor'}, medians\n`)
  say(`| work | Node | ${baseName()} | droid2api | ratio (lowest to highest) | goal |`)
  say('| --- | --- | --- | --- | --- | --- |')
  for (const { row, node } of allRows()) {
    if (wanted.length > 0 && !wanted.some((word) => row.work.includes(word))) {
      left.push(row.work)
      continue
    }
    const result = summed(row, node, await roundsOf(row))
    results.push(result)
    say(shownRow(result))
  }
} finally {
  await upstream.stop()
}
say(`\nNot measured: ${[...new Set([...left, ...beyond()])].join('; ')}.`)
writeFileSync(
  path.join(import.meta.dirname, 'results.json'),
  `${JSON.stringify(results, null, 2)}\n`,
)

/** A line of Node, such as 24: fetched by npm where it is not there. */
function nodeOf(line: string): Node {
  const says = 'process.stdout.write(process.version + "\\n" + process.execPath)'
  const args = ['exec', '--yes', `--package=node@${line}`, '--', 'node', '-e', says]
  const [version = '', program = ''] = execFileSync('npm', args, { encoding: 'utf8' }).split('\n')
  return { version, program }
}

/** `v24.21.0`: 24 */
function majorOf(version: string): string {
  return version.slice(1).split('.', 1)[0]!
}

/** Each row on each Node. */
function* allRows(): Generator<{ row: Row; node: string }> {
  const tables = nodes.map(({ version, program }) => ({
    version,
    table: roads
      ? [...roadRows(upstream, program)]
      : rowsOf(programsOn(program, against), upstream),
  }))
  for (const [at] of tables[0]!.table.entries())
    for (const { version, table } of tables) yield { row: table[at]!, node: version }
}

function baseName(): string {
  if (roads) return 'chat client on anthropic'
  return against ? 'the other build' : 'bare http-proxy-3'
}

/** What this run says nothing of. */
function beyond(): string[] {
  const lines = ['20', '24', '26'].filter(
    (line) => !nodes.some(({ version }) => majorOf(version) === line),
  )
  return [
    ...lines.map((line) => `Node ${line} (--node ${line})`),
    ...(roads ? ['the usual rows'] : ['the other roads (--roads)']),
    'TLS and a network, since the upstream is on loopback',
  ]
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function roundsOf(row: Row): Promise<Round[]> {
  const rounds = values.rounds ? Number(values.rounds) : row.rounds
  const figures: Round[] = []
  while (figures.length < rounds) {
    const open = rounds - figures.length
    if (row.pairs) figures.push(...(await roundsOfPair(row, Math.min(row.pairs.rounds, open))))
    else figures.push(await row.round())
  }
  return figures
}

async function roundsOfPair(row: RowOfPairs, rounds: number): Promise<Round[]> {
  const pair = await row.pairs.start()
  const figures: Round[] = []
  const warmUp = row.warmUp ?? row.round
  for (let count = 0; count < row.warmUps; count++) await warmUp(pair)
  for (let count = 0; count < rounds; count++) figures.push(await row.round(pair))
  await pair.base.stop()
  await pair.ours.stop()
  return figures
}

function summed({ work, unit, goal }: Row, node: string, rounds: Round[]): Result {
  const ratios = rounds.map(({ base, ours }) => ours / base)
  return {
    work,
    node,
    unit,
    goal,
    base: median(rounds.map(({ base }) => base)),
    ours: median(rounds.map(({ ours }) => ours)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  }
}

function shownRow({ work, node, unit, goal, base, ours, ratio, spread }: Result): string {
  const range = `${ratio.toFixed(2)} (${spread.map((value) => value.toFixed(2)).join(' to ')})`
  const figures = `${shown(base)} ${unit} | ${shown(ours)} ${unit}`
  return `| ${work} | ${majorOf(node)} | ${figures} | ${range} | ${goal} |`
}
