/** The account whose token goes upstream: which kind it is, and the one face all kinds show. */
import { ProxyError } from '../errors.ts'
import type { Config } from '../config/types.ts'
import type { Logger } from '../log.ts'
import type { Agents } from '../upstream/agents.ts'
import { fileStore } from './file-store.ts'
import type { RedisServer } from './redis-connection.ts'
import { RedisStore } from './redis-store.ts'
import { RotatingToken } from './rotating-token.ts'
import { findSource, lookedFor, type RotatingSource, type Source } from './source.ts'
import { readTokens } from './token-file.ts'
import type { TokenStatus } from './token-state.ts'
import type { Tokens, TokenStore } from './token-store.ts'

export type AccountSource = Source['kind']

export interface AccountStatus extends TokenStatus {
  source: AccountSource
}

export interface Account {
  readonly source: AccountSource
  /** The access token to send; undefined when there is no account. Waits for a due refresh. Throws ProxyError 503. */
  token(): Promise<string | undefined>
  /**
   * After a 401 for `rejected`: the token to replay with, refreshed once for all who ask unless it has changed meanwhile;
   * undefined when it cannot be renewed (a fixed key, no account). Throws ProxyError 503.
   */
  renew(rejected: string): Promise<string | undefined>
  status(): AccountStatus
  /** every secret known now, for redaction */
  secrets(): string[]
  /** what was looked for, where there is no account */
  lookedFor(): string[]
  /** where the tokens are kept; undefined where none are renewed */
  readonly store?: TokenStore
  /** Reads the source and begins to renew. Never fails for a bad account: that is a state. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface AccountParts {
  config: Config
  log: Logger
  /** for the calls to the token server */
  agents: Agents
  /** where the pair is kept instead of in a file, where TOKEN_STORE says so */
  redis?: RedisServer | undefined
}

export function openAccount(parts: AccountParts): Account {
  const { config } = parts
  const source = findSource(config)
  const looked = lookedFor(config)
  if (source.kind === 'none') return fixedAccount('none', undefined, looked)
  if (source.kind === 'factory_api_key') return fixedAccount(source.kind, source.key, looked)
  return rotatingAccount(source, parts, looked)
}

function fixedAccount(source: AccountSource, key: string | undefined, looked: string[]): Account {
  const never = { expires_at: null, last_refresh: null, next_refresh: null, last_error: null }
  return {
    source,
    token: () => Promise.resolve(key),
    renew: () => Promise.resolve(undefined),
    status: () => ({ source, state: 'ok', ...never }),
    secrets: () => (key === undefined ? [] : [key]),
    lookedFor: () => looked,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
}

function rotatingAccount(
  source: RotatingSource,
  { config, log, agents, redis }: AccountParts,
  looked: string[],
): Account {
  const seed = source.kind === 'droid_refresh_key' ? source.seed : undefined
  const startingPair = remembered(() => firstPair(source))
  const store: TokenStore = redis
    ? new RedisStore({ server: redis, seed: async () => (await startingPair()).refresh, log })
    : fileStore(source.file, seed)
  const token = new RotatingToken({ store, startingPair, auth: config.auth, log, agents })
  return {
    source: source.kind,
    token: () => serving(token.current()),
    renew: (rejected) => serving(token.replace(rejected)),
    status: () => ({ source: source.kind, ...token.status() }),
    secrets: () => [...token.secrets(), ...(seed === undefined ? [] : [seed])],
    lookedFor: () => looked,
    store,
    start: () => token.start(),
    stop: () => token.stop(),
  }
}

/** What to begin with where no pair is stored. Throws where that was all there was, or cannot be read. */
async function firstPair(source: RotatingSource): Promise<Tokens> {
  if (source.kind === 'droid_refresh_key') {
    return { access: undefined, refresh: source.seed, obtainedAt: 0, expiresAt: 0 }
  }
  const pair = await readTokens(source.file)
  if (!pair) throw new Error(`${source.file} is gone`)
  return pair
}

/** The first success counts from then on. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: T | undefined
  return async () => (answer ??= await ask())
}

async function serving(token: Promise<string>): Promise<string> {
  try {
    return await token
  } catch (error) {
    throw new ProxyError(
      503,
      'upstream_auth_unavailable',
      `The account's login cannot be renewed: ${(error as Error).message.replace(/\.$/, '')}. The proxy goes on trying; GET /health shows the state.`,
      { cause: error },
    )
  }
}
