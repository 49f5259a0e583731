import { readFileSync } from 'node:fs'

/** Linux has it, also in a container: there it is the machine's. */
const file = '/proc/sys/kernel/random/boot_id'

let known: { id: string | undefined } | undefined

/** Tells one start of this machine from another; undefined where the system does not. */
export function bootId(): string | undefined {
  known ??= { id: read() }
  return known.id
}

function read(): string | undefined {
  try {
    return readFileSync(file, 'latin1').trim() || undefined
  } catch {
    // no Linux, or hidden from this process
    return undefined
  }
}
