/** What the whole process shares, and what one request carries through the program. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account, LimitHeaders } from './account/account.ts'
import type { AccountPool } from './account/pool.ts'
import type { SharedServer } from './store/shared-server.ts'
import type { Admin } from './admin.ts'
import { ProxyError } from '../pipelines/errors.ts'
import type { Client } from '../pipelines/index.ts'
import type { Caller, Config } from './config/types.ts'
import type { Admission, Limits } from './limits/limits.ts'
import type { Logger, Redact } from './log/log.ts'
import type { AnswerMemory, PastMemory, ReasoningMemory } from './memories.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Agents } from './network/agents.ts'
import type { PlainStreams } from './network/plain-streams.ts'
import type { Refusals } from './network/refusals.ts'
import type { Usage } from './usage/usage.ts'

/** Which configuration runs, and what became of the last try to replace it. */
export interface ConfigState {
  /** absolute */
  file: string
  /** the first digits of the SHA-256 of its bytes, as sha256sum prints them */
  hash: string
  /** since when it is the one that runs, in ms since the epoch */
  loadedAt: number
  /** of the file or of what it refers to; undefined before the first */
  lastReload: { at: number; ok: boolean; faults: readonly string[] } | undefined
  /** why what is on disk is not what runs, for `/health`; the faults are not in it */
  note: string | undefined
}

/** In: a configuration that runs from now on, and the try that brought it. */
export function configStateOf(
  { file, file_hash: hash }: Config,
  lastReload?: ConfigState['lastReload'],
): ConfigState {
  return { file, hash, loadedAt: Date.now(), lastReload, note: undefined }
}

export interface App {
  /** replaced as a whole by a reload; a request keeps the one it began with */
  config: Config
  configState: ConfigState
  /** replaced by a reload that brings another one */
  account: Account
  /** the accounts that have a name */
  readonly pool: AccountPool
  /** where replicas meet, for what requests ask of it */
  readonly shared: SharedServer | undefined
  /** endpoints that cannot be reached */
  readonly refusals: Refusals
  /** those that refuse to tell the tokens of streams */
  readonly plainStreams: PlainStreams
  /** from the first refusal of such a kind on */
  refusedPast: PastMemory | undefined
  readonly agents: Agents
  readonly reasoning: ReasoningMemory
  readonly answers: AnswerMemory
  readonly limits: Limits
  readonly usage: Usage
  /** where `metrics` is on */
  metrics: Metrics | undefined
  readonly admin: Admin
  readonly log: Logger
  readonly redact: Redact
  /** every secret known now that is long enough to look for */
  readonly secrets: () => string[]
  readonly version: string
  /** ms since the epoch */
  readonly startedAt: number
  /** requests under way, and the bytes of their bodies that are held */
  readonly calls: Set<Call>
  bodyBytes: number
  readonly recent: RecentCalls
  readonly limitHeaders: LimitHeaders
  /** shown at the start in place of the account's state, such as that this is a demo */
  readonly accountNote: string | undefined
  /** what the operator should know, shown at start and in `/health` */
  warnings: string[]
  shuttingDown: boolean
  /** how slowly the body of a request may come */
  bodyPace: BodyPace
}

/** One place that was asked: its endpoint, and the answer's status or why there was none. */
export interface Tried {
  endpoint: string
  /** where it has a name */
  account?: string | undefined
  result: number | 'unreached' | 'lost' | 'locked'
}

interface CallParts {
  app: App
  id: string
  method: string | undefined
  client: Client
  path: string
  query: string
  headers: IncomingMessage['headers']
  /** the route's name, for the log */
  route: string
  /** it asks a model */
  asks: boolean
}

/**
 * One request on its way. A class, because an object literal with a getter would keep everything that the request holds alive
 * until a full GC (`test/let-go.test.ts`).
 */
export class Call {
  readonly app: App
  readonly config: Config
  readonly id: string
  /** the API that it speaks; on routes of no API the one whose errors it gets */
  readonly client: Client
  /** path after normalisation, without the query */
  readonly path: string
  /** with its `?`, or empty */
  readonly query: string
  /** the client's headers as they came, whatever later becomes of `req.headers` */
  readonly headers: IncomingMessage['headers']
  /** cancels when the client leaves or when the drain is over */
  readonly signal = new CancelSignal()
  readonly record: CallRecord
  readonly asks: boolean
  /** each place that was asked, where there was a choice */
  tried: readonly Tried[] | undefined = undefined
  /** ms, monotonic, as is `firstByteMs` */
  readonly startedMs = performance.now()
  firstByteMs: number | undefined = undefined
  caller: Caller | undefined = undefined
  admission: Admission | undefined = undefined
  /** of its body, while that is held */
  bodyBytes = 0
  /** it may cost tokens, and it was let in */
  isCounted = false
  /** where the client may name its answer later: the end of the answer's id, and what takes the answer */
  kept: { tail: string; keep: (answer: object) => void } | undefined = undefined
  /** where a stream is wanted: the answer, which may have to begin before the upstream's does, and since when it is waited for */
  awaited: { res: ServerResponse; sinceMs: number } | undefined = undefined

