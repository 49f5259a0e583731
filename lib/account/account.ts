/** The account whose token goes upstream: one interface for all kinds. */
import type { IncomingHttpHeaders } from 'node:http'
import { ProxyError, setupFault } from '../../pipelines/errors.ts'
import type { AccountEntry, Config } from '../config/types.ts'
import type { Logger } from '../log/log.ts'
import type { Agents } from '../network/agents.ts'
import { fileStore, hashOf, seedStore } from './file-store.ts'
import {
  findAccount,
  isRotating,
  lookedFor,
  oldLogins,
  type FoundLogin,
  type RotatingSource,
  type Source,
} from './source.ts'
import type { RedisServer } from '../store/redis-connection.ts'
import { RedisStore } from './redis-store.ts'
import { RotatingToken, type StartingPair } from './rotating-token.ts'
import { RefreshRefused } from './token-endpoint.ts'
import { readTokens, TokenFileError, type StoredTokens } from './token-file.ts'
import type { TokenStatus } from './token-state.ts'
import type { TokenStore } from './token-store.ts'

export type AccountSource = Source['kind']

export interface AccountStatus extends TokenStatus {
  source: AccountSource
}

export interface Account {
  readonly source: AccountSource
  /** The access token to send; undefined when there is no account. Waits for a due refresh. Throws ProxyError 400 or 503. */
  token(): Promise<string | undefined>
  /**
   * What `token` would give, and nothing is renewed: null where it would renew the login first. Throws ProxyError 400 or 503 where
   * that has just failed.
   */
  peek(): Promise<string | null | undefined>
  /**
   * After a 401 for `rejected`: the token to replay with, refreshed once for all who ask unless it has changed meanwhile;
   * undefined when it cannot be renewed (a fixed key, no account). Throws ProxyError 400 or 503.
   */
  renew(rejected: string): Promise<string | undefined>
  /** Somebody may have mended it: a renewal that failed is tried now. */
  tryAgain(): void
  status(): AccountStatus
  /** what the operator should know of it, a sentence each, for the start, `check` and `/health`; never a secret */
  notes(): string[]
  /** every secret known now, for redaction */
  secrets(): string[]
  /** what was looked for, where there is no account */
  lookedFor(): string[]
  /** where the tokens are kept; undefined where none are renewed */
  readonly store?: TokenStore
  /** Reads the source and begins to renew. Never fails for a bad account: that is a state. */
  start(): Promise<void>
  /** The process is about to end: stops waiting for other processes. */
  leave(): void
  stop(): Promise<void>
}

export interface AccountParts {
  config: Config
  log: Logger
  /** for the calls to the token server */
  agents: Agents
  /** where the pair is kept instead of in a file, with TOKEN_STORE */
  redis?: RedisServer | undefined
}

export function openAccount(parts: AccountParts): Account {
  const { source, notes } = findAccount(parts.config)
  const looked = lookedFor(parts.config)
  if (isRotating(source)) return rotatingAccount(source, parts, looked, notes)
  const key = source.kind === 'none' ? undefined : source.key
  return fixedAccount(source.kind, key, looked, { notes, log: parts.log })
}

/** One of the accounts that have a name, which is in the lines of `log`. */
export function openNamed(
  { name, login, file, key = '', ...own }: AccountEntry,
  parts: AccountParts,
): Account {
  const { token_url, client_id, refresh_hours } = own
  const { log } = parts
  if (login === undefined && file === undefined) {
    return fixedAccount('factory_api_key', key, [], { notes: [], log })
  }
  const auth = { ...parts.config.auth, token_url, client_id, refresh_hours }
  const config = { ...parts.config, auth }
  const source: RotatingSource =
    login === undefined
      ? { kind: 'auth_file', file: file! }
      : { kind: 'droid_refresh_key', folder: config.data_dir, seed: login, name }
  return rotatingAccount(source, { ...parts, config }, [], [])
}

function fixedAccount(
  source: AccountSource,
  key: string | undefined,
  looked: string[],
  { notes, log }: { notes: string[]; log: Logger },
): Account {
  const never = { expires_at: null, last_refresh: null, next_refresh: null, last_error: null }
  return {
    source,
    token: () => Promise.resolve(key),
    peek: () => Promise.resolve(key),
    renew: () => Promise.resolve(undefined),
    tryAgain: () => undefined,
    status: () => ({ source, state: 'ok', can_serve: key !== undefined, ...never }),
    notes: () => notes,
    secrets: () => (key === undefined ? [] : [key]),
    lookedFor: () => looked,
    start() {
      for (const note of notes) log.warn(note)
      return Promise.resolve()
    },
    leave: () => undefined,
    stop: () => Promise.resolve(),
  }
}

