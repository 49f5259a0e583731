/** Where the account's pair of tokens is kept, and how processes that share it take turns. */

export interface Tokens {
  /** undefined before the first renewal of a bare refresh token */
  access: string | undefined
  refresh: string
  /** ms since the epoch; 0 where there is no access token */
  obtainedAt: number
  expiresAt: number
}

/** A store that cannot be used just now. The message says which one and why, and holds no secret. */
export class StoreError extends Error {}

/**
 * Keeps a pair. Gives the pair that then counts, which is another one where another process was sooner. Throws where it
 * cannot be kept; what was kept before is then untouched.
 */
export type SaveTokens = (pair: Tokens) => Promise<Tokens>

export interface TokenStore {
  /** what a log line calls it; never a secret */
  readonly place: string
  /** why it cannot be used just now, as far as that is known */
  readonly problem?: string | undefined
  /** `undefined` where no pair of this account is kept. Throws, with what to do, where that cannot be told. */
  read(): Promise<Tokens | undefined>
  /** Runs `work`, which renews the pair and saves it, while no other process does so. */
  withTurn<T>(work: (save: SaveTokens) => Promise<T>): Promise<T>
  close(): Promise<void>
}
