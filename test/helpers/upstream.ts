/**
 * A scripted real server in a provider's place. It answers as the test says and records what it was asked; assert on the
 * records afterwards, since an assertion that fails inside a handler fails nowhere.
 */
import { EventEmitter, once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

export {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  sse,
} from './provider-answers.ts'

/**
 * Bytes to write, or what to do next: `'hang-up'` destroys the socket once what was written has left, `'end'` ends the
 * answer, `'hang'` leaves it open for ever. After the last step the answer ends by itself.
 */
export type Step = string | Buffer | { waitMs: number } | { until: Promise<unknown> }

/** `silent` keeps the head of a stream back until its first bytes. */
export type Answer = { status?: number; headers?: Record<string, string | string[]> } & (
  | { body?: string | Buffer | object; sse?: undefined }
  | { sse: Step[]; silent?: boolean; body?: undefined }
)

export interface RecordedRequest {
  method: string
  /** path and query */
  url: string
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
  json(): unknown
}

export interface Reply {
  send(answer: Answer): Promise<void>
  /** for what no answer can say */
  res: ServerResponse
}

/** Answers by returning an answer or through `reply`. */
export type Script =
  | Answer[]
  | ((request: RecordedRequest, reply: Reply) => Answer | void | Promise<Answer | void>)

export interface Upstream {
  /** `http://127.0.0.1:PORT` */
  url: string
  /** in order of arrival, each with its whole body */
  requests: RecordedRequest[]
  /** connections ever opened */
  readonly sockets: number
  /** requests under way now */
  readonly open: number
  /** requests whose client left before the answer was complete */
  readonly closedEarly: number
  /** The first request that no earlier call has given, waiting for it if needed. */
  nextRequest(): Promise<RecordedRequest>
  /** Settles when the answer to `requests[index]` is over, in whatever way. */
  whenClosed(index: number): Promise<void>
  /** Closes the connections that no request is using, as a keep-alive limit does. */
  dropIdle(): void
}

/** Starts it on a free loopback port. It ends with the test, whatever is still open. */
export async function startUpstream(t: TestContext, script: Script): Promise<Upstream> {
  const upstream = new ScriptedUpstream(script)
  await upstream.listen()
  t.after(() => upstream.close())
  return upstream
}

class ScriptedUpstream implements Upstream {
  url = ''
  readonly requests: RecordedRequest[] = []
  sockets = 0
  open = 0
  closedEarly = 0
  readonly #script: Script
  readonly #server = createServer((req, res) => void this.#serve(req, res))
  readonly #closed: Promise<void>[] = []
  readonly #arrivals = new EventEmitter().setMaxListeners(0)
  #given = 0

  constructor(script: Script) {
    this.#script = script
  }

  async listen(): Promise<void> {
    this.#server.on('connection', () => (this.sockets += 1))
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('listens on no port')
    this.url = `http://127.0.0.1:${address.port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  dropIdle(): void {
    this.#server.closeIdleConnections()
  }

  nextRequest(): Promise<RecordedRequest> {
    this.#given += 1
    return this.#arrived(this.#given - 1)
  }

  async whenClosed(index: number): Promise<void> {
    await this.#arrived(index)
    await this.#closed[index]
  }

  async #arrived(index: number): Promise<RecordedRequest> {
    for (;;) {
      const request = this.requests[index]
      if (request) return request
      await once(this.#arrivals, 'request')
    }
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const closed = this.#watch(res)
    const body = await readWhole(req)
    if (!body) return
    const request = record(req, body)
    const index = this.requests.push(request) - 1
    this.#closed[index] = closed
    this.#arrivals.emit('request')
    try {
      await this.#answer(index, request, res)
    } catch (error) {
      fail(res, error)
    }
  }

  #watch(res: ServerResponse): Promise<void> {
    this.open += 1
    return new Promise((resolve) => {
      res.once('close', () => {
        this.open -= 1
        if (!res.writableFinished && !hungUp.has(res)) this.closedEarly += 1
        resolve()
      })
    })
  }

  async #answer(index: number, request: RecordedRequest, res: ServerResponse): Promise<void> {
    const script = this.#script
    const send = (answer: Answer) => play(res, answer)
    if (!Array.isArray(script)) {
      const answer = await script(request, { send, res })
      if (answer) await send(answer)
      return
    }
    const answer = script[index]
    if (!answer) throw new Error(`the script has no answer for request ${index + 1}`)
    await send(answer)
  }
}

function record(req: IncomingMessage, body: Buffer): RecordedRequest {
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    body,
    json: (): unknown => JSON.parse(body.toString()),
  }
}

/** Undefined when the client broke off. */
async function readWhole(req: IncomingMessage): Promise<Buffer | undefined> {
  try {
    return await buffer(req)
  } catch {
    // the count of clients that left tells of it
    return undefined
  }
}

async function play(res: ServerResponse, answer: Answer): Promise<void> {
  res.statusCode = answer.status ?? 200
  if (answer.sse) res.setHeader('content-type', 'text/event-stream; charset=utf-8')
  else if (isJson(answer.body)) res.setHeader('content-type', 'application/json')
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  if (answer.sse) await playSteps(res, answer.sse, answer.silent ?? false)
  else res.end(isJson(answer.body) ? JSON.stringify(answer.body) : answer.body)
}

function isJson(body: Answer['body']): body is object {
  return typeof body === 'object' && !Buffer.isBuffer(body)
}

async function playSteps(res: ServerResponse, steps: Step[], silent: boolean): Promise<void> {
  if (!silent) res.flushHeaders()
  const left = new Promise<'left'>((resolve) => {
    res.once('close', () => resolve('left'))
  })
  for (const step of steps) {
    if (step === 'hang') return
    if (step === 'end') break
    if (step === 'hang-up') return hangUp(res)
    if (res.destroyed || (await Promise.race([left, take(res, step)])) === 'left') return
  }
  res.end()
}

async function take(res: ServerResponse, step: Step): Promise<void> {
  if (typeof step === 'object' && 'waitMs' in step) await wait(step.waitMs)
  else if (typeof step === 'object' && 'until' in step) await step.until
  else await new Promise<void>((resolve) => res.write(step, () => resolve()))
}

const hungUp = new WeakSet<ServerResponse>()

/** Not a reset: that would take away what the client has received but not read yet. */
function hangUp(res: ServerResponse): void {
  hungUp.add(res)
  res.destroy()
}

function fail(res: ServerResponse, error: unknown): void {
  if (res.headersSent) return hangUp(res)
  res.writeHead(500, { 'content-type': 'text/plain' })
  res.end(`The scripted upstream failed: ${String(error)}`)
}
