/**
 * One attempt at an upstream, from the connection to the head of the answer: its time-outs, and what an error means.
 * Node gives one error for all of them ("socket hang up"), so each time-out leaves its own mark before it destroys the request.
 */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { CancelSignal } from '../app.ts'
import type { Address, Timeouts } from '../config/types.ts'
import { requestFor } from '../network/agents.ts'
import { ConnectTimeout } from '../network/dial.ts'
import { unreachableReason } from '../network/unreachable-reason.ts'
import { noRetry, ProxyError } from '../../pipelines/errors.ts'

/** A request that is ready to go. */
export interface Outgoing {
  method: 'POST' | 'GET' | 'DELETE'
  address: Address
  headers: Record<string, string>
  /** emptied once the answer has begun */
  body: { readonly pieces: readonly Buffer[] }
  agent: Agent
  timeouts: Timeouts
  signal: CancelSignal
}

/** The head of an upstream's answer, and its body, still unread. */
export interface UpstreamAnswer {
  status: number
  headers: IncomingHttpHeaders
  /** names and values alternating, as received */
  raw: readonly string[]
  isEventStream: boolean
  stream: IncomingMessage
}

/**
 * Sends a request by Node's own means; redirects are answers like any other. Fails with AttemptError. (The same-API road has a
 * sender of its own: `lib/same-api/proxy.ts`.)
 */
export function sendAttempt(outgoing: Outgoing): Promise<UpstreamAnswer> {
  const { method, address, body, agent } = outgoing
  const { hostname, port, path } = address
  const headers = listed(outgoing.headers)
  const request = requestFor(address)({ method, hostname, port, path, headers, agent })
  const answer = answerTo(request, outgoing)
  endWith(request, body)
  return answer
}

/**
 * Name and value in turn: a list is written at once, of an object Node would make a table that lives as long as the answer. Not by
 * flat(), which took 3 % of a small request (bench: "JSON 1 KB translated").
 */
function listed(headers: Outgoing['headers']): string[] {
  const list: string[] = []
  for (const name of Object.keys(headers)) list.push(name, headers[name]!)
  return list
}

/** Head and body leave together: a body of one piece, as a rule, in one packet. */
export function endWith(request: Writable, { pieces }: Outgoing['body']): void {
  request.cork()
  for (const piece of pieces.slice(0, -1)) request.write(piece)
  request.end(pieces.at(-1))
}

/** `safeToRepeat`: the upstream surely accepted nothing of the request. `neverSent`: there was no connection at all. */
export class AttemptError extends Error {
  readonly safeToRepeat: boolean
  readonly neverSent: boolean
  readonly error: ProxyError

  constructor(error: ProxyError, safeToRepeat: boolean, neverSent: boolean) {
    super(error.message, { cause: error })
    this.name = 'AttemptError'
    this.error = error
    this.safeToRepeat = safeToRepeat
    this.neverSent = neverSent
  }
}

/** What became of a request that has no answer, as it is counted. */
export function failureOf(error: unknown): 'connect' | 'timeout' | 'broken' {
  if (!(error instanceof AttemptError)) return 'broken'
  if (error.neverSent) return 'connect'
  return error.error.code === 'upstream_timeout' ? 'timeout' : 'broken'
}

/**
 * The answer to a request that is being sent. Fails with AttemptError: 504 `upstream_timeout` when connecting takes over
 * `connect_s` or the head over `first_byte_s`, else 502 `upstream_unreachable`. When `signal` cancels, the request is destroyed.
 */
