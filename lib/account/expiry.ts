/**
 * How long a token lives, and when it should be replaced. A life is a span, counted from the token's arrival: neither this
 * machine's clock nor the token server's has to be right for it. Times are ms since the epoch, spans are ms.
 */

const minute = 60_000
const hour = 60 * minute
/** What an access token lives when nothing says so. */
const usualLifeMs = 8 * hour
/** What says more than this means something else. */
const longestLifeMs = 366 * 24 * hour
/** A token is replaced this long before its end, or a tenth of its life if that is less. */
const marginMs = 10 * minute
/** Replacements are spread over this long, so that machines set up together do not call together. */
const jitterMs = 5 * minute

interface Claims {
  exp?: number
  iat?: number
}

/**
 * Of a token that arrives at `now`: what the token server said (seconds), else from `iat` to `exp` of a JWT, else to its
 * `exp`, where that is in the future.
 */
export function lifeOf(token: string, now: number, expiresInS?: number): number {
  if (expiresInS !== undefined && expiresInS > 0) return Math.min(expiresInS * 1000, longestLifeMs)
  const { exp, iat } = claimsOf(token)
  if (exp === undefined) return usualLifeMs
  if (iat !== undefined && iat < exp) return Math.min(exp - iat, longestLifeMs)
  return exp - now > minute ? Math.min(exp - now, longestLifeMs) : usualLifeMs
}

/** When a token ends that another program has put into a file, at a time that nobody knows for certain. */
export function storedExpiry(token: string, obtainedAt: number): number {
  return claimsOf(token).exp ?? obtainedAt + usualLifeMs
}

/**
 * How long after its arrival a token should be replaced: after `refreshHours`, and in any case before its end; up to five
 * minutes sooner at random (`random` in 0…1).
 */
export function dueAfter(lifeMs: number, refreshHours: number, random: number): number {
  const latest = lifeMs - Math.min(marginMs, lifeMs / 10)
  const due = Math.min(refreshHours * hour, latest)
  return due - random * Math.min(jitterMs, due / 20)
}

/** Of a JSON Web Token, unverified: only its owner's pace depends on them; some servers write ms. Source: RFC 7519 §4.1. */
function claimsOf(token: string): Claims {
  const [, payload, signature] = token.split('.')
  if (!payload || signature === undefined) return {}
  try {
    const { exp, iat } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
    return { ...timeNamed('exp', exp), ...timeNamed('iat', iat) }
  } catch {
    // two dots do not make a JWT
    return {}
  }
}

function timeNamed(name: keyof Claims, value: unknown): Claims {
  if (typeof value !== 'number' || !(value > 0) || value > 8.64e15) return {}
  return { [name]: value < 1e11 ? value * 1000 : value }
}
