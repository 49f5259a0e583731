/** What the whole process shares, and what one request carries through the program. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from './account/account.ts'
import type { BodyPace } from './body.ts'
import type { Config } from './config/types.ts'
import type { Dialect } from './errors.ts'
import type { Logger } from './log.ts'
import type { Redact } from './redact.ts'
import { CallRecord } from './request-log.ts'
import type { ReasoningMemory } from './translated/reasoning-memory.ts'
import { StopSignal } from './stop-signal.ts'
import type { Agents } from './upstream/agents.ts'

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
