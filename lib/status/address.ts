/** The address by which somebody reached the proxy: what a client on that machine is to be set up with. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../config/types.ts'

/** A name or an address, with a port: nothing that means something to a shell that the line is pasted into. */
const plainHost = /^(?:[a-z\d](?:[a-z\d._-]{0,252})|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i
/** Where a front proxy has it, below its own root; nothing for a shell, either. */
const plainPath = /^(?:\/[a-z\d][a-z\d._-]{0,62}){1,8}$/i

interface Reached {
  headers: IncomingHttpHeaders
  config: Pick<Config, 'port'>
}

/** All of these are the caller's to choose, so they may hold anything. */
export function addressReached({ headers, config }: Reached): string {
  const outer = first(headers['x-forwarded-host'])
  const host = plainHost.test(outer) ? outer : (headers.host ?? '')
  const scheme = first(headers['x-forwarded-proto']) === 'https' ? 'https' : 'http'
  const prefix = first(headers['x-forwarded-prefix']).replace(/\/$/, '')
  const path = plainPath.test(prefix) ? prefix : ''
  if (plainHost.test(host)) return `${scheme}://${host}${path}`
  return `http://localhost:${config.port}`
}

/** Of several front proxies each adds a value: the first is what the browser asked for. */
function first(value: string | string[] | undefined): string {
  const [one = ''] = String(value ?? '').split(',')
  return one.trim()
}
