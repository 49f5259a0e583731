/** Puts the parts together: configuration, log, account, agents. */
import path from 'node:path'
import type { DestinationStream } from 'pino'
import { openAccount, openNamed, LimitHeaders, type Account } from '../account/account.ts'
import { AccountPool } from '../account/pool.ts'
import type { RedisServer } from '../store/redis-connection.ts'
import { SharedRests } from '../account/shared-rests.ts'
import { SharedServer } from '../store/shared-server.ts'
import { Admin } from '../admin.ts'
import { configStateOf, RecentCalls, type App } from '../app.ts'
import { bodyPace } from '../http/body.ts'
import { loopback } from '../config/callers.ts'
import { keyHeaderOf, usesAccount } from '../config/endpoint-auth.ts'
import { storeSecrets } from '../config/store-address.ts'
import type { AccountEntry, Config, LogLevel } from '../config/types.ts'
import { KnownSecrets, openLog, redactor, type Logger, type Redact } from '../log/log.ts'
import { Limits } from '../limits/limits.ts'
import { SharedCounts } from '../limits/shared-counts.ts'
import { BoundedMemory } from '../translated/memory.ts'
import { createAgents } from '../network/agents.ts'
import { PlainStreams } from '../network/plain-streams.ts'
import { Refusals } from '../network/refusals.ts'
import type { OutboundProxy } from '../network/outbound-proxy.ts'
import { showsColors } from './colors.ts'
import { UsageFolder } from '../usage/folder.ts'
import { RedisUsage } from '../usage/redis.ts'
import { Usage, type UsageStore } from '../usage/usage.ts'

export interface AppParts {
  config: Config
  version: string
  /** of loading the configuration */
  warnings: string[]
  accountNote?: string
  /** the way out, where the environment names one */
  proxy?: OutboundProxy | undefined
  /** where the account's tokens are kept, where TOKEN_STORE names a server */
  redis?: RedisServer | undefined
  /** where the log goes; stdout unless given */
  destination?: DestinationStream
}

export interface BuiltApp {
  app: App
  /** the account without a name, for another configuration */
  openAccount: (config: Config) => Account
  /** What the operator should know of the configuration that runs. In: the warnings of loading it. */
  warningsOf: (loading: string[]) => string[]
  setLogLevel: (level: LogLevel) => void
  /** the last step before the process ends: writes what is logged, as far as somebody reads it */
  endLog(): Promise<void>
}

/** Builds everything a server needs; nothing is started yet. */
export function buildApp(parts: AppParts): BuiltApp {
  const { config, version, warnings, accountNote, proxy, redis, destination } = parts
  const lasting = [...(proxy?.secrets ?? []), ...storeSecrets(config.secrets.token_store ?? '')]
  const secrets = new KnownSecrets(lasting)
  const redact = redactor(secrets.list)
  const { log, end } = logOf(config, redact, destination)
  const logs = new AccountLogs(log)
  const agents = createAgents({ proxy, connectS: () => app.config.timeouts.connect_s })
  const open = (of: Config) => openAccount({ config: of, log, agents, redis })
  const openOne = (entry: AccountEntry) =>
    openNamed(entry, { config, log: logs.of(entry.name), agents, redis })
  const store = usageStore(config, redis, () => app.config.usage.keep_months)
  const shared = redis && new SharedServer(redis)
  const rests = shared && new SharedRests(shared, log)
  const app: App = {
    config,
    configState: configStateOf(config),
    account: open(config),
    pool: new AccountPool({ log, rests, open: openOne }, config),
    shared,
    refusals: new Refusals(),
    plainStreams: new PlainStreams(log),
    refusedPast: undefined,
    agents,
    reasoning: new BoundedMemory(),
    answers: new BoundedMemory(),
    limits: new Limits(shared && new SharedCounts(shared, log)),
    admin: new Admin(log),
    usage: new Usage({ store, log, config: () => app.config }),
    metrics: undefined,
    log,
    redact,
    secrets: secrets.list,
    version,
    startedAt: Date.now(),
    calls: new Set(),
    recent: new RecentCalls(),
    limitHeaders: new LimitHeaders(),
    accountNote,
    warnings: [],
    shuttingDown: false,
    bodyBytes: 0,
    bodyPace,
  }
  secrets.watch(app)
  const warningsOf = (loading: string[]) => [...loading, ...exposureWarnings(app)]
  app.warnings = warningsOf(warnings)
  return {
    app,
    openAccount: open,
    warningsOf,
    setLogLevel: (level) => logs.setLevel(level),
    endLog: end,
  }
}

function logOf(
  { log_level: level }: Config,
  redact: Redact,
  destination: AppParts['destination'],
): ReturnType<typeof openLog> {
  return openLog({
    level,
    readable: process.stdout.isTTY,
    hasColors: showsColors(process.env),
    redact,
    ...(destination && { destination }),
  })
}

/** The log, and those of accounts, which last: a child of pino's keeps the level that its parent had. */
class AccountLogs {
  readonly #log: Logger
  readonly #named = new Map<string, Logger>()

  constructor(log: Logger) {
    this.#log = log
  }

  of(account: string): Logger {
    const log = this.#named.get(account) ?? this.#log.child({ account })
    this.#named.set(account, log)
    return log
  }

  setLevel(level: LogLevel): void {
    for (const log of [this.#log, ...this.#named.values()]) log.level = level
  }
}

/** Where usage is kept: with TOKEN_STORE in one place for all replicas. */
export function usageStore(
  config: Config,
  redis: RedisServer | undefined,
  keepMonths: () => number,
): UsageStore {
  if (redis) return new RedisUsage(redis, keepMonths)
  return new UsageFolder(path.join(config.data_dir, 'usage'), Date.now)
}

/** Anyone who reaches an open port spends the account. */
function exposureWarnings({ config, account }: App): string[] {
  const spendsAccount = account.source !== 'none' && usesAccount(config)
  const spendsKeys = config.endpoints.some(
    (endpoint) =>
      typeof endpoint.auth === 'object' ||
      endpoint.auth === 'accounts' ||
      keyHeaderOf(endpoint) !== undefined,
  )
  if (loopback.test(config.host) || config.prepared.clientKeys.length > 0) return []
  if (!spendsAccount && !spendsKeys) return []
  const what = spendsAccount
    ? 'anybody who reaches this port can use the account'
    : 'anybody who reaches this port can use your keys'
  return [
    `listening on ${config.host} without api_keys: ${what}. Set API_KEYS, or listen on 127.0.0.1.`,
  ]
}
