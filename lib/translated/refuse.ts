/** An upstream's refusal: its HTTP error, as our own. */
import type { IncomingMessage } from 'node:http'
import type { Call } from '../app.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { isOwnCredential } from '../upstream/credential.ts'
import { shownTarget, type Target } from '../upstream/target.ts'
import { readBeginning } from './read-answer.ts'
import { refusalFrom } from '../../pipelines/providers/failure.ts'

/** An error body is a page at most, and there at once; of more than this only the beginning is read. */
const readable = { bytes: 1024 * 1024, ms: 10_000 }

/** Reads the refusal and throws it as a ProxyError with the upstream's status; a redirect, which is not followed, as 502. */
export async function refuse(answer: IncomingMessage, call: Call, target: Target): Promise<never> {
  const status = answer.statusCode ?? 502
  if (status < 400) {
    answer.destroy()
    throw new ProxyError(
      502,
      'upstream_redirect',
      `The upstream answered with a redirect (HTTP ${status}), which is not followed. Set the endpoint's base_url to the final address.`,
      { type: 'upstream_error' },
    )
  }
  const text = await readBeginning(answer, call, readable)
  const refusal = upstreamRefusal(status, text, isOwnCredential(call, target.endpoint))
  if (status === 404) refusal.message += ` (asked: the endpoint ${shownTarget(target)})`
  throw refusal
}

/** `ownCredential`: the refused credential was the proxy's, not the caller's. */
export function upstreamRefusal(status: number, body: string, ownCredential: boolean): ProxyError {
  const refusal = refusalFrom(status, body)
  if (ownCredential && (status === 401 || status === 403)) {
    refusal.message = `Upstream refused the proxy's credentials: ${refusal.message}`
  }
  return refusal
}
