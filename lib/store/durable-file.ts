/**
 * Writes a small file so that it is there after a power cut (temporary file, fsync, rename, fsync of the folder, mode 0600), and
 * finds out beforehand whether that would work. Where a file cannot be replaced (it is a mount of its own, its folder is another
 * user's) it is overwritten in place: its content is spent, so a torn file loses no more than an unwritten one.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import {
  access,
  mkdir,
  open,
  realpath,
  rename,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import path from 'node:path'

/** The codes of a file system that knows no such call; nothing failed. */
const unsupported = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'])

/** Returns the error code if the file could not be replaced, else undefined. Throws what the file system throws. */
export async function writeFileDurably(file: string, text: string): Promise<string | undefined> {
  const folder = path.dirname(file)
  await makeFolder(folder)
  const target = await realpath(file).catch(() => file)
  try {
    await replace(target, text)
    return undefined
  } catch (error) {
    await overwrite(target, text).catch((reason: NodeJS.ErrnoException) => {
      throw reason.code === 'ENOENT' ? error : reason
    })
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** The error of the file system for a path that leads through a file. */
function notAFolder(): NodeJS.ErrnoException {
  return Object.assign(new Error('ENOTDIR'), { code: 'ENOTDIR' })
}

/** A folder that is a file already throws ENOTDIR, whichever part of the path it is. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw notAFolder()
    // an existing folder may lie where none can be made
    const found = await stat(folder).catch(() => undefined)
    if (!found?.isDirectory()) throw error
  }
}

async function replace(target: string, text: string): Promise<void> {
  const temporary = `${target}.droid2api.tmp`
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try {
    await filled(handle, async () => {
      await handle.chmod(0o600).catch(() => undefined)
      await giveToOwner(handle, target)
      await handle.writeFile(text)
      await sync(handle)
    })
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(path.dirname(target))
}

/** Blanks overwrite the rest of a longer text, so that the new one never has old text behind it. */
async function overwrite(target: string, text: string): Promise<void> {
  const handle = await open(target, constants.O_WRONLY)
  await filled(handle, async () => {
    const bytes = Buffer.from(text)
    const { size } = await handle.stat()
    const blanks = Buffer.alloc(Math.max(0, size - bytes.length), ' ')
    const whole = Buffer.concat([bytes, blanks])
    for (let done = 0; done < whole.length;) {
      done += (await handle.write(whole, done, whole.length - done, done)).bytesWritten
    }
    await handle.truncate(bytes.length).catch(() => undefined)
    await sync(handle)
  })
}

async function filled(handle: FileHandle, fill: () => Promise<void>): Promise<void> {
  try {
    await fill()
  } finally {
    await handle.close()
  }
}

/** After one run as root the service's user must still be able to read its login. */
async function giveToOwner(handle: FileHandle, target: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const owner = await stat(target).catch(() => stat(path.dirname(target)))
  await handle.chown(owner.uid, owner.gid).catch(() => undefined)
}

async function sync(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    if (!unsupported.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/**
 * A rename survives a power cut only once its folder is synced. Best effort: some file systems cannot do it, and by now the
 * file is in its place, so every failure is ignored.
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/** More than a login takes, so that a disk with less than that free counts as full. */
const probeBytes = 16_384

/** Why a login could not be written: folder, reason and user. In: what the file system threw. */
export function whyNotSaved(file: string, error: NodeJS.ErrnoException): string {
  const { code } = error
  const folder = path.dirname(file)
  if (code === 'ENOTDIR')
    return `the login cannot be saved: ${folder} is a file, not a folder, or below one`
  if (code === 'EISDIR') return `the login cannot be saved: ${file} is a folder, not a file`
  const why = whyNotWritten(error)
  const user = process.getuid ? ` as uid ${process.getuid()}` : ''
  return `the login cannot be saved in ${folder}: ${why}${user}`
}

/** What the file system threw, in words. */
export function whyNotWritten({ code, message }: NodeJS.ErrnoException): string {
  return reasons[code ?? ''] ?? message
}

const reasons: Record<string, string> = {
  EACCES: 'it is not writable (EACCES)',
  EPERM: 'it is not writable (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  ENOTDIR: 'a part of the path is a file, not a folder (ENOTDIR)',
  EEXIST: 'it is a file, not a folder (EEXIST)',
}

/**
 * Why a login could not be saved in `file`; undefined where it could be, by replacing the file or by overwriting it. Leaves
 * nothing behind, not even a folder, which would belong to the user who checks.
 */
export async function writable(file: string): Promise<string | undefined> {
  const fileFault = await faultOf(async () => await (await open(file, 'r+')).close())
  if (fileFault && neverReplaced.has(fileFault.code ?? '')) return whyNotSaved(file, fileFault)
  const folderFault = await faultOf(() => tryFolder(path.dirname(file)))
  return folderFault && fileFault ? whyNotSaved(file, folderFault) : undefined
}

/** The codes by which `open` refuses a file that no rename can replace either: immutable, mounted for reading alone, a folder. */
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

/** The nearest existing folder decides whether one can be made. */
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
