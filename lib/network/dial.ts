/**
 * A connection to a name that may have several addresses, over whichever of them answers first. Node itself gives each
 * address but the last 250 ms and then drops it, which over a satellite is every one of them. Here the next address is tried
 * after the same pause, but none is given up for it. Source: RFC 8305 ("Happy Eyeballs") §§4-5.
 */
import { ADDRCONFIG, lookup, type LookupAddress } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'

/** The connection took too long. */
export class ConnectTimeout extends Error {
  constructor(seconds: number) {
    super(`no answer within ${seconds} s`)
    this.name = 'ConnectTimeout'
  }
}

/** As an agent passes them on. Its other options, such as the path of a request, mean something else to a socket. */
export interface DialOptions {
  host: string
  port: number
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  keepAliveInitialDelay?: number | undefined
  lookup?: LookupFunction | undefined
}

/** RFC 8305 §5: the pause before the next address is tried, too. */
const attemptDelayMs = 250

/** Codes for addresses that this machine cannot reach at all (EINVAL: a link-local address without its link). */
const noWay = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

/**
 * The first connection that comes about. Fails with ConnectTimeout after `seconds` for lookup and all attempts together, else
 * with the most useful error.
 */
export function dial(options: DialOptions, seconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const attempts = new Set<Socket>()
    const errors: NodeJS.ErrnoException[] = []
    let addresses: string[] = []
    let next: NodeJS.Timeout | undefined
    let over = false
    const settle = (settled: () => void) => {
      if (over) return
      over = true
      clearTimeout(limit)
      clearTimeout(next)
      for (const attempt of attempts) attempt.destroy()
      settled()
    }
    const fail = (error: Error) => settle(() => reject(error))
    const limit = setTimeout(() => fail(new ConnectTimeout(seconds)), seconds * 1000)
    const tryNext = () => {
      clearTimeout(next)
      const address = over ? undefined : addresses.shift()
      if (address === undefined) {
        if (attempts.size === 0) fail(mostUseful(errors))
        return
      }
      const socket = connect(socketOptions(options, address))
      const refused = (error: NodeJS.ErrnoException) => {
        attempts.delete(socket)
        errors.push(error)
        tryNext()
      }
      attempts.add(socket)
      socket.once('error', refused).once('connect', () => {
        socket.off('error', refused)
        attempts.delete(socket)
        settle(() => resolve(socket))
      })
      if (addresses.length > 0) next = setTimeout(tryNext, attemptDelayMs)
    }
    const start = (found: string[]) => {
      addresses = found
      tryNext()
    }
    addressesOf(options).then(start, fail)
  })
}

function socketOptions(options: DialOptions, host: string): TcpNetConnectOpts {
  const { port, noDelay, keepAlive, keepAliveInitialDelay } = options
  return { host, port, noDelay, keepAlive, keepAliveInitialDelay }
}

/** In the resolver's order, the two families in turn: RFC 8305 §4. */
function addressesOf({ host, lookup: find = lookup }: DialOptions): Promise<string[]> {
  if (isIP(host)) return Promise.resolve([host])
  return new Promise((resolve, reject) => {
    // as Node asks: only for addresses of a family that this machine has
    find(host, { all: true, hints: ADDRCONFIG }, (error, found) => {
      if (error) reject(error)
      else resolve(inTurn(found as LookupAddress[]))
    })
  })
}

function inTurn(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family)
  const second = found.filter(({ family }) => family !== found[0]?.family)
  const turns = Array.from({ length: found.length }, (_, index) => [first[index], second[index]])
  return turns.flat().flatMap((one) => (one ? [one.address] : []))
}

function mostUseful(errors: readonly NodeJS.ErrnoException[]): Error {
  const useful = errors.find(({ code }) => !noWay.has(code ?? ''))
  return useful ?? errors[0] ?? new Error('its name has no address')
}
