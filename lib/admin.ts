/**
 * Who may look at what the operator sees, such as usage: whoever has the admin key; without one only this machine itself. The key
 * never opens a model. Nothing is changed by looking, so there is no login and no cookie, and nothing to forge.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { loopback } from './config/callers.ts'
import type { Config } from './config/types.ts'
import { hostName, isLoopback, keyIn, sha256 } from './guard.ts'
import type { Logger } from './log/log.ts'
import { ProxyError } from '../pipelines/errors.ts'

export interface Looking {
  headers: IncomingHttpHeaders
  /** whom the request is for */
  host: string | undefined
  /** the address that it comes from */
  peer: string | undefined
}

/** Wrong keys of one peer in a minute. More are not answered, unless one of them is right. */
const maxWrong = 10
const minuteMs = 60_000
/** Peers that are counted; beyond it all count as one, so that no attack fills the memory. */
const maxPeers = 1000

export class Admin {
  readonly #log: Pick<Logger, 'warn'>
  readonly #now: () => number
  #wrong = new Map<string, number>()
  #minute = 0
  #hasWarned = false

  constructor(log: Pick<Logger, 'warn'>, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /**
   * False: the route is to look as if it were not there. Throws ProxyError 401 without the key, 429 after too many wrong ones.
   * `hasKey`: by `hasAdminKey`.
   */
  mayLook(looking: Looking, { prepared }: Config, hasKey: boolean): boolean {
    if (hasKey) return true
    if (!prepared.adminKey) return isHere(looking) || this.#warnOnce()
    const { headers, peer = '' } = looking
    if (keysIn(headers).length > 0) this.#count(peer)
    throw keyNeeded(headers)
  }

  /** The same for a request that is only to be explained. Throws ProxyError 403 where it may not be, 429 as `mayLook`. */
  checkDryRun(looking: Looking, config: Config, hasKey: boolean, isClient: boolean): void {
    const { adminKey } = config.prepared
    if (hasKey || (!adminKey && (isHere(looking) || this.#warnOnce()))) return
    // a client's key is no attempt at the admin's
    if (adminKey && !isClient && keysIn(looking.headers).length > 0) this.#count(looking.peer ?? '')
    throw new ProxyError(
      403,
      'explain_not_allowed',
      `\`x-droid2api-explain\` needs ${adminKey ? 'the admin key, as `Authorization: Bearer …` or `x-api-key`' : 'to come from the machine of the proxy itself (and through no front proxy), or ADMIN_KEY to be set and sent along'}. Nothing was sent.`,
    )
  }

  #warnOnce(): false {
    if (!this.#hasWarned) {
      this.#hasWarned = true
      this.#log.warn(
        'somebody on another machine asked for what only this one may see: set ADMIN_KEY to allow it by that key',
      )
    }
    return false
  }

  #count(peer: string): void {
    const minute = Math.floor(this.#now() / minuteMs)
    if (minute !== this.#minute) this.#wrong = new Map()
    this.#minute = minute
    const counted = this.#wrong.has(peer) || this.#wrong.size < maxPeers ? peer : ''
    const wrong = (this.#wrong.get(counted) ?? 0) + 1
    this.#wrong.set(counted, wrong)
    if (wrong <= maxWrong) return
    const seconds = Math.ceil(((minute + 1) * minuteMs - this.#now()) / 1000)
    throw new ProxyError(429, 'too_many_wrong_keys', `Too many wrong keys. Wait ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
    })
  }
}

/** Whether the caller sees all. Others see less; nobody is refused. */
export function seesAll({ url = '', headers, socket }: IncomingMessage, config: Config): boolean {
  if (config.prepared.adminKey) return hasAdminKey(headers, config)
  // an address in full goes before the Host header, and neither a browser nor a probe writes one
  const host = url.startsWith('/') ? headers.host : undefined
  return isHere({ headers, host, peer: socket.remoteAddress })
}

function isHere({ headers, host = '', peer = '' }: Looking): boolean {
  const isLocal = isLoopback(peer) && loopback.test(hostName(host))
  return (
    isLocal && !isPassedOn(headers) && !Object.keys(headers).some((name) => forwarded.test(name))
  )
}

/** A browser, which alone says what it wants an answer for, asks itself to keep the connection. nginx passes that on to nobody. */
function isPassedOn({ 'sec-fetch-dest': shownAs, connection = '' }: IncomingHttpHeaders): boolean {
  return shownAs !== undefined && connection.toLowerCase() !== 'keep-alive'
}

/** Whether the admin key came along: as Bearer, as `x-api-key`, or as the password of Basic, with any user. */
export function hasAdminKey(headers: IncomingHttpHeaders, { prepared }: Config): boolean {
  const { adminKey } = prepared
  if (!adminKey) return false
  return keysIn(headers).some((key) => timingSafeEqual(sha256(key), adminKey))
}

function keysIn({ authorization = '', 'x-api-key': plain }: IncomingHttpHeaders): string[] {
  const [, encoded] = /^Basic\s+(\S+)$/i.exec(authorization.trim()) ?? []
  const basic =
    encoded &&
    Buffer.from(encoded, 'base64')
      .toString()
      .replace(/^[^:]*:/, '')
  const all = [basic ?? keyIn(authorization), typeof plain === 'string' ? plain : undefined]
  return all.flatMap((key) => key || [])
}

/** What a front proxy adds: who it asks for is somebody else. */
const forwarded =
  /^(?:forwarded|via|x-forwarded-.*|x-real-ip|cf-connecting-ip|true-client-ip|x-client-ip)$/

/** Browsers ask for a key by themselves where the answer says so, and only a page wants that. */
function keyNeeded({ accept = '' }: IncomingHttpHeaders): ProxyError {
  const asksUser = accept.includes('text/html')
  return new ProxyError(
    401,
    'admin_key_needed',
    'This needs the admin key: send it as `Authorization: Bearer …`, as `x-api-key`, or as the password of Basic.',
    { headers: asksUser ? { 'www-authenticate': 'Basic realm="droid2api"' } : {} },
  )
}