function rotatingAccount(
  source: RotatingSource,
  { config, log, agents, redis }: AccountParts,
  looked: string[],
  notes: string[],
): Account {
  const seed = source.kind === 'droid_refresh_key' ? source.seed : undefined
  const startingPair = remembered(() => firstPair(source))
  const store: TokenStore = redis
    ? new RedisStore({ server: redis, account: async () => accountOf(await startingPair()), log })
    : source.kind === 'droid_refresh_key'
      ? seedStore(source.folder, source.seed, source.name)
      : fileStore(source.file)
  // An old login has no name: it may be anybody's among several accounts.
  const isUnnamed = source.kind === 'droid_refresh_key' && source.name === undefined
  const others = () => (isUnnamed ? oldLogins(config) : [])
  const otherPairs = () => Promise.resolve(pairsOf(others()))
  const { auth } = config
  const token = new RotatingToken({ store, startingPair, otherPairs, notes, auth, log, agents })
  const serving = servingBy(token, () => hintOf(others()))
  return {
    source: source.kind,
    token: () => serving(token.current()),
    peek: () => serving(token.peek()),
    renew: (rejected) => serving(token.replace(rejected)),
    tryAgain: () => token.tryAgain(),
    status: () => ({ source: source.kind, ...token.status() }),
    notes: () => token.notes,
    secrets: () => [...token.secrets(), ...(seed === undefined ? [] : [seed])],
    lookedFor: () => looked,
    store,
    start: () => token.start(),
    leave: () => token.leave(),
    stop: () => token.stop(),
  }
}

/** What to begin with when no pair is stored. Throws when the file is gone or cannot be read. */
async function firstPair(source: RotatingSource): Promise<StoredTokens> {
  if (source.kind === 'droid_refresh_key') {
    return { access: undefined, refresh: source.seed, obtainedAt: 0, expiresAt: 0 }
  }
  const pair = (await readTokens(source.file)) ?? startOf(source)
  if (!pair) throw new Error(`${source.file} is gone`)
  return pair
}

function startOf(source: RotatingSource): StoredTokens | undefined {
  return source.kind === 'kept_login' ? source.start?.tokens : undefined
}

/** The key of a login in a store that holds several; the same with and without the variable that it began with. */
function accountOf({ refresh, seedHash }: StoredTokens): string {
  return seedHash ?? hashOf(refresh)
}

function pairsOf(logins: FoundLogin[]): StartingPair[] {
  return logins.flatMap(({ tokens, file, isTrusted }) =>
    tokens && isTrusted ? [{ pair: tokens, from: file }] : [],
  )
}

/** A login that is not used because anybody may have put it there. */
function hintOf(logins: FoundLogin[]): string {
  const other = logins.find(({ tokens, isTrusted }) => tokens && !isTrusted)
  return other ? ` A login lies in ${other.file}: move it to DATA_DIR if it is yours.` : ''
}

/** Asks until the first success, and returns that from then on. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: T | undefined
  return async () => (answer ??= await ask())
}

/** Only a new login mends these. */
const lasting = [RefreshRefused, TokenFileError]

/** A failure of the login becomes a 503, with the time to come back where that is known, or a 400 where only the operator mends it. */
function servingBy(
  login: RotatingToken,
  hint: () => string,
): <Token>(token: Promise<Token>) => Promise<Token> {
  return async (token) => {
    try {
      return await token
    } catch (error) {
      const { retryInMs } = login
      const reason = (error as Error).message.replace(/\.$/, '')
      const remedy =
        error instanceof RefreshRefused
          ? `Log in again, or set a new refresh token.${hint()}`
          : 'The proxy goes on trying; GET /health shows the state.'
      const message = `The account's login cannot be renewed: ${reason}. ${remedy}`
      if (lasting.some((kind) => error instanceof kind)) throw setupFault(message, error)
      throw new ProxyError(503, 'upstream_auth_unavailable', message, {
        cause: error,
        ...(retryInMs && { headers: { 'retry-after': String(Math.ceil(retryInMs / 1000)) } }),
      })
    }
  }
}

/** The headers of an answer that name limits. */
interface SeenHeaders {
  headers: IncomingHttpHeaders
  /** ms since the epoch */
  at: number
}

/** The newest headers that name an account's limits, by endpoint. They are kept as they came, and parsed when an operator looks. */
export class LimitHeaders {
  readonly #named = new WeakMap<object, Map<string, SeenHeaders>>()
  readonly #unnamed = new Map<string, Map<string, SeenHeaders>>()

  /** `account`: one that has a name, else how usage calls the credential. */
  note(account: object | string, endpoint: string, headers: IncomingHttpHeaders): void {
    if (!hasLimitHeaders(headers)) return
    const known = this.#of(account)
    const seen = known ?? new Map<string, SeenHeaders>()
    seen.set(endpoint, { headers, at: Date.now() })
    if (known) return
    if (typeof account === 'string') this.#unnamed.set(account, seen)
    else this.#named.set(account, seen)
  }

  of(account: object | string): SeenHeaders[] {
    return [...(this.#of(account)?.values() ?? [])]
  }

  #of(account: object | string): Map<string, SeenHeaders> | undefined {
    return typeof account === 'string' ? this.#unnamed.get(account) : this.#named.get(account)
  }
}

function hasLimitHeaders(headers: IncomingHttpHeaders): boolean {
  for (const name in headers) {
    if (name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-')) return true
  }
  return false
}
