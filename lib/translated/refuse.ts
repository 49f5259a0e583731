/** An upstream's refusal: its HTTP error, retold as an error of chat. */
import type { IncomingMessage } from 'node:http'
import type { Failure } from '../../pipelines/neutral/delta.ts'
import type { Call } from '../app.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { isOwnCredential } from '../upstream/credential.ts'
import { shownTarget, type Target } from '../upstream/target.ts'
import { readBeginning } from './read-answer.ts'
import { upstreamFailure } from './upstream-error.ts'

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
  const failure = upstreamFailure(status, text, isOwnCredential(call, target.endpoint))
  if (status === 404) failure.message += ` (asked: the endpoint ${shownTarget(target)})`
  throw failureError(failure)
}

/** A failure as what the error boundary takes. */
export function failureError(failure: Failure): ProxyError {
  return new ProxyError(failure.status, failure.code, failure.message, {
    type: failure.type,
    ...(failure.param && { param: failure.param }),
  })
}
