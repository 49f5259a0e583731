/**
 * The body of an upstream's answer, and its way through stages into the client's answer.
 *
 * - What arrives in one tick goes on as one piece: a burst of small events costs one write, and leaves in one packet. Nothing
 *   is delayed when they come one by one.
 * - Silence counts only while we wait for the upstream, never while a slow client holds it back.
 * - A body that breaks off ends with `cut` set: what came before still flows on in order, and the client learns the true end.
 *
 * It is no stream: it has one taker, and a Readable in between would cost each event a hop. Nor does `flow` use `pipeline` of
 * node:stream, which makes an AbortController, an error and some twenty listeners for each request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Call } from '../app.ts'
import { letGoBody } from '../http/body.ts'
import { ProxyError, truncatedAnswer } from '../../pipelines/errors.ts'
import type { UpstreamAnswer } from './attempt.ts'

/** How long an upstream may take to end an answer that is complete. */
const drainMs = 1000

/** Takes bytes; false asks for a pause until `resume` is called. */
type Take = (bytes: Buffer) => boolean

/** Sees what passes by. */
export interface Watcher {
  bytes(bytes: Buffer): void
  /** false: there is something missing, so that the body counts as cut, however it ended */
  end(): boolean
}

/** The body of the answer to a call; it breaks off when the call is cancelled. */
export function openAnswer({ stream }: UpstreamAnswer, call: Call): AnswerBody {
  const { config, signal } = call
  letGoBody(call)
  const body = new AnswerBody(stream, config.timeouts.idle_s * 1000)
  const forget = signal.onCancel(() => body.breakOff(signal.reason))
  // `on` here and below, for what comes once: `once` makes two objects of each
  stream.on('close', forget)
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
  /** undefined between ticks: a list kept here is promoted and pins its pieces until a full GC (`test/garbage.test.ts`) */
  #gathered: Buffer[] | undefined
  #idle: NodeJS.Timeout | undefined
  #paused = false
  #over = false

  /** `idleMs`: silence after which the upstream counts as dead. */
  constructor(response: IncomingMessage, idleMs: number) {
    this.#response = response
    this.#idleMs = idleMs
    response.once('error', (cause) => this.breakOff(truncatedAnswer(cause)))
    // An answer that ends with its connection is complete to Node, however the connection ended.
    const onSocketError = (cause: Error) => this.breakOff(truncatedAnswer(cause))
    const { socket } = response
    socket.once('error', onSocketError)
    response.on('close', () => {
      socket.off('error', onSocketError)
      if (!response.complete) this.breakOff(truncatedAnswer())
    })
  }

  /** Hands the bytes to `take` as they come; settles when the body has ended, whole or cut. To be called once. */
  pour(take: Take, watcher?: Watcher): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#take = take
    this.#watcher = watcher
    this.#watchSilence()
    this.#response.on('data', (piece: Buffer) => this.#gather(piece))
    this.#response.on('end', () => this.#end())
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

  /** Ends the body, and its connection, when the rest is of no use. */
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
      process.nextTick(flushBody, this)
    }
  }

  /** Public only for the shared callback below. */
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
    if (this.#watcher?.end() === false) this.cut ??= truncatedAnswer()
    this.#ended?.()
  }

  #watchSilence(): void {
    if (this.#over) return
    if (this.#idle) this.#idle.refresh()
    else this.#idle = setTimeout(() => this.breakOff(silence(this.#idleMs)), this.#idleMs)
  }
}

/** Shared, so that no tick makes a closure. */
function flushBody(body: AnswerBody): void {
  body.flush()
}

/**
 * Resolves when the last stage (or, without stages, the body) has ended and all of it is written. Does not end the sink, nor
 * wait for what the upstream still does. Rejects when a stage fails or the sink closes; the stages are then destroyed. Whether
 * the body was cut is in `body.cut`.
 */
export function flow(
  body: AnswerBody,
  stages: readonly Duplex[],
  sink: Writable,
  watcher?: Watcher,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const [first = sink] = stages
    const resume = () => (stages.at(-1) ?? body).resume()
    const settle = (settled: () => void) => {
      sink.off('drain', resume).off('close', leave)
      body.finish()
      settled()
    }
    const fail = (error: Error) => {
      body.discard()
      for (const stage of stages) stage.destroy()
      settle(() => reject(error))
    }
    const leave = () => fail(new Error('The client left in the middle of its answer.'))
    // What a stage throws would end the process: nothing stands above a socket's event. It fails this answer alone.
    const write = (to: Writable, piece: unknown): boolean => {
      try {
        return to.write(piece)
      } catch (error) {
        fail(error as Error)
        return true
      }
    }
    sink.on('drain', resume).on('close', leave)
    for (const [index, stage] of stages.entries()) {
      const previous = stages[index - 1] ?? body
      const next = stages[index + 1]
      stage.on('error', fail)
      stage.on('drain', () => previous.resume())
      stage.on('end', next ? () => next.end() : () => settle(resolve))
      const to = next ?? sink
      stage.on('data', (piece) => {
        if (!write(to, piece)) stage.pause()
      })
    }
    void body
      .pour((bytes) => write(first, bytes), watcher)
      .then(() => (first === sink ? settle(resolve) : first.end()))
  })
}

/** The same of what is there already, by one write. */
export function flowAtOnce(whole: unknown, stage: Duplex, sink: Writable): Promise<void> {
  const written = pipeline(stage, sink, { end: false })
  try {
    stage.end(whole)
  } catch (error) {
    stage.destroy(error as Error)
  }
  return written
}

/**
 * Node puts the head together of some thirty pieces and keeps it for as long as the answer goes on: written by itself, it
 * becomes one string. It leaves in one packet with the first piece all the same: held back is the socket, since from Node 24 on an
 * answer that is held back itself writes its parts one by one.
 */
export function sendHead(res: ServerResponse): void {
  const { socket } = res
  if (res.headersSent || !socket) return
  socket.cork()
  res.flushHeaders()
  process.nextTick(uncork, socket)
}

/** Shared, so that no answer makes a closure. */
function uncork(socket: Socket): void {
  socket.uncork()
}

/** Agents ask again because of its first words: pi and opencode of "timed out", Continue of "aborted". */
function silence(idleMs: number): ProxyError {
  return new ProxyError(
    504,
    'upstream_timeout',
    `Stream timed out and was aborted: the upstream sent nothing for ${idleMs / 1000} s in the middle of its answer. Retry, or raise timeouts.idle_s in config.json.`,
    { type: 'upstream_error' },
  )
}
