/** Whether a login could be written to a file, and what to say where it cannot. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, stat, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { notAFolder } from './durable-file.ts'

/** More than a login takes, so that a disk with less than that free counts as full. */
const probeBytes = 16_384

/** Names folder, reason and user. */
export function whyNotSaved(file: string, { code, message }: NodeJS.ErrnoException): string {
  const folder = path.dirname(file)
  if (code === 'ENOTDIR')
    return `the login cannot be saved: ${folder} is a file, not a folder, or below one`
  if (code === 'EISDIR') return `the login cannot be saved: ${file} is a folder, not a file`
  const why = reasons[code ?? ''] ?? code ?? message
  const user = process.getuid ? ` as uid ${process.getuid()}` : ''
  return `the login cannot be saved in ${folder}: ${why}${user}`
}

const reasons: Record<string, string> = {
  EACCES: 'it is not writable (EACCES)',
  EPERM: 'it is not writable (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
}

/**
 * Why a login could not be saved in `file`; undefined where it could be, by replacing the file or by overwriting it. Nothing
 * that stays is made, also no folder: it would belong to whoever asks.
 */
export async function writable(file: string): Promise<string | undefined> {
  const fileFault = await faultOf(async () => await (await open(file, 'r+')).close())
  if (fileFault && neverReplaced.has(fileFault.code ?? '')) return whyNotSaved(file, fileFault)
  const folderFault = await faultOf(() => tryFolder(path.dirname(file)))
  return folderFault && fileFault ? whyNotSaved(file, folderFault) : undefined
}

/** What open says of a file that no rename can replace either: immutable, mounted for reading alone, a folder. */
const neverReplaced = new Set(['EPERM', 'EROFS', 'EISDIR'])

async function faultOf(work: () => Promise<void>): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

/** Throws what the file system does. */
async function tryFolder(folder: string): Promise<void> {
  if (!(await isFolder(folder))) return await tryAbove(path.dirname(folder))
  const probe = path.join(folder, `.droid2api.${randomUUID()}.tmp`)
  try {
    await writeFile(probe, Buffer.alloc(probeBytes), { flag: 'wx', mode: 0o600 })
  } finally {
    await unlink(probe).catch(() => undefined)
  }
}

/** The first folder above that is there decides whether one can be made. */
async function tryAbove(folder: string): Promise<void> {
  if (await isFolder(folder)) await access(folder, constants.W_OK | constants.X_OK)
  else await tryAbove(path.dirname(folder))
}

/** False where there is nothing. Throws what the file system does, and ENOTDIR for a file. */
async function isFolder(folder: string): Promise<boolean> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (found && !found.isDirectory()) throw notAFolder()
  return found !== undefined
}
