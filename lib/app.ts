/** What the whole process shares, and what one request carries through the program. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from './account/account.ts'
import { ProxyError, type Dialect } from '../pipelines/errors.ts'
import type { Config } from './config/types.ts'
import type { Logger, Redact } from './log/log.ts'
import type { ReasoningMemory } from './translated/reasoning-memory.ts'
import type { Agents } from './network/agents.ts'

export interface App {
  /** replaced as a whole by a reload; a request keeps the one it began with */
  config: Config
  readonly account: Account
  readonly agents: Agents
  /** of the translated road, for clients that drop reasoning */
  readonly reasoning: ReasoningMemory
  readonly log: Logger
  readonly redact: Redact
  /** every secret known now that is long enough to look for */
  readonly secrets: () => string[]
  readonly version: string
  /** ms since the epoch */
  readonly startedAt: number
  /** requests under way */
  readonly calls: Set<Call>
  /** how the start tells of the account where there is more to say than its state, such as that this is a demo */
  readonly accountNote: string | undefined
  /** what the operator should know, shown at start and in `/health` */
  warnings: string[]
  shuttingDown: boolean
  /** how slowly the body of a request may come */
  bodyPace: BodyPace
}

interface CallParts {
  app: App
  id: string
  method: string | undefined
  dialect: Dialect
  path: string
  query: string
  headers: IncomingMessage['headers']
  /** the route's name, for the log */
  route: string
}

/**
 * One request on its way. A class, since V8 would keep the getter of an object literal in a hidden class of its own for
 * each object, and with it, until the next full collection, everything that the request holds.
 */
export class Call {
  readonly app: App
  readonly config: Config
  readonly id: string
  readonly dialect: Dialect
  /** path after normalisation, without the query */
  readonly path: string
  /** with its `?`, or empty */
  readonly query: string
  /** the client's headers as they came, whatever later becomes of `req.headers` */
  readonly headers: IncomingMessage['headers']
  /** stops when the client leaves or when the drain is over */
  readonly stop = new StopSignal()
  readonly record: CallRecord
  /** ms, monotonic, as is `firstByteMs` */
  readonly startedMs = performance.now()
  firstByteMs: number | undefined = undefined

  constructor({ app, id, method, dialect, path, query, headers, route }: CallParts) {
    this.app = app
    this.config = app.config
    this.id = id
    this.dialect = dialect
    this.path = path
    this.query = query
    this.headers = headers
    this.record = new CallRecord(id, method, route)
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

/**
 * What the line says, in its order; what stays undefined is left out. A class with all of its fields, since one that grew by
 * and by would be copied as often.
 */
export class CallRecord {
  readonly reqId: string
  readonly method: string | undefined
  readonly route: string
  model: string | undefined = undefined
  upstream: string | undefined = undefined
  stream: boolean | undefined = undefined
  inputTokens: number | undefined = undefined
  outputTokens: number | undefined = undefined
  cachedTokens: number | undefined = undefined
  /** the failure's code, for answers that broke off or were refused */
  error: string | undefined = undefined
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

/** Tells everything that works for a request to stop. Far lighter than an AbortController, and typed in its reason. */
export class StopSignal {
  stopped = false
  #reason: ProxyError | undefined
  #listeners: (() => void)[] | undefined

  /** Why; without a reason given the client has left, and nobody reads it. */
  get reason(): ProxyError {
    return this.#reason ?? new ProxyError(499, 'client_closed', 'The client closed the connection.')
  }

  /** Stops, once. */
  stop(reason?: ProxyError): void {
    if (this.stopped) return
    this.stopped = true
    this.#reason = reason
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }

  /** Calls the listener when it stops, at once if it has; hands back what takes the listener out. */
  onStop(listener: () => void): () => void {
    if (this.stopped) {
      listener()
      return () => undefined
    }
    this.#listeners ??= []
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners?.filter((other) => other !== listener)
    }
  }
}
