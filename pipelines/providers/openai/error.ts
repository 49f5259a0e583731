/** An error inside a 200 answer of the Responses API. Source: OpenAI API reference, "error" event, read 2026-11. */
import { ProxyError } from '../../errors.ts'
import { asName } from '../../untrusted.ts'
import { errorIn, messageIn, noMessage, statusBy, typeIn } from '../failure.ts'

/** By an error's code and type. */
const statuses: [RegExp, number][] = [
  [/rate_limit|insufficient_quota/, 429],
  [/authentication|invalid_api_key/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  [/invalid|bad_request|context_length|policy|image_/, 400],
  [/overload/, 503],
  [/timeout/, 504],
]

/** In: the error of an `error` event (either form), of `response.failed`, or of a failed body. */
export function responsesError(value: unknown): ProxyError {
  const error = errorIn(value)
  const code = asName(error.code)
  const type = typeIn(error)
  const param = asName(error.param)
  const status = statusBy(statuses, `${code ?? ''} ${type ?? ''}`)
  return new ProxyError(status, code ?? null, messageIn(error.message) ?? noMessage, {
    isUpstreams: true,
    ...(type !== undefined && { type }),
    ...(param !== undefined && { param }),
  })
}
