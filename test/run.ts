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
 * The files of each of these folders share processes: starting one costs a third of a second, and they change nothing in it.
 * No process has so many of them that a busy machine needs more than `timeout` for it.
 */
const sharing =
  /^(?:agent-loop|cli|config|credentials|demo|faults|log|network|page|pipelines|same-api|sdk|server|translated|upstream)\//

const filesOfGroup = 12

/** ms for one file; see `helpers/deadline.ts`, which says what held it */
const timeout = 500_000

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

/** Files that import the test files of a folder, a dozen each, below that folder's name. */
function groupsOf(names: string[]): string[] {
  const folders = [...new Set(names.map(folderOf))]
  return folders.flatMap((folder) => {
    const inFolder = names.filter((name) => folderOf(name) === folder)
    const groups = Math.ceil(inFolder.length / filesOfGroup)
    return Array.from({ length: groups }, (_, index) => {
      const group = path.join(groupDir, `${folder}-${index + 1}.mjs`)
      const imports = inFolder
        .filter((_name, place) => place % groups === index)
        .map((name) => `await import(${JSON.stringify(absolute(name))})`)
      writeFileSync(group, imports.join('\n'))
      return group
    })
  })
}

function folderOf(name: string): string {
  return name.slice(0, name.indexOf(path.sep))
}

function everyTest(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .toSorted()
}

function absolute(file: string): string {
  return path.join(import.meta.dirname, file)
}