  constructor({ app, id, method, client, path, query, headers, route, asks }: CallParts) {
    this.app = app
    this.config = app.config
    this.id = id
    this.client = client
    this.path = path
    this.query = query
    this.headers = headers
    this.record = new CallRecord(id, method, route)
    this.asks = asks
  }

  get log(): Logger {
    return this.app.log.child({ reqId: this.id })
  }
}

export type Endpoint = (
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
) => Promise<void> | void

/** How slowly a body may come. There is no limit to the whole: a thin line may take minutes for a long history. */
export interface BodyPace {
  /** ms between two reads */
  silenceMs: number
  /** ms over which `minBytes` have to come, by as many pieces as they like */
  windowMs: number
  minBytes: number
}

/** The log line of a request, in the order of its members; what stays undefined is left out. */
export class CallRecord {
  readonly reqId: string
  readonly method: string | undefined
  readonly route: string
  /** of the trace that the client counts the request to */
  traceId: string | undefined = undefined
  /** the name of whose key came along; where a key was needed and none was good, the address that it came from */
  client: string | undefined = undefined
  from: string | undefined = undefined
  model: string | undefined = undefined
  upstream: string | undefined = undefined
  /** where there was a choice: who served, for which model, and how often it was sent */
  account: string | undefined = undefined
  fallbackFrom: string | undefined = undefined
  attempts: number | undefined = undefined
  stream: boolean | undefined = undefined
  inputTokens: number | undefined = undefined
  outputTokens: number | undefined = undefined
  cachedTokens: number | undefined = undefined
  cacheWriteTokens: number | undefined = undefined
  cacheWrite1hTokens: number | undefined = undefined
  reasoningTokens: number | undefined = undefined
  /** the failure's code, for answers that broke off or were refused; beside it the system's, where no upstream was reached */
  error: string | undefined = undefined
  cause: string | undefined = undefined
  /** the endpoint and the address that answered 404: as often a wrong `base_url` as an unknown model */
  notFound: string | undefined = undefined
  status: number | undefined = undefined
  ttfbMs: number | undefined = undefined
  durationMs: number | undefined = undefined
  aborted: true | undefined = undefined

  constructor(reqId: string, method: string | undefined, route: string) {
    this.reqId = reqId
    this.method = method
    this.route = route
  }
}

/** A request that is over. */
export interface RecentCall {
  record: CallRecord
  tried: readonly Tried[] | undefined
  /** ms since the epoch */
  endedAt: number
}

/** Longer texts come only from those who mean to fill the memory. */
const longestText = 200

/** The last requests to models, `most` of them: what the log says of each, and what was tried. Nothing of what was asked or answered. */
export class RecentCalls {
  #calls: RecentCall[] = []
  /** the newest last */
  get all(): readonly RecentCall[] {
    return this.#calls
  }

  add({ record, tried }: Pick<RecentCall, 'record' | 'tried'>, most: number): void {
    if (record.error !== undefined || record.traceId !== undefined) cutTexts(record)
    this.#calls.push({ record, tried, endedAt: Date.now() })
    const strangers = isStrangers({ record }) ? this.#calls.filter(isStrangers) : []
    if (strangers.length > mostOfStrangers) {
      this.#calls.splice(this.#calls.indexOf(strangers[0]!), 1)
    }
    while (this.#calls.length > most) this.#calls.shift()
  }
}

/** Whoever tries doors sends thousands; so few show that it happens, and what a client with a wrong key got. */
const mostOfStrangers = 10
const strangersErrors = /^(?:invalid_api_key|(?:host|origin|forwarded)_not_allowed)$/

/** Nobody knows whose it was, and it was not let in: upstreams have such an error, too. */
function isStrangers({ record }: Pick<RecentCall, 'record'>): boolean {
  const { client, upstream, error = '' } = record
  return client === undefined && upstream === undefined && strangersErrors.test(error)
}

/** Only what a client or an upstream may have made up: names of the configuration stay whole. */
function cutTexts(record: CallRecord): void {
  for (const name of ['model', 'error', 'notFound', 'traceId'] as const) {
    const text = record[name]
    if (text !== undefined) record[name] = ownCopy(text, longestText)
  }
}

/** The beginning of a text, on its own: what V8 cuts out of a text keeps the whole of it alive. */
export function ownCopy(text: string, length: number): string {
  return Buffer.from(text.slice(0, length)).toString()
}

/** Cancels everything that works for a request: an AbortController with a typed reason, at 0.04 instead of 4 µs a request. */
export class CancelSignal {
  cancelled = false
  #reason: ProxyError | undefined
  #listeners: (() => void)[] | undefined

  /** The reason; undefined when the client left, since nobody reads it. */
  get reason(): ProxyError {
    return this.#reason ?? new ProxyError(499, 'client_closed', 'The client closed the connection.')
  }

  /** Cancels, once. */
  cancel(reason?: ProxyError): void {
    if (this.cancelled) return
    this.cancelled = true
    this.#reason = reason
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }

  /** Calls the listener when it cancels, at once if it has; returns what takes the listener out. */
  onCancel(listener: () => void): () => void {
    if (this.cancelled) {
      listener()
      return () => undefined
    }
    this.#listeners ??= []
    this.#listeners.push(listener)
    return () => (this.#listeners = this.#listeners?.filter((other) => other !== listener))
  }
}
