/** What was tried, for a header; why no place was left, for an error. */
import type { Member } from '../account/pool.ts'
import type { Tried } from '../app.ts'
import { waitText } from '../limits/windows.ts'
import { ProxyError, setupFault } from '../../pipelines/errors.ts'

/** Such as `anthropic=429`, `other=200`; for who may look with the accounts, such as `anthropic/work=429`. */
export function attemptsShown(tried: readonly Tried[], withAccounts = false): string[] {
  return tried.map(({ endpoint, account, result }) => {
    const place = withAccounts && account !== undefined ? `${endpoint}/${account}` : endpoint
    return `${place}=${result === 'unreached' ? 'connect' : result}`
  })
}

/** `asked`: the accounts that were looked at. `soonestMs`: until one of them serves again. */
export function nobodyLeft(
  tried: readonly Tried[],
  asked: readonly Member[],
  error: unknown,
  soonestMs: number,
): unknown {
  const seconds = Number.isFinite(soonestMs) ? Math.ceil(soonestMs / 1000) : undefined
  const retryAfter = seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }
  if (new Set(tried.map(({ endpoint }) => endpoint)).size > 1) {
    return new ProxyError(
      503,
      'no_endpoint_available',
      `None of the ${tried.length} places that could serve this request did (${attemptsShown(tried).join(', ')}). Retry later; GET /health shows the state.`,
      { type: 'upstream_error', cause: error, ...retryAfter },
    )
  }
  if (error !== undefined) return error
  const states = [...new Set(asked)].map(({ bench }) => bench.status().state)
  const cooling = states.filter((state) => state === 'cooling').length
  if (cooling > 0) {
    return new ProxyError(
      429,
      'accounts_cooling_down',
      `${cooling} of ${states.length} accounts are cooling down after a limit, and none is left that can serve. Retry ${seconds === undefined ? 'later' : `in ${waitText(seconds)}`}; GET /health shows the state.`,
      retryAfter,
    )
  }
  const message =
    states.length === 0
      ? 'No account is enabled that could serve this request. Enable one in config.json.'
      : `None of the ${states.length} accounts can serve: each needs a new login or key. GET /health shows the state.`
  if (states.every((state) => state === 'needs_login')) {
    return setupFault(message)
  }
  return new ProxyError(503, 'upstream_auth_unavailable', message, retryAfter)
}
