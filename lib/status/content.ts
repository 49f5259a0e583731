/**
 * What an operator looks at, as `GET /status.json` tells it: how the proxy is, what was used and by whom, and what went wrong.
 * The page and `droid2api status` are made of it. Looking changes nothing, and no secret is in it.
 */
import type { App, Call } from '../app.ts'
import { endpointOf } from '../config/models.ts'
import type { Model, ModelType, Price } from '../config/types.ts'
import { keyPlace, setupBlocks, type SetupBlock } from '../setup/blocks.ts'
import type { KeyPlace } from '../setup/curl.ts'
import { accountsOf, type AccountShown } from './accounts.ts'
import { limitsOf, type LimitShown } from './client-limits.ts'
import { recentRequests, underWay, type RequestShown, type UnderWay } from './requests.ts'
import { inFlight, healthOf, uptime, type Health } from './health.ts'
import { usageOf, type UsageProblem, type UsageSummary } from './usage-summary.ts'

export interface StatusContent extends Health {
  version: string
  uptime_s: number
  /** when this was made, ISO; all other times are by the same clock */
  now: string
  /** such as that this is a demo */
  note?: string | undefined
  config: ConfigShown
  accounts: AccountShown[]
  /** whether some endpoint gets the keys that clients send */
  own_keys: boolean
  /** requests of any kind, without this one */
  in_flight: number
  /** those of them that ask a model, at most 100 */
  under_way: UnderWay[]
  recent: {
    /** at most so many; 0: none are kept */
    kept: number
    /** the newest first */
    requests: RequestShown[]
  }
  /** null: nothing is counted */
  usage: UsageSummary | UsageProblem | null
  models: ModelShown[]
  /** who has a key; empty where none is asked for */
  callers: CallerShown[]
  /** by which this was asked for */
  url: string
  /** what stands in lines to copy where a key belongs */
  key: KeyPlace
  /** lines to copy, for that address */
  setup: SetupBlock[]
}

export interface ConfigShown {
  file: string
  env_files: readonly string[]
  /** the first digits of the SHA-256 of the file that runs */
  hash: string
  /** since when it runs, ISO */
  loaded_at: string
  /** null before the first; where it is not `ok`, what ran before runs on */
  last_reload: { at: string; ok: boolean; faults: readonly string[] } | null
}

export interface ModelShown {
  id: string
  name: string
  type: ModelType
  endpoint: string
  /** which APIs serve it */
  clients: 'all'
  price?: Price | undefined
  fallback?: readonly string[] | undefined
}

/** Whoever has a client key, and what it opens. */
export interface CallerShown {
  name: string
  /** left out: all */
  models?: readonly string[] | undefined
  expires?: string | undefined
  enabled: boolean
  /** by the key of the configuration; empty where nothing limits it */
  limits: Record<string, LimitShown>
}

/** A page asks every few seconds; of more that are kept `GET /requests` tells. */
const mostShown = 200

/** `url`: where the proxy was asked, for lines to copy. */
export async function statusContent(call: Call, url: string): Promise<StatusContent> {
  const { app, config } = call
  const content: StatusContent = {
    ...healthOf(app, true),
    version: app.version,
    uptime_s: uptime(),
    now: new Date().toISOString(),
    note: app.accountNote,
    config: configShown(app),
    accounts: accountsOf(app),
    own_keys: ownKeysGo(app),
    in_flight: inFlight(app, call),
    under_way: underWay(app),
    recent: { kept: config.recent_requests, requests: recentRequests(app, mostShown) },
    usage: (await usageOf(app)) ?? null,
    models: config.models.map((model) => modelShown(model, endpointOf(config, model).name)),
    callers: await callersShown(app),
    url,
    key: keyPlace(config),
    setup: setupBlocks(config, url),
  }
  return redacted(content, app)
}

/** Without an account, what is the account's gets them, too. */
function ownKeysGo({ config: { endpoints }, account: { source } }: App): boolean {
  return endpoints.some(
    ({ auth }) => auth === 'client' || (auth === 'account' && source === 'none'),
  )
}

async function callersShown({ config, limits }: App): Promise<CallerShown[]> {
  const callers = config.prepared.clientKeys.map(({ caller }) => caller)
  await Promise.all(callers.map((caller) => limits.learn(caller)))
  return callers.map((caller) => {
    const { name, models, expires, enabled } = caller
    return { name, models, expires, enabled, limits: limitsOf(caller, limits) }
  })
}

function modelShown({ id, name, type, price, fallback }: Model, endpoint: string): ModelShown {
  return { id, name, type, endpoint, clients: 'all', price, fallback }
}

function configShown({ config, configState }: App): ConfigShown {
  const { file, hash, loadedAt, lastReload } = configState
  return {
    file,
    env_files: config.env_files,
    hash,
    loaded_at: new Date(loadedAt).toISOString(),
    last_reload: lastReload ? { ...lastReload, at: new Date(lastReload.at).toISOString() } : null,
  }
}

/** A copy without the secrets that an upstream may have echoed, and without members that are undefined. */
export function redacted<Shown>(shown: Shown, { redact }: Pick<App, 'redact'>): Shown {
  const text = JSON.stringify(shown, (_name, value: unknown) =>
    typeof value === 'string' ? redact(value) : value,
  )
  return JSON.parse(text) as Shown
}
