/**
 * `npm test [FILE…]`: builds the program once, then runs the named test files, or all. Files run side by side, one more
 * than there are processors, since many of them wait; those that measure memory or the share of a processor run afterwards,
 * one at a time.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { builtProgram } from './helpers/built-program.ts'
import { shortReport } from './helpers/short-report.ts'

/** They compare figures of a whole process, which a busy neighbour would change. */
const alone = /^(?:cli\/tune-v8|cost|garbage|let-go)\.test\.ts$/

/** They start programs and wait for them, so they begin first. */
const long = /^(?:account|readme)\//

/** Pure functions and streams: these files need no process of their own. */
const pure = /^pipelines\//

/** ms for one file; see `helpers/deadline.ts`, which says what held it */
const timeout = 300_000

const named = process.argv.slice(2).map((file) => path.relative(import.meta.dirname, file))
const files = named.length > 0 ? named : everyTest()
const isReadable = process.stdout.isTTY && process.env.CI !== 'true'

builtProgram()
Readable.from(results())
  .compose(isReadable ? new spec() : shortReport)
  .pipe(process.stdout)

/** The events of all files in turn. A failure becomes the exit code. */
async function* results(): AsyncGenerator<TestEvent> {
  const rest = files.filter((file) => !alone.test(file))
  const together = rest.filter((file) => pure.test(file))
  const apart = rest.filter((file) => !pure.test(file))
  const ordered = [
    ...apart.filter((file) => long.test(file)),
    ...apart.filter((file) => !long.test(file)),
  ]
  process.env.TEST_FILES = together.map(absolute).join('\n')
  const shared = together.length > 0 ? ['helpers/one-process.ts'] : []
  const groups = [
    { files: [...ordered, ...shared], concurrency: availableParallelism() + 1 },
    { files: files.filter((file) => alone.test(file)), concurrency: 1 },
  ]
  for (const { files: names, concurrency } of groups.filter((group) => group.files.length > 0)) {
    for await (const event of run({ files: names.map(absolute), concurrency, timeout })) {
      if (event.type === 'test:fail' && !event.data.todo) process.exitCode = 1
      yield event as TestEvent
    }
  }
}

function everyTest(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .toSorted()
}

function absolute(file: string): string {
  return path.join(import.meta.dirname, file)
}
