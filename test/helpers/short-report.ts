/**
 * The report for a log: nothing of a test that passes, each failure where it happens, and at the end the failures once
 * more by name, so that they are the last lines.
 */
import path from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

const projectDir = path.join(import.meta.dirname, '..', '..')

type Result = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data']

/** What node:test wraps around what was thrown; of a file that failed as a whole it knows how its process ended. */
interface TestError {
  cause?: unknown
  failureType?: string
  exitCode?: number | null
  signal?: string | null
}

class Report {
  readonly #counts = { passed: 0, failed: 0 }
  readonly #failures: string[] = []
  /** why tests were skipped, and how many for that reason */
  readonly #skips = new Map<string, number>()
  /** ms by file */
  readonly #times = new Map<string, number>()
  /** what files printed, for those that fail */
  readonly #printed = new Map<string, string>()
  /** the names that the test under way is nested in */
  #names: string[] = []

  /** What is to be printed of an event; empty for most. */
  next(event: TestEvent): string {
    switch (event.type) {
      case 'test:start':
        this.#names = [...this.#names.slice(0, event.data.nesting), event.data.name]
        return ''
      case 'test:stdout':
      case 'test:stderr':
        this.#keep(nameOf(event.data.file), `${event.data.message.trimEnd()}\n`)
        return ''
      // what went wrong after a test had ended; the file that it was in fails next
      case 'test:diagnostic':
        return event.data.message.startsWith('Error') ? `\n${event.data.message}\n` : ''
      case 'test:pass':
        this.#count(event.data)
        // the tests of a suite that is skipped are told of by nobody else
        if (!isSuite(event.data) || event.data.skip !== undefined) this.#pass(event.data)
        return ''
      case 'test:fail':
        this.#count(event.data)
        return this.#fail(event.data)
      default:
        return ''
    }
  }

  end(): string {
    const { passed, failed } = this.#counts
    const skipped = [...this.#skips.values()].reduce((sum, count) => sum + count, 0)
    return [
      ...[...this.#skips].map(([reason, count]) => `skipped ${count}: ${reason}`),
      `slowest: ${this.#slowest()}`,
      '',
      ...this.#failures.map((failure) => `failed: ${failure}`),
      `${passed} passed, ${failed} failed, ${skipped} skipped`,
      '',
    ].join('\n')
  }

  #pass({ skip }: Result): void {
    if (skip === undefined) this.#counts.passed += 1
    else {
      const reason = typeof skip === 'string' ? skip : 'no reason given'
      this.#skips.set(reason, (this.#skips.get(reason) ?? 0) + 1)
    }
  }

  #fail(result: Result): string {
    const { error = {} } = result.details as { error?: TestError }
    // a suite fails by its tests, which were told
    if (error.failureType === 'subtestsFailed') return ''
    const names = [...this.#names.slice(0, result.nesting), result.name]
    const file = nameOf(result.file)
    const title = [file, ...names.filter((name) => nameOf(name) !== file)].join(' › ')
    this.#counts.failed += 1
    this.#failures.push(title)
    return `\n✖ ${title}\n${causeOf(error)}\n${this.#printed.get(file) ?? ''}`
  }

  #keep(file: string, message: string): void {
    this.#printed.set(file, `${this.#printed.get(file) ?? ''}${message}`.slice(-4000))
  }

  #count({ file, nesting, details }: Result): void {
    if (nesting > 0) return
    const name = nameOf(file)
    this.#times.set(name, (this.#times.get(name) ?? 0) + details.duration_ms)
  }

  #slowest(): string {
    return [...this.#times]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(([file, ms]) => `${file} ${(ms / 1000).toFixed(1)} s`)
      .join(', ')
  }
}

function isSuite({ details }: Result): boolean {
  return details.type === 'suite'
}

function causeOf({ cause, exitCode, signal }: TestError): string {
  if (exitCode === undefined) return inspect(cause, { maxStringLength: 2000 })
  return `the process of the file ended with ${exitCode ?? signal}`
}

/** From the project's folder. */
function nameOf(file: string | undefined): string {
  return file === undefined ? '' : path.relative(projectDir, path.resolve(file))
}

/** A reporter for `node:test`. */
export async function* shortReport(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const report = new Report()
  for await (const event of events) {
    const text = report.next(event)
    if (text !== '') yield text
  }
  yield report.end()
}
