/** The running configuration: checked, complete and frozen. Keys keep the names of `config.json`. */
import type { ModelType } from '../../pipelines/index.ts'
import type { Model as PipelineModel } from '../../pipelines/model.ts'

export type { ModelType } from '../../pipelines/index.ts'
export type { ReasoningLevel } from '../../pipelines/model.ts'

export type DefaultStream = true | false | 'auto'
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** An entry of `models`. */
export interface Model extends PipelineModel {
  name: string
  type: ModelType
  endpoint?: string
  provider?: string
  price?: Price
  /** ids of the models that serve in its place */
  fallback?: readonly string[]
}

/** `above`: the rates for requests with a longer input than so many tokens. */
export interface Price extends Rates {
  above?: readonly (Rates & { tokens: number })[]
}

/**
 * USD for a million tokens. Left out, what is read from a cache or written to one costs as much as other input, and what is kept
 * there for an hour as much as other writes.
 */
export interface Rates {
  input: number
  output: number
  cache_read?: number
  cache_write?: number
  cache_write_1h?: number
}

/**
 * `account`: the token of `lib/account`; `accounts`: of one of those that the endpoint names; `client`: the caller's own
 * credential; `none`: no credential; else a variable of the environment.
 */
export type EndpointAuth =
  | 'account'
  | 'accounts'
  | 'client'
  | 'none'
  | { env: string; header?: string }

/** An entry of `accounts`, complete: exactly one of `login`, `file` and `key` is there. */
export interface AccountEntry {
  name: string
  /** the refresh token that it began with */
  login?: string
  /** absolute */
  file?: string
  key?: string
  /** of the key */
  header?: string
  token_url: string
  client_id: string
  refresh_hours: number
  enabled: boolean
}

export type Choice = 'first' | 'sticky' | 'round-robin'

export interface Retry {
  wait_s: number
  attempts: number
}

export interface Endpoint {
  name: string
  type?: ModelType
  base_url: string
  auth: EndpointAuth
  headers: Record<string, string>
  system_prompt?: string
  /** in which form it takes the parameters of tools */
  schema?: 'json' | 'openapi'
  /** names, the preferred one first */
  accounts?: readonly string[]
  choose?: Choice
  preset?: string
  /** fills `{resource}` in the addresses of a preset */
  resource?: string
  /** of a preset: the `base_url` for each type of model that it serves */
  addresses?: Partial<Record<ModelType, string>>
}

/** An endpoint as the file has it: `auth` may be left out. */
export type GivenEndpoint = Omit<Endpoint, 'auth'> & { auth?: EndpointAuth }

/** The same before its preset is filled in, which may bring the `base_url`. */
export type BareEndpoint = Omit<GivenEndpoint, 'base_url'> & { base_url?: string }

export interface Timeouts {
  connect_s: number
  first_byte_s: number
  idle_s: number
  shutdown_s: number
}

export interface ReasoningMemoryLimits {
  enabled: boolean
  max_entries: number
  max_mb: number
  max_age_minutes: number
}

export interface UsageConfig {
  enabled: boolean
  flush_s: number
  keep_months: number
}

export interface AuthConfig {
  /** absolute; empty for none */
  file: string
  token_url: string
  client_id: string
  refresh_hours: number
}

export interface ConfigData {
  port: number
  host: string
  models: readonly Model[]
  endpoints: readonly Endpoint[]
  accounts: readonly AccountEntry[]
  retry: Retry
  model_redirects: Readonly<Record<string, string>>
  system_prompt: string
  default_stream: DefaultStream
  /** those without a name; in logs they are `key-1`, `key-2` … */
  api_keys: readonly string[]
  clients: readonly Caller[]
  /** of who may look, as it is or as `sha256:` and its hash */
  admin_key?: string
  /** model requests under way at once in this process; 0: any number */
  max_parallel: number
  /** how many of the last model requests are kept for the operator */
  recent_requests: number
  cors_origins: readonly string[]
  max_body_mb: number
  /** of the bodies of all requests together; left out: a quarter of the memory */
  max_bodies_mb?: number
  timeouts: Timeouts
  keep_alive_s: number
  reasoning_memory: ReasoningMemoryLimits
  usage: UsageConfig
  /** its files are looked at, and read again where they have changed */
  config_watch: boolean
  /** counts for `GET /metrics` */
  metrics: boolean
  auth: AuthConfig
  log_level: LogLevel
  dev_mode: boolean

  /** where the file part came from; absolute */
  file: string
  /** the first digits of the SHA-256 of its bytes */
  file_hash: string
  /** the `.env` files that were read; absolute */
  env_files: readonly string[]
  /** why a model of the file is not served, by id */
  unserved: Readonly<Record<string, string>>
  /** where state is kept; absolute */
  data_dir: string
  /** whether browsers get the page of `lib/page` */
  status_page: boolean
  /** the program's own folder, and the one it was started in; absolute */
  program_dir: string
  start_dir: string
  /** secrets of the environment, already read from their `*_FILE` form */
  secrets: {
    factory_api_key?: string
    droid_refresh_key?: string
    /** the address of a Redis server, which may hold a password */
    token_store?: string
  }
  /** what the references of the file stood for, where it may be a secret */
  file_secrets: readonly string[]
  /** credentials of endpoints with `auth.env`, by variable name */
  endpoint_secrets: Readonly<Record<string, string>>
}

/** Where the requests for a model go, by the form of the answer that they ask for. */
export interface Place {
  endpoint: Endpoint
  /** who pays, as usage names it */
  account: string
  /** there is a choice: several accounts, or models that stand in */
  isRouted: boolean
  /** what the operator puts in front of a request's own prompt; `""` for none */
  systemPrompt: string
  whole: Way
  stream: Way
}

/** The address of the calls, in full. */
export interface Way {
  /** not to be changed */
  url: URL
  address: Address
}

/** A URL taken apart, as requests want it. */
export interface Address {
  protocol: string
  /** with the port, where the URL names one */
  host: string
  /** an IPv6 address stands without brackets */
  hostname: string
  port: number
  /** with sub-path and query */
  path: string
}

/** Somebody with a key of their own: an entry of `clients`. Called so since a client is a program or an API (docs/glossary.md). */
export interface Caller {
  name: string
  /** as it is, or as `sha256:` and its hash */
  key: string
  /** ids of models, each with or without a `*` at its end; left out: all */
  models?: readonly string[]
  requests_per_minute?: number
  requests_per_day?: number
  tokens_per_minute?: number
  tokens_per_day?: number
  /** requests under way at once */
  parallel?: number
  /** the last day on which the key is taken, as `2027-01-31` */
  expires?: string
  enabled: boolean
}

/** A key that clients present: as it is, or its SHA-256. */
export interface ClientKey {
  bytes: Buffer
  isHash: boolean
  caller: Caller
}

export interface Config extends ConfigData {
  readonly prepared: Prepared
}

/** What each request looks up, made of the rest of the configuration when it is loaded. */
export interface Prepared {
  clientKeys: readonly ClientKey[]
  /** SHA-256 of the admin key, where there is one */
  adminKey: Buffer | undefined
  /** matches the origins of `cors_origins`, in small letters */
  origins: RegExp
  /** by id */
  models: ReadonlyMap<string, Model>
  /** by model */
  places: ReadonlyMap<Model, Place>
  /** bytes that the bodies of all requests may take together */
  bodyRoom: number
  /** of the aliases with a `*`, the longest first */
  patterns: readonly { matches: RegExp; id: string }[]
}
