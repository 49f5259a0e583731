/**
 * Looks at the files that the configuration is made of every two seconds, and has it read again when one of them is another and
 * two looks agree: by then an editor has saved all of it. It looks by path, since events of the file system know nothing of a link
 * that leads elsewhere, as in Kubernetes, of network folders, nor of a file that comes back.
 */
import { unwatchFile, watchFile, type Stats } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { App } from '../app.ts'
import { lookAt, stateOf, type SeenFiles } from '../config/seen-files.ts'
import type { Reloader } from './reload.ts'

interface Watched {
  /** what each file was when it was last tried to read the configuration */
  seen: SeenFiles
  /** what each was that the running configuration is made of */
  loaded: SeenFiles
  /** `by`: what asks for it */
  reload(by: string): Promise<void>
  /** Keeps the running configuration, and reports why. */
  refuse(faults: string[]): void
  /** Something that changes nothing, but is not as it should be; undefined once all is well. */
  note(text: string | undefined): void
}

class ConfigWatch {
  readonly #watched: Watched
  readonly #lookMs: number
  readonly #listeners = new Map<string, (now: Stats) => void>()
  /** files that have no name any more, such as one that a container has mounted and its host has replaced */
  readonly #cutOff = new Set<string>()
  #settling = false
  /** a file has changed since the look began, which may have passed it by then */
  #isDue = false
  #stopped = false

  /** `lookMs`: between two looks; tests are in a hurry. */
  constructor(watched: Watched, lookMs = 2000) {
    this.#watched = watched
    this.#lookMs = lookMs
    this.follow()
  }

  /** Watches those files that there are after a reload. */
  follow(): void {
    const { seen } = this.#watched
    for (const [file, listener] of this.#listeners) {
      if (seen.has(file)) continue
      unwatchFile(file, listener)
      this.#listeners.delete(file)
    }
    for (const file of seen.keys()) if (!this.#listeners.has(file)) this.#watch(file)
    // one may have changed after it was read and before it was watched
    void this.#settle()
  }

  stop(): void {
    this.#stopped = true
    for (const [file, listener] of this.#listeners) unwatchFile(file, listener)
  }

  #watch(file: string): void {
    const listener = ({ nlink, ino }: Stats) => {
      // of a file that is not there all is 0
      if (nlink === 0 && ino !== 0) this.#cutOff.add(file)
      else this.#cutOff.delete(file)
      void this.#settle()
    }
    watchFile(file, { interval: this.#lookMs, persistent: false }, listener)
    this.#listeners.set(file, listener)
  }

  /** Looks until two looks agree. */
  async #settle(): Promise<void> {
    this.#isDue = true
    if (this.#settling) return
    this.#settling = true
    let before = ''
    for (;;) {
      this.#isDue = false
      const nows = await this.#look()
      if (this.#stopped) return
      const all = JSON.stringify([...nows])
      if (!this.#isDue && (all === before || this.#isSeen(nows))) {
        this.#settling = false
        this.#act(nows)
        return
      }
      before = all
      await wait(this.#lookMs, undefined, { ref: false })
    }
  }

  async #look(): Promise<SeenFiles> {
    const { seen, loaded } = this.#watched
    const nows: SeenFiles = new Map()
    for (const file of new Set([...seen.keys(), ...loaded.keys()])) {
      const now = await lookAt(file)
      if (now !== undefined) nows.set(file, now)
    }
    return nows
  }

  /** Whether nothing has changed since it was last tried to read it all. */
  #isSeen(nows: SeenFiles): boolean {
    const { seen } = this.#watched
    return [...nows].every(([file, now]) => !seen.has(file) || seen.get(file) === now)
  }

  #act(nows: SeenFiles): void {
    const { loaded } = this.#watched
    const lost = [...nows].filter(([file, now]) => isLost(loaded.get(file), now))
    if (lost.length > 0) this.#reportLost(lost)
    else if (this.#isSeen(nows)) this.#watched.note(this.#cutOffNote())
    else void this.#watched.reload('config_watch')
  }

  /**
   * What the running configuration is made of is no longer there: nobody takes keys of clients out by that. A file that is being
   * replaced is not there for a moment, and one in a folder that is mounted may be away for long.
   */
  #reportLost(lost: [file: string, now: string][]): void {
    const { seen } = this.#watched
    const unreadable = lost.filter(([, now]) => stateOf(now) === 'unreadable')
    const fresh = unreadable.filter(([file, now]) => seen.get(file) !== now)
    for (const [file, now] of fresh) seen.set(file, now)
    if (fresh.length > 0) {
      this.#watched.refuse(fresh.map(([file, now]) => `${file}: it cannot be read (${now})`))
    }
    if (unreadable.length > 0) return
    const changes = lost.map(([file, now]) => `${file} is ${stateOf(now)}`)
    this.#watched.note(`${changes.join(', ')}: the running configuration stays until it is back`)
  }

  #cutOffNote(): string | undefined {
    const [file] = this.#cutOff
    if (file === undefined) return undefined
    return `${file} was replaced where it is mounted from, which cannot be seen here: mount its folder, not the file, and start anew`
  }
}

/** Watches as long as the configuration wants it. */
export function watchConfig(
  app: Pick<App, 'config'>,
  reloader: Reloader,
  lookMs?: number,
): { stop(): void } {
  let watch: ConfigWatch | undefined
  const follow = () => {
    if (watch && app.config.config_watch) watch.follow()
    else if (app.config.config_watch) watch = new ConfigWatch(reloader, lookMs)
    else {
      watch?.stop()
      watch = undefined
    }
  }
  reloader.afterwards = follow
  follow()
  return {
    stop() {
      reloader.afterwards = () => undefined
      watch?.stop()
    },
  }
}

function isLost(before: string | undefined, now: string): boolean {
  return before !== undefined && stateOf(before) === 'full' && stateOf(now) !== 'full'
}
