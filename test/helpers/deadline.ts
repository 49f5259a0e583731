/**
 * Loaded into every process of `npm test`: a test file that does not end (a server left open, a program left running) fails
 * and says so, where the runner would wait for it for ever.
 */
import path from 'node:path'

/** a little less than `--test-timeout`, with which Node 20 ends the whole file, and does not say what held it */
const patienceMs = 490_000

// the runner itself may take longer than any of its files
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const file = path.relative(process.cwd(), process.argv[1] ?? '')
    const held = process.getActiveResourcesInfo().join(', ')
    process.stderr.write(`${file} still runs after ${patienceMs / 1000} s, held by: ${held}\n`)
    process.exit(1)
  }, patienceMs).unref()
}
