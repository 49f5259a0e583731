/** Where the account's pair of tokens is kept, and how processes that share it take turns. */

export interface Tokens {
  /** undefined before the first renewal of a bare refresh token */
  access: string | undefined
  refresh: string
  /** ms since the epoch; 0 where there is no access token */
  obtainedAt: number
  expiresAt: number
}

/** Keeps a pair. Gives what the store holds then. Throws where it cannot be kept; what was kept before is then untouched. */
export type SaveTokens = (pair: Tokens) => Promise<Tokens>

export interface TokenStore {
  /** what a log line calls it; never a secret */
  readonly place: string
  /** `undefined` where no pair of this account is kept. Throws, with what to do, where that cannot be told. */
  read(): Promise<Tokens | undefined>
  /** Runs `work`, which renews the pair and saves it, while no other process does so. */
  withTurn<T>(work: (save: SaveTokens) => Promise<T>): Promise<T>
}
