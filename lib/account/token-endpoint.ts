/** One call to the token server. Source: RFC 6749 §6, and WorkOS's API reference "Authenticate with refresh token". */
import type http from 'node:http'
import { text } from 'node:stream/consumers'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import { objectFrom } from '../../pipelines/wire/json.ts'
import type { AuthConfig } from '../config/types.ts'
import { requestFor, type Agents } from '../upstream/agents.ts'
import { unreachableReason } from '../upstream/unreachable-reason.ts'

export interface FreshTokens {
  access: string
  /** undefined: the old one goes on */
  refresh: string | undefined
  /** seconds */
  expiresIn: number | undefined
}

/** The refresh token is spent or revoked: asking again with it is useless. */
export class RefreshRefused extends Error {}

/** The token server could not be asked, or did not answer as it should: worth asking again. */
export class RefreshFailed extends Error {}

/** A token server that is silent for longer is down. */
const patienceMs = 10_000

/** Throws RefreshRefused or RefreshFailed; no message holds anything the server said but an error code. */
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
  const { status, body } = await post(url, form.toString(), agents.fresh(url))
  const answer = objectFrom(body)
  if (status >= 200 && status < 300) return freshTokens(answer)
  const code = codeOf(answer?.error)
  if (code === 'invalid_grant') {
    throw new RefreshRefused('the token server refused the refresh token (invalid_grant)')
  }
  throw new RefreshFailed(`the token server answered HTTP ${status}${code ? ` (${code})` : ''}`)
}

function freshTokens(answer: JsonObject | undefined): FreshTokens {
  const { access_token: access, refresh_token: refresh, expires_in: expiresIn } = answer ?? {}
  if (typeof access !== 'string' || access === '') {
    throw new RefreshFailed('the token server’s answer holds no access_token')
  }
  return {
    access,
    refresh: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
    expiresIn: typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : undefined,
  }
}

async function post(
  url: URL,
  form: string,
  agent: http.Agent,
): Promise<{ status: number; body: string }> {
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
    return { status: answer.statusCode ?? 0, body: await text(answer) }
  } catch (error) {
    if (signal.aborted) throw unreachable(`no answer within ${patienceMs / 1000} s`)
    const { why, remedy } = unreachableReason(error as NodeJS.ErrnoException)
    throw unreachable(remedy ? `${why}. ${remedy.replace(/\.$/, '')}` : why)
  }
}

function unreachable(why: string): RefreshFailed {
  return new RefreshFailed(`the token server cannot be reached: ${why}`)
}

/** Only what is shaped like a code of OAuth: a server may echo the token in its words. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'string' && /^[a-z_]{3,40}$/.test(error) ? error : undefined
}
