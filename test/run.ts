/**
 * `npm test [FILE…]`: builds the program once, then runs the named test files, or all. Files run side by side, one a
 * processor; those that measure memory or the share of a processor run afterwards, one at a time.
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
const alone = new Set(['cli/tune-v8.test.ts', 'cost.test.ts', 'garbage.test.ts', 'let-go.test.ts'])

/** ms for one file; see `helpers/deadline.ts`, which says what held it */
const timeout = 300_000

const named = process.argv.slice(2).map((file) => path.resolve(file))
const files = named.length > 0 ? named : everyTest()
const isReadable = process.stdout.isTTY && process.env.CI !== 'true'

builtProgram()
Readable.from(results())
  .compose(isReadable ? new spec() : shortReport)
  .pipe(process.stdout)

/** The events of all files in turn. A failure becomes the exit code. */
async function* results(): AsyncGenerator<TestEvent> {
  const isAlone = (file: string) => alone.has(path.relative(import.meta.dirname, file))
  const groups = [
    { files: files.filter((file) => !isAlone(file)), concurrency: availableParallelism() },
    { files: files.filter(isAlone), concurrency: 1 },
  ]
  for (const group of groups.filter((one) => one.files.length > 0)) {
    for await (const event of run({ ...group, timeout }) as AsyncIterable<TestEvent>) {
      if (event.type === 'test:fail' && !event.data.todo) process.exitCode = 1
      yield event
    }
  }
}

function everyTest(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .toSorted()
    .map((name) => path.join(import.meta.dirname, name))
}
