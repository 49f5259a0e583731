/**
 * Turns between processes that share one file: a lock file beside it, made with O_EXCL and named after its owner. A lock
 * whose owner is gone is broken by renaming it away, which only one of several breakers can do.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Longer than any holder works; the age at which even a lock of another machine counts as left behind. */
const staleMs = 30_000
const pollMs = 40

interface Owner {
  pid: number
  host: string
  id: string
}

const mine = new Set<string>()

/**
 * Runs `work` while no other process does so for the same file. Where no lock can be made (read-only folder) it runs
 * without: there is nothing to share then.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  const id = await acquire(lock)
  try {
    return await work()
  } finally {
    if (id) {
      mine.delete(id)
      await unlink(lock).catch(() => undefined)
    }
  }
}

async function acquire(lock: string): Promise<string | undefined> {
  const owner: Owner = { pid: process.pid, host: hostname(), id: randomUUID() }
  await mkdir(path.dirname(lock), { recursive: true, mode: 0o700 }).catch(() => undefined)
  for (;;) {
    try {
      await writeFile(lock, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
      mine.add(owner.id)
      return owner.id
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined
    }
    if (!(await breakIfStale(lock))) await wait(pollMs)
  }
}

/** Whether there is reason to try again at once. */
async function breakIfStale(lock: string): Promise<boolean> {
  const seen = await look(lock)
  if (!seen) return true
  if (!isStale(seen.owner, seen.ageMs)) return false
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
  } catch {
    // somebody else was faster
    return true
  }
  const moved = await look(aside)
  if (moved && moved.text !== seen.text && moved.owner) {
    // between the look and the rename the lock had been broken and taken anew: its owner gets it back
    await rename(aside, lock).catch(() => undefined)
    return false
  }
  await unlink(aside).catch(() => undefined)
  return true
}

async function look(lock: string) {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)])
    return { text, owner: ownerOf(text), ageMs: Date.now() - mtimeMs }
  } catch {
    // gone meanwhile
    return undefined
  }
}

/** A lock that says nothing was made by a process that died between two calls, or is just being written. */
function isStale(owner: Owner | undefined, ageMs: number): boolean {
  if (!owner) return ageMs > 1000
  if (owner.host === hostname()) {
    // in a container every process may be number 1: our own number in a lock that is not ours is an earlier life's
    if (owner.pid === process.pid) return !mine.has(owner.id)
    if (!isAlive(owner.pid)) return true
  }
  return ageMs > staleMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner
    return typeof owner.pid === 'number' ? owner : undefined
  } catch {
    // half written
    return undefined
  }
}
