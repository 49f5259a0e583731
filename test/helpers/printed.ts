/** Waits for what a process prints; fails with all of it where the process ends before, or takes two minutes. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

const patienceMs = 120_000

/** `found` looks through what was printed so far, and gives undefined until it is there. */
export async function printed<T>(
  child: ChildProcessWithoutNullStreams,
  output: () => string,
  found: () => T | undefined,
): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    // what it printed last arrives after its end
    const ended = child.stdout.closed ? (child.exitCode ?? child.signalCode) : null
    const value = found()
    if (value !== undefined) return value
    if (ended !== null) throw new Error(`it ended with ${ended}: ${output()}`)
    if (performance.now() > deadline) throw new Error(`it never printed that: ${output()}`)
    await wait(20)
  }
}
