/** Puts the parts together: configuration, log, account, agents. */
import type { DestinationStream } from 'pino'
import { openAccount } from '../account/account.ts'
import type { RedisServer } from '../account/redis-connection.ts'
import type { App } from '../app.ts'
import { storeSecrets } from '../config/store-address.ts'
import type { Config } from '../config/types.ts'
import { isLoopback } from '../guard/browser.ts'
import { openLog } from '../log.ts'
import { knownSecrets, redactor } from '../redact.ts'
import { ReasoningMemory } from '../translated/reasoning-memory.ts'
import { createAgents } from '../upstream/agents.ts'
import type { OutboundProxy } from '../upstream/outbound-proxy.ts'

export interface AppParts {
  config: Config
  version: string
  /** what loading the configuration had to say */
  warnings: string[]
  accountNote?: string
  /** the way out, where the environment names one */
  proxy?: OutboundProxy | undefined
  /** where the account's tokens are kept, where TOKEN_STORE names a server */
  redis?: RedisServer | undefined
  /** where the log goes; stdout unless told */
  destination?: DestinationStream
}

export interface BuiltApp {
  app: App
  /** the last that is done before the process ends: what is logged goes out, as far as somebody reads it */
  endLog(): Promise<void>
}

/** Builds everything a server needs; nothing is started yet. */
export function buildApp(parts: AppParts): BuiltApp {
  const { config, version, warnings, accountNote, proxy, redis, destination } = parts
  // asked for each log line and each answer: what cannot change is taken apart once
  const lasting = [...(proxy?.secrets ?? []), ...storeSecrets(config.secrets.token_store ?? '')]
  const secrets = () =>
    knownSecrets([
      ...app.account.secrets(),
      ...app.config.api_keys,
      ...Object.values(app.config.endpoint_secrets),
      ...lasting,
    ])
  const redact = redactor(secrets)
  const { log, end } = openLog({
    level: config.log_level,
    readable: config.dev_mode && process.stdout.isTTY,
    redact,
    ...(destination && { destination }),
  })
  const agents = createAgents(proxy)
  const app: App = {
    config,
    account: openAccount({ config, log, agents, redis }),
    agents,
    reasoning: new ReasoningMemory(),
    log,
    redact,
    secrets,
    version,
    startedAt: Date.now(),
    calls: new Set(),
    accountNote,
    warnings: [],
    shuttingDown: false,
  }
  app.warnings = [...warnings, ...exposureWarnings(app)]
  return { app, endLog: end }
}

/** Anyone who reaches an open port spends the account. */
function exposureWarnings({ config, account }: App): string[] {
  const spendable =
    account.source !== 'none' || config.endpoints.some(({ auth }) => typeof auth === 'object')
  if (isLoopback(config.host) || config.api_keys.length > 0 || !spendable) return []
  return [
    `listening on ${config.host} without api_keys: whoever reaches this port can spend the account. Set API_KEYS, or listen on 127.0.0.1.`,
  ]
}
