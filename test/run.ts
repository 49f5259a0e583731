/**
 * `npm test [FILE…]`: builds the program once, then runs the named test files, or all. Processes run side by side, two
 * for each processor, since many of them wait; files that measure memory or the share of a processor run afterwards,
 * one at a time.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { builtProgram } from './helpers/built-program.ts'
import { shortReport } from './helpers/short-report.ts'

/** They compare figures of a whole process, which a busy neighbour would change. */
const alone = /^cli\/tune-v8\.test\.ts$/

/** They start programs and wait for them, so they begin before other single files. */
const long = /(?:account|readme)\/[^/]*$/

/**
 * These files share processes: starting one and loading the proxy into it costs two seconds of a processor, and they change
 * nothing in it.
 */
const sharing =
  /^(?:agent-loop|cli|config|credentials|demo|explain|faults|init|limits|log|network|page|pipelines|presets|routing|same-api|sdk|server|translated|upstream|usage)\/|^readme\/(?:limits|links|messages|operating-examples|pages|settings)\.|^account\/(?:account|bench|kept-logins|named-logins|peek|real-folders|saving)\.|^(?:comments|contract)\./

/** About as many processes as are worth their start, and enough of them for the processors of most machines. */
const filesOfGroup = 25

/** ms for one process; see `helpers/deadline.ts`, which is sooner and says what held it */
const timeout = 1_200_000

const named = process.argv.slice(2).map((file) => path.relative(import.meta.dirname, file))
const files = named.length > 0 ? named : everyTest()
const isReadable = process.stdout.isTTY && process.env.CI !== 'true'

builtProgram()
const groupDir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
process.on('exit', () => rmSync(groupDir, { recursive: true }))
Readable.from(results())
  .compose(isReadable ? new spec() : shortReport)
  .pipe(process.stdout)

/** The events of all files in turn. A failure becomes the exit code. */
async function* results(): AsyncGenerator<TestEvent> {
  const rest = files.filter((file) => !alone.test(file))
  const apart = rest.filter((file) => !sharing.test(file)).map(absolute)
  const runs = [
    {
      files: [
        ...groupsOf(rest.filter((file) => sharing.test(file))),
        ...apart.filter((file) => long.test(file)),
        ...apart.filter((file) => !long.test(file)),
      ],
      concurrency: availableParallelism() * 2,
    },
    { files: files.filter((file) => alone.test(file)).map(absolute), concurrency: 1 },
  ]
  for (const { files: some, concurrency } of runs.filter((one) => one.files.length > 0)) {
    for await (const event of run({ files: some, concurrency, timeout })) {
      if (event.type === 'test:fail' && !event.data.todo) process.exitCode = 1
      yield event as TestEvent
    }
  }
}

/**
 * Files that import the given ones, each as many. Neighbours, which are of a kind, go to different groups: so the groups take
 * about as long as each other.
 */
function groupsOf(names: string[]): string[] {
  const groups = Math.ceil(names.length / filesOfGroup)
  return Array.from({ length: groups }, (_, index) => {
    const group = path.join(groupDir, `group-${index + 1}.mjs`)
    const members = names.filter((_name, place) => place % groups === index).map(absolute)
    const helper = path.join(import.meta.dirname, 'helpers', 'group.ts')
    writeFileSync(
      group,
      `import { load } from ${JSON.stringify(helper)}\nawait load(${JSON.stringify(members)})\n`,
    )
    return group
  })
}

function everyTest(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .toSorted()
}

function absolute(file: string): string {
  return path.join(import.meta.dirname, file)
}
