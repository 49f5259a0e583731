/**
 * One exchange with an upstream, the same on both roads: a credential, an attempt, one repeat after a connection that
 * surely took nothing, one replay with a renewed token after 401.
 */
import { randomUUID } from 'node:crypto'
import type { Call } from '../app.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { AttemptError, failureOf, type Outgoing, type UpstreamAnswer } from './attempt.ts'
import {
  accountCredential,
  chargedAccount,
  credentialFor,
  isOwnCredential,
  shownTarget,
  type Credential,
  type Target,
} from './target.ts'
import { requestHeaders } from './headers.ts'
import { drain } from './beginning.ts'
import { noRetry, retryHeader } from '../../pipelines/errors.ts'
import type { Wishes } from '../../pipelines/neutral/left-out.ts'
import type { Refusable, RefusablePast } from '../../pipelines/providers/refusable.ts'

/** Sends a request once, by one road's own means. Fails with AttemptError. */
export type Sender = (request: Outgoing) => Promise<UpstreamAnswer>

/**
 * What goes up, and what it needs of the headers. `pieces` is emptied when the answer begins, so that listeners that keep this
 * object do not keep the body for as long as the answer goes on (`test/let-go.test.ts`).
 */
export interface OutgoingBody {
  /** left out: POST */
  method?: Outgoing['method']
  pieces: readonly Buffer[]
  /** which of the client's headers go along: all, or those with such a beginning */
  pass: 'all' | readonly string[]
  headers: Record<string, string | undefined>
  /** what is asked for beside what the client wants: left out where the upstream refuses it, for a while at once */
  besides?: Refusable | undefined
  /** what the client sends with every request: left out where the upstream refuses it */
  past?: RefusablePast | undefined
  /** by which what was left out in the end is named */
  naming?: Naming | undefined
}

/** What the client asked for in the words of another API, and what of it the upstream refused, in the client's own. */
export interface Naming {
  wishes: Wishes
  leftOut: readonly string[]
}

/**
 * The upstream's answer, whatever its status; its body is still to be read.
 * Throws ProxyError 400, 401, 502, 503 or 504.
 */
export async function exchange(
  call: Call,
  target: Target,
  body: OutgoingBody,
  send: Sender,
): Promise<UpstreamAnswer> {
  try {
    const answer = await new Exchange(call, target, body, send).answer()
    const account = chargedAccount(call, target)
    if (account) call.app.limitHeaders.note(account, target.endpoint.name, answer.headers)
    return isRefusedSetup(call, target, answer) ? withoutRetry(answer) : answer
  } finally {
    body.pieces = []
  }
}

/** A credential of the operator's was refused, also after a renewal. */
function isRefusedSetup(call: Call, { endpoint }: Target, { status, headers }: UpstreamAnswer) {
  const isUntold = status === 401 && headers[retryHeader] === undefined
  return isUntold && isOwnCredential(call, endpoint)
}

/** Claude Code repeats a 401 for minutes, in case its own key is renewed; the SDKs heed this, too. */
function withoutRetry(answer: UpstreamAnswer): UpstreamAnswer {
  const { headers, raw } = answer
  return {
    ...answer,
    headers: { ...headers, ...noRetry },
    raw: [...raw, ...Object.entries(noRetry).flat()],
  }
}

class Exchange {
  readonly #call: Call
  readonly #target: Target
  readonly #body: OutgoingBody
  readonly #send: Sender

  constructor(call: Call, target: Target, body: OutgoingBody, send: Sender) {
    this.#call = call
    this.#target = target
    this.#body = body
    this.#send = send
  }

  async answer(): Promise<UpstreamAnswer> {
    const given = this.#body.pieces
    const answer = await this.#taken()
    const { naming, pieces } = this.#body
    // several places may have been asked
    if (naming) naming.leftOut = pieces === given ? nothing : await namesOf(naming, given, pieces)
    return answer
  }

