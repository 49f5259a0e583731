/**
 * A connection through an HTTP proxy by CONNECT, so that the proxy sees only a name. Errors at the
 * proxy name the proxy. Source: RFC 9110 §9.3.6.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIPv6, type Socket } from 'node:net'
import { addressOf } from '../config/base-url.ts'
import { ConnectTimeout } from './dial.ts'
import { OutboundProxyError, unreachableReason } from './unreachable-reason.ts'

/**
 * The connection to `target` through `proxy`, which `agent` reaches. Fails with OutboundProxyError when the proxy is not there,
 * refuses or takes longer than `seconds`.
 */
export function tunnel(
  proxy: URL,
  target: { host: string; port: number },
  agent: http.Agent,
  seconds: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asked = connectRequest(proxy, target, agent)
    const fail = (error: Error) => {
      clearTimeout(limit)
      asked.destroy()
      reject(atFault(proxy, error))
    }
    const limit = setTimeout(() => fail(new ConnectTimeout(seconds)), seconds * 1000)
    asked.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
      clearTimeout(limit)
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy()
        reject(refused(proxy, statusCode, target))
        return
      }
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    asked.on('error', fail)
    asked.end()
  })
}

function connectRequest(
  proxy: URL,
  { host, port }: { host: string; port: number },
  agent: http.Agent,
): ClientRequest {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const { hostname, port: proxyPort } = addressOf(proxy)
  const request = (proxy.protocol === 'https:' ? https : http).request({
    method: 'CONNECT',
    hostname,
    port: proxyPort,
    path: authority,
    headers: { host: authority, 'proxy-connection': 'keep-alive', ...authorization(proxy) },
    agent,
  })
  // some proxies obey the `close` that Node would send
  request.removeHeader('connection')
  return request
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }
}

function atFault({ host }: URL, error: Error): OutboundProxyError {
  const { why, remedy } = unreachableReason(error)
  return new OutboundProxyError(
    `the proxy ${host} cannot be reached: ${why}${remedy ? `. ${remedy.replace(/\.$/, '')}` : ''}`,
    { cause: error },
  )
}

function refused(
  { host }: URL,
  status: number,
  target: { host: string; port: number },
): OutboundProxyError {
  return new OutboundProxyError(
    `the proxy ${host} refused to connect (HTTP ${status})${remedyFor(status, target)}`,
  )
}

/** Squid, as it comes, lets nobody out but to the ports of TLS. */
function remedyFor(status: number, { host, port }: { host: string; port: number }): string {
  if (status === 407) return ': put user and password into HTTPS_PROXY'
  const isForbidden = status === 403 || status === 405
  if (!isForbidden || port === 443) return ''
  return `, as many do for other ports than 443. If ${host} can be reached without it, write NO_PROXY=${host}`
}
