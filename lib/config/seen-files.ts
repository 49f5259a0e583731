/** Reads the files of a configuration, and keeps what each of them was: where one has become another, it is read again. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { decodeText } from './text-file.ts'

/** By absolute path: the first digits of the SHA-256 of its bytes, as sha256sum prints them, or why it cannot be read, as a code. */
export type SeenFiles = Map<string, string>

/** The text of a file, however its editor saved it. Throws what `readFileSync` throws. */
export function readSeen(file: string, seen: SeenFiles): string {
  try {
    const bytes = readFileSync(file)
    seen.set(file, hashOf(bytes))
    return decodeText(bytes)
  } catch (error) {
    missed(file, error, seen)
    throw error
  }
}

/** Whether there is such a file; one that is not there may come. */
export function isThere(file: string, seen: SeenFiles): boolean {
  try {
    statSync(file)
    return true
  } catch (error) {
    missed(file, error, seen)
    return false
  }
}

/** What a file is now. Undefined for a pipe, a device and the like, which can be read once at most. */
export async function lookAt(file: string): Promise<string | undefined> {
  try {
    const kind = await stat(file)
    if (!kind.isFile() && !kind.isDirectory()) return undefined
    return hashOf(await readFile(file))
  } catch (error) {
    return codeOf(error)
  }
}

/** What became of a file that held something: by its hash or its code. */
export function stateOf(seen: string): 'full' | 'empty' | 'gone' | 'unreadable' {
  if (seen === emptyHash) return 'empty'
  if (/^[\da-f]{12}$/.test(seen)) return 'full'
  return seen === 'ENOENT' || seen === 'ENOTDIR' ? 'gone' : 'unreadable'
}

/** No file can have NUL in its name, so none will come, and Node throws where such a name is watched. */
function missed(file: string, error: unknown, seen: SeenFiles): void {
  if (!file.includes('\0')) seen.set(file, codeOf(error))
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable'
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12)
}

const emptyHash = hashOf(Buffer.alloc(0))
