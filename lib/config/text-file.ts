/** Text files of the configuration, and why one cannot be read. */
import { readFileSync } from 'node:fs'
import { decodeText } from '../text-file.ts'

/** The text, however its editor saved it. Throws what `readFileSync` throws. */
export function readTextFile(file: string): string {
  return decodeText(readFileSync(file))
}

/** Why a file cannot be read, for a person. In: what reading it threw. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') {
    return 'this is a folder, not a file (Docker makes one where the file of a bind mount was not there)'
  }
  if (code === 'ENOTDIR') return 'a part of this path is a file, not a folder'
  return `it cannot be read (${code})`
}
