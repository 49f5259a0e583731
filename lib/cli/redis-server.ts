/** The server of TOKEN_STORE, as the program is built with it. */
import { findSource, isRotating } from '../account/source.ts'
import { storeAddress } from '../config/store-address.ts'
import type { Config } from '../config/types.ts'
import { ConfigError } from '../config/validate.ts'
import type { RedisServer } from '../store/redis-connection.ts'

/**
 * The server that TOKEN_STORE names. Its client is loaded only then, and nothing is connected before something is shared: what a
 * reload brings may be.
 * Throws ConfigError where that is not installed and there is something to share: an account whose tokens are renewed, usage,
 * limits of clients, or rests of accounts.
 */
export async function redisServer(config: Config): Promise<RedisServer | undefined> {
  const address = storeAddress(config.secrets.token_store ?? '')
  if (!address) return undefined
  try {
    const { createClient } = await import('@redis/client')
    return { createClient, address }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (!isShared(config)) return undefined
    throw new ConfigError([
      'environment: TOKEN_STORE needs a package that is not installed: npm install @redis/client@6',
    ])
  }
}

/** What reads files comes last. */
function isShared(config: Config): boolean {
  const { clients, usage, accounts } = config
  if (clients.length > 0 || usage.enabled || accounts.length > 0) return true
  return isRotating(findSource(config))
}
