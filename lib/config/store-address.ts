/** TOKEN_STORE: the address of a Redis or Valkey server. */

export interface StoreAddress {
  host: string
  port: number
  tls: boolean
  username: string | undefined
  password: string | undefined
  database: number
}

/** Whether the connection is encrypted, by scheme. Valkey's clients use names of their own for the same protocol. */
const schemes: Record<string, boolean> = {
  'redis:': false,
  'valkey:': false,
  'rediss:': true,
  'valkeys:': true,
}

/** In: `redis://user:password@host:port/db`, all but the host optional. Undefined for anything else. */
export function storeAddress(text: string): StoreAddress | undefined {
  try {
    const url = new URL(text)
    const tls = schemes[url.protocol]
    const database = /^\/?(\d*)$/.exec(url.pathname)?.[1]
    if (tls === undefined || database === undefined) return undefined
    if (url.hostname === '' || url.search || url.hash) return undefined
    return {
      // an IPv6 address is in brackets only in a URL
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      tls,
      username: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
      database: Number(database),
    }
  } catch {
    // the caller reports it
    return undefined
  }
}

/** Without what must not be shown. */
export function shownAddress({ host, port, tls, database }: StoreAddress): string {
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls ? 'rediss' : 'redis'}://${name}:${port}/${database}`
}

/** What must not be shown: the password as it is meant, and as it is written. */
export function storeSecrets(text: string): string[] {
  const password = storeAddress(text)?.password
  return password === undefined ? [] : [password, new URL(text).password]
}
