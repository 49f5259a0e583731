/**
 * Keeps the newest pair in the store, and reports where that fails: before a token is spent, while the pair is in memory alone,
 * and when it is saved after all.
 */
import type { Logger } from '../log/log.ts'
import type { TokenState } from './token-state.ts'
import { StoreError } from '../store/errors.ts'
import type { SaveTokens, Tokens, TokenStore } from './token-store.ts'

interface Parts {
  store: TokenStore
  startingPair: () => Promise<Tokens>
  /** what is known of the login from the start */
  notes: string[]
  state: TokenState
  log: Logger
  leaving: AbortSignal
}

/** What could not be saved is tried again after 1 s, 2 s, 4 s … */
const maxSavePauseMs = 15_000
/** Refresh tokens that are remembered as spent. */
const maxSpent = 20

export class LoginKeeper {
  readonly #parts: Parts
  /** last pair read or written by us; a different one means another process renewed */
  #inStore: Tokens | undefined
  readonly #spent: string[] = []
  #waiting: { pair: Tokens; why: string; tries: number } | undefined
  /** why a pair could not be saved */
  #lossNote: string | undefined
  #reported: readonly string[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Why the newest pair is in memory alone; undefined where it is saved. */
  get unsaved(): string | undefined {
    return this.#waiting?.why
  }

  /** ms until it is tried again; for ever where all is saved */
  get saveInMs(): number {
    if (!this.#waiting) return Number.POSITIVE_INFINITY
    return Math.min(1000 * 2 ** (this.#waiting.tries - 1), maxSavePauseMs)
  }

  get notes(): string[] {
    const { notes, store } = this.#parts
    return [...notes, ...store.notes, ...(this.#lossNote ? [this.#lossNote] : [])]
  }

  /** Takes over what the store holds where it is new to us. Returns the pair now in force. */
  async load(): Promise<Tokens> {
    const { store, startingPair, state } = this.#parts
    const stored = await store.read()
    if (stored && !this.#knows(stored)) {
      this.#inStore = stored
      this.#waiting = undefined
      state.use(stored)
    }
    if (!state.pair) state.use(await startingPair())
    return state.pair!
  }

  /** A pair that was spent here is not new, even if another process wrote it. */
  #knows(stored: Tokens): boolean {
    return (
      (this.#inStore !== undefined && isSame(stored, this.#inStore)) ||
      this.#spent.includes(stored.refresh)
    )
  }

  /** Warns at the start of what a renewal would lose, since after one it is too late. */
  async warnIfLost(): Promise<void> {
    const problem = await this.#storeProblem()
    this.#lossNote = problem && `${problem}; what is renewed is lost when this process ends`
    this.reportNotes()
  }

  /** No refresh token is spent for a pair that could not be saved, as long as the access token serves. Throws StoreError. */
  async spareToken(rejected: string | undefined): Promise<void> {
    const { usable } = this.#parts.state
    const problem = await this.#storeProblem()
    if (problem === undefined) this.#lossNote = undefined
    else if (usable !== undefined && usable !== rejected) throw new StoreError(problem)
  }

  /**
   * A store that cannot be written must not end the login: the pair then lives in memory, and that is reported once. `spent`: the
   * refresh token that it was renewed with.
   */
  async save(pair: Tokens, save: SaveTokens, spent?: string): Promise<Tokens> {
    const { store, log } = this.#parts
    if (spent !== undefined && spent !== pair.refresh) this.#spent.push(spent)
    this.#spent.splice(0, this.#spent.length - maxSpent)
    try {
      const kept = await save(pair)
      this.#inStore = kept
      if (this.#waiting) log.info({ store: store.place }, 'the renewed login is saved now')
      this.#waiting = undefined
      this.#lossNote = undefined
      return kept
    } catch (error) {
      const why = (error as Error).message
      if (this.#waiting?.why !== why) {
        log.error(
          { store: store.place, reason: why },
          'the renewed login cannot be saved; it is lost if this process ends before it can be',
        )
      }
      this.#waiting = { pair, why, tries: (this.#waiting?.tries ?? 0) + 1 }
      return pair
    }
  }

  /** What could not be saved is tried again. */
  async saveAgain(): Promise<void> {
    if (!this.#waiting) return
    await this.#parts.store.withTurn(async (save) => {
      await this.load().catch(() => undefined) // what cannot be read is overwritten
      if (this.#waiting) await this.save(this.#waiting.pair, save)
    }, this.#parts.leaving)
    this.reportNotes()
  }

  /** A line for each thing that is new, and one for each that is over. */
  reportNotes(): void {
    const { notes } = this
    const { log } = this.#parts
    for (const note of notes) if (!this.#reported.includes(note)) log.warn(note)
    for (const note of this.#reported) if (!notes.includes(note)) log.info({ note }, 'no longer so')
    this.#reported = notes
  }

  /** What could not be saved gets a last chance. */
  async close(): Promise<void> {
    await this.saveAgain().catch(() => undefined)
    await this.#parts.store.close()
  }

  async #storeProblem(): Promise<string | undefined> {
    return await this.#parts.store.probe().catch((error: unknown) => (error as Error).message)
  }
}

/** Some token servers leave the refresh token as it was. */
function isSame(one: Tokens, other: Tokens): boolean {
  return one.refresh === other.refresh && one.access === other.access
}
