/**
 * The body of an upstream's answer as a Readable that knows why it ended.
 *
 * - Pieces that arrive in one tick leave as one: providers send each event as its own HTTP chunk, and Node emits one `data`
 *   for each even when they came in one packet. Nothing is delayed when they come one by one.
 * - Silence is counted only while we wait for the upstream, never while a slow client holds it back.
 * - A body that breaks off either fails this stream (`onCut: 'fail'`: the client's connection must break, too) or ends it
 *   with `cut` set (`onCut: 'end'`: what came before still flows on in order, and the end can be told truthfully).
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Call } from '../app.ts'
import { ProxyError } from '../errors.ts'

/** How long an upstream may take to end an answer that is complete. */
const drainMs = 1000

interface AnswerBodyOptions {
  /** silence after which the upstream counts as dead */
  idleMs: number
  onCut: OnCut
}

type OnCut = 'fail' | 'end'

/** The body of the answer to a call; it breaks off when the call is stopped. */
export function openAnswer(answer: IncomingMessage, call: Call, onCut: OnCut): AnswerBody {
  const body = new AnswerBody(answer, { idleMs: call.config.timeouts.idle_s * 1000, onCut })
  body.once(
    'close',
    call.stop.onStop(() => body.breakOff(call.stop.reason)),
  )
  return body
}

export class AnswerBody extends Readable {
  /** why the body broke off; undefined for a whole one */
  cut: ProxyError | undefined
  readonly #response: IncomingMessage
  readonly #options: AnswerBodyOptions
  #gathered: Buffer[] = []
  #idle: NodeJS.Timeout | undefined
  #waiting = false
  #over = false

  constructor(response: IncomingMessage, options: AnswerBodyOptions) {
    super()
    this.#response = response
    this.#options = options
    response.on('data', (piece: Buffer) => this.#gather(piece))
    response.once('end', () => this.#end())
    response.once('error', (cause) => this.breakOff(truncated(cause)))
    // An answer that ends with its connection is complete to Node, however the connection ended.
    const onSocketError = (cause: Error) => this.breakOff(truncated(cause))
    const { socket } = response
    socket.once('error', onSocketError)
    this.once('close', () => socket.off('error', onSocketError))
    response.once('close', () => {
      if (!response.complete) this.breakOff(truncated())
    })
    response.pause()
  }

  /** Ends the body before its end. The first reason counts. */
  breakOff(reason: ProxyError): void {
    if (this.#over || this.destroyed) return
    this.#flush()
    this.cut = reason
    this.#over = true
    clearTimeout(this.#idle)
    this.#response.destroy()
    if (this.#options.onCut === 'fail') this.destroy(reason)
    else this.push(null)
  }

  /** Ends the body whole: the answer is complete, whatever the upstream still does. */
  finish(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#idle)
    this.push(null)
    // As a rule only the end is still to come; read to it, the connection can be used again.
    const response = this.#response.resume()
    const patience = setTimeout(() => response.destroy(), drainMs)
    response.once('close', () => clearTimeout(patience))
  }

  override _read(): void {
    this.#waiting = true
    this.#watchSilence()
    this.#response.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle)
    if (!this.#over) this.#response.destroy()
    this.#over = true
    done(error)
  }

  #gather(piece: Buffer): void {
    this.#gathered.push(piece)
    if (this.#gathered.length === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    if (this.#gathered.length === 0 || this.#over) return
    const pieces = this.#gathered
    this.#gathered = []
    if (this.push(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))) this.#watchSilence()
    else this.#rest()
  }

  #rest(): void {
    this.#waiting = false
    clearTimeout(this.#idle)
    this.#idle = undefined
    this.#response.pause()
  }

  #end(): void {
    clearTimeout(this.#idle)
    if (this.#over) return
    this.#flush()
    this.#over = true
    this.push(null)
  }

  #watchSilence(): void {
    if (this.#over || !this.#waiting) return
    if (this.#idle) this.#idle.refresh()
    else {
      const { idleMs } = this.#options
      this.#idle = setTimeout(() => this.breakOff(silence(idleMs)), idleMs)
    }
  }
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
