/** The credentials of endpoints with `auth.env`, as the environment has them. */
import type { Settings } from './env-files.ts'
import { remarksOn, type Sayings } from './environment.ts'
import type { Endpoint } from './types.ts'
import { keyOf } from './written-value.ts'

/** By variable; one that is not set is not there. */
export function endpointKeys(
  endpoints: readonly Endpoint[],
  settings: Settings,
  said: Sayings,
): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const { auth } of endpoints) {
    if (typeof auth !== 'object' || Object.hasOwn(secrets, auth.env)) continue
    const { env, header = 'authorization' } = auth
    const written = settings.get(env)
    const secret =
      written && hasScheme(written, header)
        ? written
        : keyOf(written ?? '', remarksOn(env, settings, said), isNoKey(header))
    if (secret) secrets[auth.env] = secret
  }
  return secrets
}

/** Whether a credential names its scheme, as in `Basic dXNlcjpwYXNz`. */
function hasScheme(written: string, header: string): boolean {
  const isAuthorization = header.toLowerCase() === 'authorization'
  return isAuthorization && /^(?!Bearer\s)[A-Za-z][\w-]*\s[^\s#]\S*$/i.test(written)
}

/** A header that carries no key may hold what no key holds. */
function isNoKey(header: string): boolean {
  return !/^(?:authorization|x-api-key)$/i.test(header)
}
