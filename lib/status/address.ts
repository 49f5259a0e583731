/** The address by which somebody reached the proxy: what a client on that machine is to be set up with. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../config/types.ts'

/** A name or an address, with a port: nothing that means something to a shell that the line is pasted into. */
const plainHost = /^(?:[a-z\d](?:[a-z\d._-]{0,252})|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i

interface Reached {
  headers: IncomingHttpHeaders
  config: Pick<Config, 'port'>
}

/** `Host` is the caller's to choose, so it may hold anything. */
export function addressReached({ headers, config }: Reached): string {
  const { host = '', 'x-forwarded-proto': proto } = headers
  const scheme = proto === 'https' ? 'https' : 'http'
  if (plainHost.test(host)) return `${scheme}://${host}`
  return `http://localhost:${config.port}`
}
