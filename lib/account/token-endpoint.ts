/** One call to the token server. Source: RFC 6749 §6, and WorkOS's API reference "Authenticate with refresh token". */
import type http from 'node:http'
import type { AuthConfig } from '../config/types.ts'
import { requestFor, type Agents } from '../network/agents.ts'
import { unreachableReason } from '../network/unreachable-reason.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

export interface FreshTokens {
  access: string
  /** undefined: the old one goes on */
  refresh: string | undefined
  /** seconds; undefined where the server gave no sensible number */
  expiresIn: number | undefined
  /** the server's clock at that moment, ms since the epoch */
  serverTime: number | undefined
}

/** The refresh token is spent or revoked: asking again with it is useless. */
export class RefreshRefused extends Error {}

/** The token server could not be asked, or did not answer as it should: worth asking again. */
export class RefreshFailed extends Error {
  /** ms that the server wants to be left alone; undefined where it gave none */
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfter?: number) {
    super(message)
    this.retryAfterMs = retryAfter
  }
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

/** A token server that has not answered whole by then is down. */
const patienceMs = 10_000
/** More than any answer with tokens takes. */
const maxBytes = 1024 * 1024

/** Throws RefreshRefused or RefreshFailed; messages hold nothing of the answer but an error code. */
export async function askForTokens(
  { token_url: tokenUrl, client_id: clientId }: Pick<AuthConfig, 'token_url' | 'client_id'>,
  refreshToken: string,
  agents: Agents,
): Promise<FreshTokens> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
  })
  const url = new URL(tokenUrl)
  return tokensFrom(await post(url, form.toString(), agents.fresh(url)))
}

/** Some servers report an error with status 200. */
function tokensFrom({ status, headers, body }: Answer): FreshTokens {
  const answer = objectFrom(body)
  const isGood = status >= 200 && status < 300
  if (isGood && answer?.access_token !== undefined) return freshTokens(answer, headers)
  const code = answer && codeIn(answer)
  if (code !== undefined && refusals.has(code)) {
    throw new RefreshRefused(`the token server refused the refresh token (${code})`)
  }
  if (isGood && code === undefined) throw new RefreshFailed(withoutToken)
  const hint = code === 'invalid_client' ? ': check auth.client_id' : hintOf(status)
  throw new RefreshFailed(
    `the token server answered HTTP ${status}${code ? ` (${code})` : ''}${hint}`,
    retryAfterMs(headers),
  )
}

const withoutToken = 'the token server’s answer holds no access_token'

function hintOf(status: number): string {
  return status >= 300 && status < 400 ? ': a redirect, so check auth.token_url' : ''
}

function freshTokens(answer: JsonObject, headers: http.IncomingHttpHeaders): FreshTokens {
  const { access_token: access, refresh_token: refresh, expires_in: expiresIn } = answer
  if (typeof access !== 'string' || access === '') throw new RefreshFailed(withoutToken)
  const serverTime = Date.parse(headers.date ?? '')
  return {
    access,
    refresh: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
    expiresIn: secondsFrom(expiresIn),
    serverTime: Number.isNaN(serverTime) ? undefined : serverTime,
  }
}

/** A number, also as a text; undefined for zero and less. */
function secondsFrom(value: unknown): number | undefined {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : 0
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}

async function post(url: URL, form: string, agent: http.Agent): Promise<Answer> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(form),
        accept: 'application/json',
      }
      const sent = requestFor(url)(url, { method: 'POST', headers, signal, agent }, resolve)
      sent.once('error', reject)
      sent.end(form)
    })
    const { statusCode = 0, headers } = answer
    return { status: statusCode, headers, body: await bodyOf(answer) }
  } catch (error) {
    if (error instanceof RefreshFailed) throw error
    if (signal.aborted) throw unreachable(`no answer within ${patienceMs / 1000} s`)
    const { why, remedy } = unreachableReason(error as NodeJS.ErrnoException)
    throw unreachable(remedy ? `${why}. ${remedy.replace(/\.$/, '')}` : why)
  }
}

/** Throws RefreshFailed for an answer that is too large to be one. */
async function bodyOf(answer: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxBytes) throw new RefreshFailed('the token server’s answer is larger than 1 MB')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function unreachable(why: string): RefreshFailed {
  return new RefreshFailed(`the token server cannot be reached: ${why}`)
}

/** By RFC 6749, and by OpenAI's server, in whose errors the code is one level down. */
const refusals = new Set([
  'invalid_grant',
  'refresh_token_expired',
  'refresh_token_reused',
  'refresh_token_invalidated',
])

function codeIn({ error, code }: JsonObject): string | undefined {
  const inner = isObject(error) ? error : {}
  return codeOf(error) ?? codeOf(inner.code) ?? codeOf(inner.type) ?? codeOf(code)
}

/** Only what is shaped like a code of OAuth: a server may echo the token in its message. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'string' && /^[a-z_]{3,40}$/.test(error) ? error : undefined
}

/** The longest `retry-after` that is obeyed. */
const longestMs = 3_600_000

/**
 * The `retry-after` of an answer in ms, at most an hour; undefined for none that makes sense. A date is compared with the
 * server's own clock where the answer has it: this machine's may be wrong. Source: RFC 9110 §10.2.3.
 */
export function retryAfterMs(headers: http.IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after']?.trim()
  if (!text) return undefined
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : untilDate(text, headers.date)
  return ms > 0 ? Math.min(ms, longestMs) : undefined
}

function untilDate(text: string, serverDate: string | undefined): number {
  const now = Date.parse(serverDate ?? '')
  return Date.parse(text) - (Number.isNaN(now) ? Date.now() : now)
}