export function answerTo(
  request: ClientRequest,
  { timeouts, signal }: Pick<Outgoing, 'timeouts' | 'signal'>,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    let timedOut: ProxyError | undefined
    const giveUp = (error: ProxyError) => {
      timedOut = error
      end()
    }
    const connection = watchConnection(request, timeouts.connect_s, giveUp)
    let firstByte: NodeJS.Timeout | undefined = setTimeout(
      () => giveUp(silent(timeouts.first_byte_s)),
      timeouts.first_byte_s * 1000,
    )
    let settled = false
    const forgetCancel = signal.onCancel(() => end())
    const settle = () => {
      settled = true
      connection.forget()
      clearTimeout(firstByte)
      // these listeners live as long as the answer
      firstByte = undefined
      forgetCancel()
    }
    // `on` here and below, for what comes once: `once` makes two objects of each
    request.on('response', (response) => {
      settle()
      resolve(begunAnswer(response))
    })
    const fail = (cause: NodeJS.ErrnoException) => {
      if (settled) return
      settle()
      if (cause instanceof ConnectTimeout) timedOut ??= noConnection(request, timeouts.connect_s)
      const error = timedOut ?? unreachable(request.host, cause)
      const isSafe = !timedOut && surelyNotAccepted(request, cause, connection)
      const neverSent = !request.reusedSocket && !connection.connected
      reject(new AttemptError(error, isSafe, neverSent))
    }
    request.on('error', fail)
    // Before there is a connection, Node would report the end of the request only once one has come about.
    const end = () => {
      request.destroy()
      if (!request.socket) fail(new Error('it was given up'))
    }
    // No request asks for another protocol; without this listener Node would not report such an answer.
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      fail(new Error('it switched protocols (HTTP 101)'))
    })
    request.on('close', () => {
      if (!settled) fail(new Error('it closed the connection without an answer'))
    })
  })
}

function begunAnswer(stream: IncomingMessage): UpstreamAnswer {
  const { statusCode = 502, headers, rawHeaders: raw } = stream
  return { status: statusCode, headers, raw, isEventStream: isEventStream(headers), stream }
}

/** Compares the media type alone: `text/event-stream; charset=utf-8` is one, too. The usual two need no cutting. */
function isEventStream(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'] ?? ''
  if (type === 'text/event-stream') return true
  if (type === 'application/json') return false
  return type.split(';', 1)[0]!.trim().toLowerCase() === 'text/event-stream'
}

interface Connection {
  readonly connected: boolean
  /** stops waiting for it */
  forget(): void
}

/** A new connection has `connectS` seconds to be made. */
function watchConnection(
  request: ClientRequest,
  connectS: number,
  giveUp: (error: ProxyError) => void,
): Connection {
  const begunMs = performance.now()
  let timer: NodeJS.Timeout | undefined
  const connection = { connected: false, forget: () => clearTimeout(timer) }
  const watch = (socket: Socket) => {
    const secure = 'encrypted' in socket
    if (request.reusedSocket || !(socket.connecting || secure)) {
      connection.connected = true
      return
    }
    // A new connection has been waited for by whoever made it (agents.ts); what is left is for TLS.
    const leftMs = connectS * 1000 - (performance.now() - begunMs)
    timer = setTimeout(() => giveUp(noConnection(request, connectS)), leftMs)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      connection.connected = true
      clearTimeout(timer)
    })
  }
  if (request.socket) watch(request.socket)
  else request.on('socket', watch)
  return connection
}

/** A kept-alive connection that the upstream had already closed, or one that never came about. */
function surelyNotAccepted(
  request: ClientRequest,
  cause: NodeJS.ErrnoException,
  { connected }: Connection,
): boolean {
  if (request.reusedSocket) return cause.code === 'ECONNRESET' || cause.code === 'EPIPE'
  return !connected && (cause.code === 'ECONNRESET' || cause.code === 'ECONNREFUSED')
}

/** The error for a client when the upstream could not be reached. */
export function unreachable(host: string, cause: NodeJS.ErrnoException): ProxyError {
  const { why, remedy = checkAddress, isLasting } = unreachableReason(cause)
  return new ProxyError(
    502,
    'upstream_unreachable',
    `Could not reach the upstream ${host}: ${why}. ${remedy}`,
    {
      cause,
      type: 'upstream_error',
      ...(isLasting && { headers: noRetry }),
    },
  )
}

const checkAddress = "Check the endpoint's base_url and your network, then retry."

function noConnection(request: ClientRequest, seconds: number): ProxyError {
  return timeout(
    `No connection to the upstream ${request.host} within ${seconds} s. Retry, or raise timeouts.connect_s in config.json.`,
  )
}

function silent(seconds: number): ProxyError {
  return timeout(
    `The upstream did not begin to answer within ${seconds} s. Retry, or raise timeouts.first_byte_s in config.json.`,
  )
}

function timeout(message: string): ProxyError {
  return new ProxyError(504, 'upstream_timeout', message, { type: 'upstream_error' })
}
