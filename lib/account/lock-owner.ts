/** What lies where a lock should be: a lock of ours with its owner, or something of another program's. */
import { lstat, readFile } from 'node:fs/promises'
import { objectFrom } from '../../pipelines/json/value.ts'

export interface Owner {
  pid: number
  host: string
  id: string
}

export interface Seen {
  /** another one whenever somebody touched or replaced it */
  identity: string
  /** of a lock of ours */
  owner: Owner | undefined
  /** what it is, for a message */
  kind: string
  /** a file of ours that was just being written, or never was */
  isEmpty: boolean
  ageMs: number
}

/** More than any lock of ours holds. */
const maxBytes = 1024

/** `undefined` when there is none. What cannot be looked at is there, and not ours. */
export async function look(lock: string): Promise<Seen | undefined> {
  try {
    const { ino, mtimeMs, size, ...stats } = await lstat(lock)
    const isFile = (stats.mode & 0o170000) === 0o100000
    const text = isFile && size <= maxBytes ? await readFile(lock, 'utf8').catch(codeOf) : undefined
    const owner = typeof text === 'string' ? ownerOf(text) : undefined
    return {
      identity: [ino, mtimeMs, size, typeof text === 'string' ? text : ''].join(' '),
      owner,
      kind: kindOf(stats.mode, text),
      isEmpty: text === '',
      ageMs: Date.now() - mtimeMs,
    }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return { identity: code, owner: undefined, kind: code, isEmpty: false, ageMs: 0 }
  }
}

/** Who holds it, for a message. */
export function nameOf(seen: Seen | undefined): string {
  if (seen?.owner) return `process ${seen.owner.pid} on ${seen.owner.host}`
  return `another program (${seen?.kind ?? 'gone'})`
}

function kindOf(mode: number, text: string | { code: string } | undefined): string {
  const kinds: Record<number, string> = { 0o040000: 'a folder', 0o120000: 'a link' }
  const kind = kinds[mode & 0o170000] ?? 'a file'
  return typeof text === 'object' ? `${kind} that cannot be read, ${text.code}` : kind
}

function codeOf(error: unknown): { code: string } {
  return { code: (error as NodeJS.ErrnoException).code ?? 'unknown' }
}

function ownerOf(text: string): Owner | undefined {
  const { pid, host, id } = objectFrom(text) ?? {}
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof id !== 'string')
    return undefined
  return { pid, host, id }
}
