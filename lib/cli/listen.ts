/** Listening on the address that is configured, as people mean it, and why that fails. */
import { once } from 'node:events'
import type { Server } from 'node:net'
import type { Config } from '../config/types.ts'
import type { Running } from './running-proxy.ts'

/** Every address of both families, where the system has both. */
const everywhere = '::'
const everywhereIPv4 = '0.0.0.0'
/** Without this the system would choose one of two addresses, as a rule the one that fewer clients try. */
const meant: Record<string, string> = { localhost: '127.0.0.1' }
/**
 * Connections that may wait to be accepted. Node's own 511 are full when a team's clients all connect again, as after a
 * restart; the next one's client tries again after a second, or is reset. The system lowers this to its own limit.
 */
const backlog = 4096
const noIPv6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/**
 * Resolves when it listens. `::` takes IPv4 as well; where IPv6 is switched off, it is all addresses of IPv4. Fails as `listen`
 * does. `localhost` is 127.0.0.1, which every client tries.
 */
export async function listenOn(server: Server, port: number, host: string): Promise<void> {
  try {
    await listening(server, port, meant[host.toLowerCase()] ?? host)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (host !== everywhere || !noIPv6.has(code)) throw error
    await listening(server, port, everywhereIPv4)
  }
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  server.listen({ port, host, backlog })
  await once(server, 'listening')
}

/**
 * Why an address cannot be listened on, in one line: which value is wrong, and which flag changes it. In: what `listen` failed
 * with. `running`: the proxy that is known to have the port.
 */
export function cannotListen(
  error: NodeJS.ErrnoException,
  { port, host }: Pick<Config, 'port' | 'host'>,
  running?: Pick<Running, 'version'>,
): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use${running ? ` by droid2api ${running.version}` : ''}. Choose another with --port (or PORT).`
    case 'EACCES':
      // Windows keeps ranges of higher ports for itself, which come and go with its updates
      return port > 1023
        ? `Port ${port} is kept by the system for something else. Choose another with --port (or PORT).`
        : `Port ${port} needs more rights than this user has. Choose one above 1023 with --port (or PORT).`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `The address ${host} is not one of this machine's. Choose another with --host (or HOST).`
    default:
      return `Cannot listen on ${host}:${port}: ${error.message}`
  }
}
