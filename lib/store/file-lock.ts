/**
 * Turns between processes that share one file: a lock file beside it, made with O_EXCL and named after its owner. A lock
 * whose owner is gone is broken by renaming it away, which only one of several breakers can do. Folders, links and files of
 * other programs that have this very name are never touched.
 */
import { randomUUID } from 'node:crypto'
import { lstat, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { bootId } from './boot-id.ts'
import { TurnError } from './errors.ts'
import { objectFrom } from '../../pipelines/json/value.ts'

/** Longer than any holder works; the age at which even a lock of another machine counts as left behind. */
const staleMs = 30_000
/** A lock is not broken for its age before it has been watched this long: clocks differ, and a name comes before its content. */
const watchMs = 1_000
/** The longest wait. */
const patienceMs = 10_000
/** The wait for another program's lock that was not touched for `foreignStaleMs`; live programs touch theirs sooner. */
const shortPatienceMs = 2_000
const foreignStaleMs = 90_000
/** Between looks: at first soon, then seldom. */
const firstPauseMs = 20
const maxPauseMs = 250

export interface LockOptions {
  /** ends the wait */
  leaving: AbortSignal
  /** gets a note on another program's lock that was left behind, and `undefined` once it is gone */
  note: (text: string | undefined) => void
}

/** Ids of the locks that this process holds. */
const mine = new Set<string>()
/** Locks of other programs that did not change while they were waited for, by path: they are not waited for again. */
const leftBehind = new Map<string, string>()

/**
 * Runs `work` while no other process does so for the same file. Where no lock can be made (read-only folder) or another
 * program has left its own behind it runs without. Throws TurnError, which names the lock, where it is held for too long.
 */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions,
): Promise<T> {
  const lock = `${file}.lock`
  const id = await acquire(lock, options)
  try {
    return await work()
  } finally {
    if (id) {
      mine.delete(id)
      await unlink(lock).catch(() => undefined)
    }
  }
}

/** Returns the id of the lock; undefined if the work has to go on without a lock. */
async function acquire(lock: string, { leaving, note }: LockOptions): Promise<string | undefined> {
  const boot = bootId()
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    id: randomUUID(),
    ...(boot !== undefined && { boot, up_s: uptime() }),
  }
  const watch = new Watch()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, maxPauseMs)) {
    const made = await make(lock, owner)
    if (made !== 'taken') {
      leftBehind.delete(lock)
      note(undefined)
      return made === 'made' ? owner.id : undefined
    }
    const seen = await look(lock)
    watch.sees(seen)
    if (seen && leftBehind.get(lock) === seen.identity) return undefined
    if (seen && isStale(seen, watch.unchangedMs)) await breakLock(lock, seen)
    else if (watch.totalMs > patienceFor(seen)) return giveUp(lock, watch, note)
    await pause(pauseMs, lock, leaving)
  }
}

async function make(lock: string, owner: Owner): Promise<'made' | 'taken' | 'impossible'> {
  try {
    await writeFile(lock, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
    mine.add(owner.id)
    return 'made'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'taken' : 'impossible'
  }
}

async function pause(ms: number, lock: string, leaving: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal: leaving })
  } catch {
    throw new TurnError(`the proxy is being stopped; it waited for ${lock}`)
  }
}

/** What was seen of a lock, and for how long it has stayed as it is; by a clock that cannot be set. */
class Watch {
  last: Seen | undefined
  /** whether it was another lock at the beginning */
  hasChanged = false
  readonly #since = performance.now()
  #changedAt = this.#since

  get totalMs(): number {
    return performance.now() - this.#since
  }

  get unchangedMs(): number {
    return performance.now() - this.#changedAt
  }

  sees(seen: Seen | undefined): void {
    if (seen?.identity !== this.last?.identity) {
      this.hasChanged ||= this.last !== undefined
      this.#changedAt = performance.now()
    }
    this.last = seen
  }
}

function patienceFor(seen: Seen | undefined): number {
  return seen && !seen.owner && seen.ageMs > foreignStaleMs ? shortPatienceMs : patienceMs
}

/** A live program touches its lock or replaces it. */
function giveUp(lock: string, { last, hasChanged }: Watch, note: LockOptions['note']): undefined {
  if (!last || last.owner || hasChanged) {
    throw new TurnError(
      `${lock} is held by ${nameOf(last)}; waited for it for ${patienceMs / 1000} s`,
    )
  }
  leftBehind.set(lock, last.identity)
  note(
    `${lock} (${last.kind}) is another program's lock that was left behind: the login is renewed without it. Delete it if no program uses it.`,
  )
  return undefined
}

/** Whether its owner is gone. An empty file was made by a process that died between two calls. */
function isStale({ owner, ageMs, isEmpty }: Seen, watchedMs: number): boolean {
  if (!owner) return isEmpty && watchedMs > watchMs
  if (owner.host === hostname()) {
    // of a number that a process had before the machine started, another may have it now
    if (isOtherBoot(owner)) return true
    // in a container every process may be number 1: our own number in another's lock is of an earlier process
    if (owner.pid === process.pid) return !mine.has(owner.id)
    if (!isAlive(owner.pid)) return true
  }
  return ageMs > staleMs && watchedMs > watchMs
}

/** A container may have a start of its own under the id of its machine's: then a lock of its last life was made in the future. */
function isOtherBoot({ boot, up_s = 0 }: Owner): boolean {
  const own = bootId()
  if (boot === undefined || own === undefined) return false
  return boot !== own || up_s > uptime() + 1
}

/**
 * How old a lock is. One of this machine tells by the time since it started, which nobody sets: where a network sets the clock
 * right by years, a lock that was just made would look left behind.
 */
function ageOf(owner: Owner | undefined, mtimeMs: number): number {
  const isHere = owner?.host === hostname() && owner.boot !== undefined && !isOtherBoot(owner)
  if (isHere && owner.up_s !== undefined) return (uptime() - owner.up_s) * 1000
  return Date.now() - mtimeMs
}

async function breakLock(lock: string, seen: Seen): Promise<void> {
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
  } catch {
    // somebody else was faster
    return
  }
  const moved = await look(aside)
  if (moved?.owner && moved.owner.id !== seen.owner?.id) {
    // another process broke the lock and took it before our rename: its owner gets it back
    await rename(aside, lock).catch(() => undefined)
    return
  }
  await unlink(aside).catch(() => undefined)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface Owner {
  pid: number
  host: string
  id: string
  /** of the machine's start, where the system has one */
  boot?: string
  /** seconds from there until the lock was made */
  up_s?: number
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

/** What lies where the lock should be; undefined for nothing. Something that cannot be read counts as another program's. */
async function look(lock: string): Promise<Seen | undefined> {
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
      ageMs: ageOf(owner, mtimeMs),
    }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return { identity: code, owner: undefined, kind: code, isEmpty: false, ageMs: 0 }
  }
}

/** Who holds it, for a message. */
function nameOf(seen: Seen | undefined): string {
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
  const { pid, host, id, boot, up_s } = objectFrom(text) ?? {}
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof id !== 'string')
    return undefined
  const isTimed = typeof boot === 'string' && typeof up_s === 'number'
  return { pid, host, id, ...(isTimed && { boot, up_s }) }
}
