/**
 * What reaches the port and is no request: other protocols, and programs that take this one for a forward proxy. Their users see
 * a broken connection that names no cause, so the log says it, once for each kind. And the signs of a front proxy that tells
 * nothing of its callers.
 */
import type { App } from '../app.ts'

interface Kind {
  /** what such a connection begins with */
  begins: readonly string[]
  text: string
  /** nothing refuses it, so `/health` says it, too */
  isServed?: true
}

const kinds: readonly Kind[] = [
  {
    begins: ['\x16\x03'],
    text: 'a client spoke TLS to this port, which speaks plain HTTP: its address must begin with http://, unless a front proxy takes TLS off',
  },
  {
    begins: ['PRI * HTTP/2'],
    text: 'a client spoke HTTP/2 to this port, which speaks HTTP/1.1: let the front proxy use that',
  },
  {
    begins: ['PROXY TCP', 'PROXY UNKNOWN', '\r\n\r\n\0\r\nQUIT\n'],
    text: 'a front proxy sent the PROXY protocol, which is not spoken here: switch it off there',
  },
  {
    begins: ['CONNECT '],
    text: 'a client asked for a tunnel, as through a forward proxy, which this is not: give it this address as the base URL, and not as HTTPS_PROXY',
  },
  {
    // no SDK does; nginx does before 1.29.7 unless told otherwise, and then it names no caller either
    begins: ['HTTP/1.0'],
    isServed: true,
    text: 'a request came by HTTP/1.0, as nginx sends it unless told otherwise: where a front proxy stands before this one, whoever reaches it can use your models, since no client key is set. Set API_KEYS',
  },
  {
    // of a browser or of Node: both ask to keep their connection, which nginx from 1.29.7 on takes out
    begins: ['sec-fetch'],
    isServed: true,
    text: 'a request came without its `connection`, as a front proxy passes it on: whoever reaches that proxy can use your models, since no client key is set. Set API_KEYS',
  },
]

const longestBeginning = 32
const logged = new WeakMap<App, Set<Kind>>()

/** `packet`: what a connection began with. */
export function noteStranger(app: App, packet: Buffer | string): void {
  const beginning = String(packet).slice(0, longestBeginning)
  const kind = kinds.find(({ begins }) => begins.some((one) => beginning.startsWith(one)))
  const known = logged.get(app) ?? new Set()
  if (!kind || known.has(kind)) return
  logged.set(app, known.add(kind))
  app.log.warn(kind.text)
  if (kind.isServed) app.warnings.push(kind.text)
}
