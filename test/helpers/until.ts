/** Waits for what comes about by itself; fails when it takes two minutes. */
import { setTimeout as wait } from 'node:timers/promises'

const patienceMs = 120_000

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (let pauseMs = 20; !(await holds()); pauseMs = Math.min(pauseMs * 1.1, 200)) {
    if (performance.now() > deadline) throw new Error(`did not come about: ${String(holds)}`)
    await wait(pauseMs)
  }
}

/** Whether somebody is there and answers with a status of success. */
export async function isServed(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}
