/**
 * One exchange with an upstream, the same on both roads: a credential, an attempt, one repeat after a connection that
 * surely took nothing, one replay with a renewed token after 401.
 */
import { randomUUID } from 'node:crypto'
import type { Agent, IncomingMessage } from 'node:http'
import type { Call } from '../app.ts'
import { AttemptError, type Outgoing } from './attempt.ts'
import { accountCredential, credentialFor, type Credential } from './credential.ts'
import { drain } from './drain.ts'
import { requestHeaders } from './request-headers.ts'
import { shownTarget, type Target } from './target.ts'

/** Sends a request once, by one road's own means. Fails with AttemptError. */
export type Sender = (request: Outgoing) => Promise<IncomingMessage>

/**
 * What goes up, and what it needs of the headers. `pieces` are there until the upstream's answer has begun; who else holds
 * this object, such as the listeners of the request, does not hold them for as long as the answer goes on.
 */
export interface OutgoingBody {
  pieces: readonly Buffer[]
  /** which of the client's headers go along: see `requestHeaders` */
  pass: 'all' | 'chosen'
  headers: Record<string, string | undefined>
}

/**
 * The head of the upstream's answer, whatever its status; its body is still to be read.
 * Throws ProxyError 401, 502, 503 or 504.
 */
export async function exchange(
  call: Call,
  target: Target,
  body: OutgoingBody,
  send: Sender,
): Promise<IncomingMessage> {
  const attempt: Attempt = (credential, agent) =>
    send(outgoing(call, target, body, credential, agent))
  try {
    const credential = await credentialFor(call, target.endpoint)
    const answer = await attemptTwice(call, target, attempt, credential)
    if (answer.statusCode === 404) call.record.notFound = shownTarget(target)
    if (answer.statusCode !== 401 || credential?.accountToken === undefined) return answer

    const token = await renewed(call, answer, credential.accountToken)
    if (token === undefined) return answer
    drain(answer)
    return await lastAttempt(call, target, attempt, accountCredential(token))
  } finally {
    body.pieces = []
  }
}

function outgoing(
  call: Call,
  target: Target,
  body: OutgoingBody,
  credential: Credential | undefined,
  agent: Agent,
): Outgoing {
  return {
    address: target.address,
    headers: requestHeaders({
      client: call.headers,
      endpoint: target.endpoint,
      model: target.model,
      credential,
      pass: body.pass,
      extra: body.headers,
      newId: randomUUID,
      contentLength: lengthOf(body.pieces),
      host: target.address.host,
    }),
    body,
    agent,
    timeouts: call.config.timeouts,
    stop: call.stop,
  }
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

type Attempt = (credential: Credential | undefined, agent: Agent) => Promise<IncomingMessage>

function attemptTwice(
  call: Call,
  target: Target,
  attempt: Attempt,
  credential: Credential | undefined,
): Promise<IncomingMessage> {
  return attempt(credential, call.app.agents.for(target.url)).catch((error: unknown) => {
    if (!(error instanceof AttemptError)) throw error
    if (!error.safeToRepeat || call.stop.stopped) throw told(call, error)
    return lastAttempt(call, target, attempt, credential)
  })
}

/** On a connection of its own, which cannot be a dead one. */
async function lastAttempt(
  call: Call,
  { url }: Target,
  attempt: Attempt,
  credential: Credential | undefined,
): Promise<IncomingMessage> {
  try {
    return await attempt(credential, call.app.agents.fresh(url))
  } catch (error) {
    throw error instanceof AttemptError ? told(call, error) : error
  }
}

/** An attempt that we ended ourselves did not fail by the upstream's fault. */
function told(call: Call, { error }: AttemptError): Error {
  return call.stop.stopped ? call.stop.reason : error
}

async function renewed(
  call: Call,
  refused: IncomingMessage,
  token: string,
): Promise<string | undefined> {
  try {
    return await call.app.account.renew(token)
  } catch (error) {
    drain(refused)
    throw error
  }
}
