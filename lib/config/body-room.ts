/** How much the bodies of all requests may take together. */
import { totalmem } from 'node:os'
import type { ConfigData } from './types.ts'

export const megabyte = 1024 * 1024

/** Bytes: what `max_bodies_mb` says, else a quarter of the memory, as a body may be there several times over while it is read. */
export function bodyRoom({ max_bodies_mb: most }: Pick<ConfigData, 'max_bodies_mb'>): number {
  return most === undefined ? memoryBytes() / 4 : most * megabyte
}

/** Of the machine, or of the container where that has less. */
function memoryBytes(): number {
  const container = process.constrainedMemory()
  // without a limit Node tells of 0, or of more than any machine has
  return container > 0 ? Math.min(container, totalmem()) : totalmem()
}