  async #taken(): Promise<UpstreamAnswer> {
    const body = this.#body
    if (body.besides && this.#call.app.plainStreams.has(this.#target)) {
      body.pieces = body.besides.leaveOut(Buffer.concat(body.pieces), '') ?? body.pieces
      body.besides = undefined
    }
    const given = body.pieces
    if (body.past) this.#call.app.refusedPast?.leaveOut(this.#call, this.#target, body, body.past)
    const answer = await this.#lastAnswer()
    const mayAskAgain = [body.past, body.besides].some((part) =>
      part?.refusals.includes(answer.status),
    )
    if (!mayAskAgain) return answer
    const { askAgain } = await import('./ask-again.ts')
    const refused = { call: this.#call, target: this.#target, body, given, answer }
    return askAgain(refused, () => this.#lastAnswer())
  }

  async #lastAnswer(): Promise<UpstreamAnswer> {
    const credential = await credentialFor(this.#call, this.#target)
    const answer = await this.#attemptTwice(credential)
    if (answer.status === 404) this.#call.record.notFound = shownTarget(this.#target)
    if (answer.status !== 401 || credential?.accountToken === undefined) return answer
    if (!this.#mayRepeat) return answer

    const token = await this.#renewed(answer, credential.accountToken)
    if (token === undefined) return answer
    drain(answer.stream)
    return await this.#lastAttempt(accountCredential(token))
  }

  async #attemptTwice(credential: Credential | undefined): Promise<UpstreamAnswer> {
    try {
      return await this.#attempt(credential, 'kept')
    } catch (error) {
      const isRepeatable = error instanceof AttemptError && error.safeToRepeat
      if (!isRepeatable || !this.#mayRepeat || this.#call.signal.cancelled)
        throw this.#reportable(error)
      return await this.#lastAttempt(credential)
    }
  }

  /** On a connection of its own, which cannot be a dead one. */
  async #lastAttempt(credential: Credential | undefined): Promise<UpstreamAnswer> {
    try {
      return await this.#attempt(credential, 'fresh')
    } catch (error) {
      throw this.#reportable(error)
    }
  }

  get #mayRepeat(): boolean {
    const { trip } = this.#target
    return !trip || trip.sends < trip.mostSends
  }

  #attempt(credential: Credential | undefined, connection: Connection): Promise<UpstreamAnswer> {
    const { trip } = this.#target
    if (trip) trip.sends += 1
    const sent = this.#send(
      outgoingRequest(this.#call, this.#target, this.#body, { credential, connection }),
    )
    const { metrics } = this.#call.app
    return metrics ? this.#counted(sent, metrics) : sent
  }

  async #counted(sent: Promise<UpstreamAnswer>, metrics: Metrics): Promise<UpstreamAnswer> {
    const { record, signal } = this.#call
    const { name } = this.#target.endpoint
    try {
      const answer = await sent
      // the record of one that was given up may be told already
      if (signal.cancelled && answer.status < 400) metrics.attempted(name, 'left')
      else metrics.answered(record, name, answer.status)
      return answer
    } catch (error) {
      metrics.attempted(name, signal.cancelled ? 'left' : failureOf(error))
      throw error
    }
  }

  /** If we cancelled the attempt, our reason; else what the upstream did, as the error itself where there is a choice. */
  #reportable(error: unknown): unknown {
    if (!(error instanceof AttemptError)) return error
    const { signal } = this.#call
    if (signal.cancelled) return signal.reason
    return this.#target.trip ? error : error.error
  }

  /** A token in place of one that was refused; undefined where there is none. */
  async #renewed(refused: UpstreamAnswer, token: string): Promise<string | undefined> {
    try {
      return await (this.#target.trip?.account?.account ?? this.#call.app.account).renew(token)
    } catch (error) {
      drain(refused.stream)
      throw error
    }
  }
}

const nothing: readonly string[] = []

async function namesOf(
  { wishes }: Naming,
  given: readonly Buffer[],
  sent: readonly Buffer[],
): Promise<string[]> {
  const { leftOut } = await import('../../pipelines/neutral/left-out.ts')
  return leftOut(wishes, Buffer.concat(given), Buffer.concat(sent))
}

/** One that is kept for the next request, or one of the request's own. */
type Connection = 'kept' | 'fresh'

/** The request as it goes upstream, byte for byte: sending adds nothing. */
export function outgoingRequest(
  call: Call,
  { address, url, endpoint, model }: Target,
  body: OutgoingBody,
  { credential, connection }: { credential: Credential | undefined; connection: Connection },
): Outgoing {
  const { app, config, signal } = call
  const { pieces, pass, headers: extra } = body
  const headers = requestHeaders({
    client: call.headers,
    endpoint,
    model,
    credential,
    pass,
    extra,
    newId: randomUUID,
    contentLength: lengthOf(pieces),
    host: address.host,
  })
  // else Node would add its own
  headers.connection = connection === 'kept' ? 'keep-alive' : 'close'
  const agent = connection === 'kept' ? app.agents.for(url) : app.agents.fresh(url)
  return {
    method: body.method ?? 'POST',
    address,
    headers,
    body,
    agent,
    timeouts: config.timeouts,
    signal,
  }
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}
