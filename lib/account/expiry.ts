/** When a token ends, and when it should be replaced. All times are ms since the epoch. */

const hour = 3_600_000
/** What an access token lives when nothing says so. */
const usualLifeMs = 8 * hour
/** A token is replaced this long before its end, or a tenth of its life if that is less. */
const marginMs = 10 * 60_000
/** Replacements are spread over this long, so that machines set up together do not call together. */
const jitterMs = 5 * 60_000

/** `expiresInS` is what the token server said; else a JWT's own `exp` counts. */
export function expiryOf(token: string, obtainedAt: number, expiresInS?: number): number {
  if (expiresInS !== undefined) return obtainedAt + expiresInS * 1000
  return jwtExpiry(token) ?? obtainedAt + usualLifeMs
}

/** After `refreshHours`, and in any case before the end; up to five minutes sooner at random (`random` in 0…1). */
export function dueTime(
  obtainedAt: number,
  expiresAt: number,
  refreshHours: number,
  random: number,
): number {
  const life = Math.max(0, expiresAt - obtainedAt)
  const latest = expiresAt - Math.min(marginMs, life / 10)
  const due = Math.min(obtainedAt + refreshHours * hour, latest)
  return due - random * Math.min(jitterMs, (due - obtainedAt) / 20)
}

/** The `exp` of a JSON Web Token, unverified: only its owner's clock depends on it. Source: RFC 7519 §4.1.4. */
function jwtExpiry(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (!payload || signature === undefined) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
      exp?: unknown
    }
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    // two dots do not make a JWT
    return undefined
  }
}
