/**
 * One exchange with an upstream, the same on both roads: a credential, an attempt, one repeat after a connection that
 * surely took nothing, one replay with a renewed token after 401.
 */
import type { IncomingMessage } from 'node:http'
import { stopReason, type Call } from '../app.ts'
import type { Endpoint } from '../config/types.ts'
import { AttemptError } from './attempt.ts'
import { accountCredential, credentialFor, type Credential } from './credential.ts'

/** Sends the request once. Fails with AttemptError. */
export type Attempt = (credential: Credential) => Promise<IncomingMessage>

/**
 * The head of the upstream's answer, whatever its status; its body is still to be read.
 * Throws ProxyError 502, 503 or 504.
 */
export async function exchange(
  call: Call,
  endpoint: Endpoint,
  attempt: Attempt,
): Promise<IncomingMessage> {
  const credential = await credentialFor(call, endpoint)
  const answer = await attemptTwice(call, attempt, credential)
  if (answer.statusCode !== 401 || credential.accountToken === undefined) return answer

  const token = await renewed(call, answer, credential.accountToken)
  if (token === undefined) return answer
  answer.resume()
  return await attemptTwice(call, attempt, accountCredential(token))
}

async function attemptTwice(
  call: Call,
  attempt: Attempt,
  credential: Credential,
): Promise<IncomingMessage> {
  try {
    return await attempt(credential)
  } catch (error) {
    if (!(error instanceof AttemptError)) throw error
    if (!error.safeToRepeat || call.stop.signal.aborted) throw told(call, error)
  }
  try {
    return await attempt(credential)
  } catch (error) {
    throw error instanceof AttemptError ? told(call, error) : error
  }
}

/** An attempt that we ended ourselves did not fail by the upstream's fault. */
function told(call: Call, { error }: AttemptError): Error {
  return call.stop.signal.aborted ? stopReason(call.stop.signal) : error
}

async function renewed(
  call: Call,
  refused: IncomingMessage,
  token: string,
): Promise<string | undefined> {
  try {
    return await call.app.account.renew(token)
  } catch (error) {
    refused.resume()
    throw error
  }
}
