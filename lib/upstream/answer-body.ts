/**
 * The body of an upstream's answer on its way to whoever takes its bytes. It knows why it ended.
 *
 * - Pieces that arrive in one tick leave as one: providers send each event as its own HTTP chunk, and Node emits one `data`
 *   for each even when they came in one packet. Nothing is delayed when they come one by one.
 * - Silence is counted only while we wait for the upstream, never while a slow client holds it back.
 * - A body that breaks off ends with `cut` set: what came before still flows on in order, and the end can be told truthfully.
 *
 * It is no stream: it has one taker, and a Readable in between costs each event a hop.
 */
import type { IncomingMessage } from 'node:http'
import type { Call } from '../app.ts'
import { ProxyError } from '../../pipelines/errors.ts'

/** How long an upstream may take to end an answer that is complete. */
const drainMs = 1000

/** Takes bytes; false asks for a pause until `resume` is called. */
type Take = (bytes: Buffer) => boolean

/** Sees what passes by. */
interface Watcher {
  bytes(bytes: Buffer): void
  /** false: there is something missing, so that the body counts as cut, however it ended */
  end(): boolean
}

/** The body of the answer to a call; it breaks off when the call is stopped. */
export function openAnswer(answer: IncomingMessage, call: Call): AnswerBody {
  const body = new AnswerBody(answer, call.config.timeouts.idle_s * 1000)
  const forget = call.stop.onStop(() => body.breakOff(call.stop.reason))
  answer.once('close', forget)
  return body
}

export class AnswerBody {
  /** why the body broke off; undefined for a whole one */
  cut: ProxyError | undefined
  readonly #response: IncomingMessage
  readonly #idleMs: number
  #take: Take | undefined
  #watcher: Watcher | undefined
  #ended: (() => void) | undefined
  /** the pieces of this tick; between two ticks there is no list, see `sseEvents` */
  #gathered: Buffer[] | undefined
  #idle: NodeJS.Timeout | undefined
  #paused = false
  #over = false

  /** `idleMs`: silence after which the upstream counts as dead. */
  constructor(response: IncomingMessage, idleMs: number) {
    this.#response = response
    this.#idleMs = idleMs
    response.once('error', (cause) => this.breakOff(truncated(cause)))
    // An answer that ends with its connection is complete to Node, however the connection ended.
    const onSocketError = (cause: Error) => this.breakOff(truncated(cause))
    const { socket } = response
    socket.once('error', onSocketError)
    response.once('close', () => {
      socket.off('error', onSocketError)
      if (!response.complete) this.breakOff(truncated())
    })
  }

  /** To be called before `pour`. */
  watch(watcher: Watcher): void {
    this.#watcher = watcher
  }

  /** Hands the bytes to `take` as they come; settles when the body has ended, whole or cut. To be called once. */
  pour(take: Take): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#take = take
    this.#watchSilence()
    this.#response.on('data', (piece: Buffer) => this.#gather(piece))
    this.#response.once('end', () => this.#end())
    return new Promise((resolve) => (this.#ended = resolve))
  }

  /** Goes on after a pause that `take` asked for. */
  resume(): void {
    if (!this.#paused || this.#over) return
    this.#paused = false
    this.#watchSilence()
    this.#response.resume()
  }

  /** Ends the body before its end. The first reason counts. */
  breakOff(reason: ProxyError): void {
    if (this.#over) return
    this.cut = reason
    this.#end()
    this.#response.destroy()
  }

  /** Ends the body whole: the answer is complete, whatever the upstream still does. */
  finish(): void {
    if (this.#over) return
    this.#gathered = undefined
    this.#end()
    // As a rule only the end is still to come; read to it, the connection can be used again.
    const response = this.#response.resume()
    const patience = setTimeout(() => response.destroy(), drainMs)
    response.once('close', () => clearTimeout(patience))
  }

  /** Ends the body where nobody can use the rest of it; the upstream hears of it at once. */
  discard(): void {
    if (this.#over) return
    this.#gathered = undefined
    this.#end()
    this.#response.destroy()
  }

  #gather(piece: Buffer): void {
    if (this.#over) return
    if (this.#gathered) this.#gathered.push(piece)
    else {
      this.#gathered = [piece]
      process.nextTick(flush, this)
    }
  }

  /** Not private for `flush` alone. */
  flush(): void {
    const pieces = this.#gathered
    if (!pieces) return
    this.#gathered = undefined
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    this.#watcher?.bytes(bytes)
    if (this.#take!(bytes)) this.#watchSilence()
    else this.#pause()
  }

  #pause(): void {
    if (this.#over) return
    this.#paused = true
    clearTimeout(this.#idle)
    this.#idle = undefined
    this.#response.pause()
  }

  #end(): void {
    if (this.#over) return
    this.flush()
    this.#over = true
    clearTimeout(this.#idle)
    if (this.#watcher?.end() === false) this.cut ??= truncated()
    this.#ended?.()
  }

  #watchSilence(): void {
    if (this.#over) return
    if (this.#idle) this.#idle.refresh()
    else this.#idle = setTimeout(() => this.breakOff(silence(this.#idleMs)), this.#idleMs)
  }
}

/** One function for all, since a closure for each piece would be work for nothing. */
function flush(body: AnswerBody): void {
  body.flush()
}

function truncated(cause?: unknown): ProxyError {
  return new ProxyError(
    502,
    'upstream_truncated',
    'The upstream closed the stream before the answer was complete.',
    { cause, type: 'upstream_error' },
  )
}

function silence(idleMs: number): ProxyError {
  return new ProxyError(
    504,
    'upstream_timeout',
    `The upstream sent nothing for ${idleMs / 1000} s in the middle of its answer. Retry, or raise timeouts.idle_s in config.json.`,
    { type: 'upstream_error' },
  )
}
