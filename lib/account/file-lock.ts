/**
 * Turns between processes that share one file: a lock file beside it, made with O_EXCL and named after its owner. A lock
 * whose owner is gone is broken by renaming it away, which only one of several breakers can do. What is no lock of ours is
 * never touched: other programs leave folders, links and files of this very name.
 */
import { randomUUID } from 'node:crypto'
import { rename, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { look, nameOf, type Owner, type Seen } from './lock-owner.ts'
import { TurnError } from './token-store.ts'

/** Longer than any holder works; the age at which even a lock of another machine counts as left behind. */
const staleMs = 30_000
/** A lock is not broken for its age before it has been watched this long: clocks differ, and a name comes before its content. */
const watchMs = 1_000
/** Nobody waits longer. */
const patienceMs = 10_000
/** For a lock of another program that was not touched for longer than any of them leaves theirs alone. */
const shortPatienceMs = 2_000
const foreignStaleMs = 90_000
/** Between looks: at first soon, then seldom. */
const firstPauseMs = 20
const maxPauseMs = 250

export interface LockOptions {
  /** ends the wait */
  leaving: AbortSignal
  /** told of another program's lock that was left behind, and of `undefined` once it is gone */
  say: (note: string | undefined) => void
}

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

/** Gives the id of the lock; undefined where the work has to go on without. */
async function acquire(lock: string, { leaving, say }: LockOptions): Promise<string | undefined> {
  const owner: Owner = { pid: process.pid, host: hostname(), id: randomUUID() }
  const watch = new Watch()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, maxPauseMs)) {
    const made = await make(lock, owner)
    if (made !== 'taken') {
      leftBehind.delete(lock)
      say(undefined)
      return made === 'made' ? owner.id : undefined
    }
    const seen = await look(lock)
    watch.sees(seen)
    if (seen && leftBehind.get(lock) === seen.identity) return undefined
    if (seen && isStale(seen, watch.unchangedMs)) await breakLock(lock, seen)
    else if (watch.totalMs > patienceFor(seen)) return giveUp(lock, watch, say)
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

/** A program that lives gives signs of it: it touches its lock, or replaces it. */
function giveUp(lock: string, { last, hasChanged }: Watch, say: LockOptions['say']): undefined {
  if (!last || last.owner || hasChanged) {
    throw new TurnError(
      `${lock} is held by ${nameOf(last)}; waited for it for ${patienceMs / 1000} s`,
    )
  }
  leftBehind.set(lock, last.identity)
  say(
    `${lock} (${last.kind}) is another program's lock that was left behind: the login is renewed without it. Delete it if no program uses it.`,
  )
  return undefined
}

/** Whether its owner is gone. A file that says nothing was made by a process that died between two calls. */
function isStale({ owner, ageMs, isEmpty }: Seen, watchedMs: number): boolean {
  if (!owner) return isEmpty && watchedMs > watchMs
  if (owner.host === hostname()) {
    // in a container every process may be number 1: our own number in a lock that is not ours is an earlier life's
    if (owner.pid === process.pid) return !mine.has(owner.id)
    if (!isAlive(owner.pid)) return true
  }
  return ageMs > staleMs && watchedMs > watchMs
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
    // between the look and the rename the lock had been broken and taken anew: its owner gets it back
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
