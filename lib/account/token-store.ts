/** Where the account's pair of tokens is kept, and how processes that share it take turns. */

export interface Tokens {
  /** undefined before the first renewal of a bare refresh token */
  access: string | undefined
  refresh: string
  /** ms since the epoch; 0 where there is no access token */
  obtainedAt: number
  expiresAt: number
}

/**
 * Saves a pair. Returns the pair now in force; another process may have saved first. Throws where it cannot be saved; the
 * message says why.
 */
export type SaveTokens = (pair: Tokens) => Promise<Tokens>

export interface TokenStore {
  /** what a log line calls it; never a secret */
  readonly place: string
  /** why it cannot be used just now, as far as that is known */
  readonly problem?: string | undefined
  /** what the operator should know of it, although it can be used; a sentence each */
  readonly notes: readonly string[]
  /** `undefined` where no pair of this account is kept. Throws, with what to do, where that is unknown. */
  read(): Promise<Tokens | undefined>
  /** Why a pair could not be saved, tried without saving one; undefined where it could be. Makes nothing that stays. */
  probe(): Promise<string | undefined>
  /**
   * Runs `work`, which renews the pair and saves it, while no other process does so. Throws TurnError where the turn does
   * not come in time, or `leaving` ends the wait.
   */
  withTurn<T>(work: (save: SaveTokens) => Promise<T>, leaving: AbortSignal): Promise<T>
  close(): Promise<void>
}
