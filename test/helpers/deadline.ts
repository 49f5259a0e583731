/**
 * Loaded into every process of `npm test`. The process fails, and says which test it was in, when nothing ends in it for a
 * long time (a server left open, a program left running), where the runner would wait for ever; and when it ends in the
 * middle of a test, which the runner takes for success.
 */
import path from 'node:path'
import { afterEach, beforeEach, type TestContext } from 'node:test'

/** less than the `timeout` of `run.ts`, with which Node 20 ends the whole file, and does not say what held it */
const patienceMs = 490_000

/** the tests that have begun and not ended */
const running = new Set<string>()

function complain(what: string): void {
  const file = path.relative(process.cwd(), process.argv[1] ?? '')
  const tests = [...running].map((name) => `\n  in: ${name}`).join('')
  process.stderr.write(`${file} ${what}${tests}\n`)
}

// the runner itself may take longer than any of its files
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  const deadline = setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(', ')
    complain(`is stuck: nothing ended for ${patienceMs / 1000} s, held by: ${held}`)
    running.clear()
    process.exit(1)
  }, patienceMs).unref()

  beforeEach((t) => {
    running.add(nameOf(t))
  })
  afterEach((t) => {
    running.delete(nameOf(t))
    deadline.refresh()
  })

  process.on('exit', () => {
    if (running.size === 0) return
    complain('ended in the middle of a test')
    process.exitCode = 1
  })
}

function nameOf(t: unknown): string {
  return (t as TestContext).name
}
