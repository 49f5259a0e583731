/** The droid2api that answers at the configured port, if one does, and how its login is. */
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import type { Config } from '../config/types.ts'
import { addressOf } from './banner.ts'

export interface Running {
  version: string
  isDegraded: boolean
  /** how its account is; undefined where it has none */
  account: { lastError?: string; expiresAt?: string } | undefined
}

/** `undefined` where nothing is there, or something else. */
export async function findRunning({ port, host }: Config): Promise<Running | undefined> {
  const url = addressOf({ address: host, port })
  const about = await answerOf(url)
  if (about?.name !== 'droid2api') return undefined
  const { status, account } = (await answerOf(`${url}/health`)) ?? {}
  return {
    version: String(about.version),
    isDegraded: status === 'degraded',
    account: isObject(account) && account.source !== 'none' ? accountFrom(account) : undefined,
  }
}

function accountFrom({ last_error: lastError, expires_at: expiresAt }: JsonObject) {
  return {
    ...(typeof lastError === 'string' && { lastError }),
    ...(typeof expiresAt === 'string' && { expiresAt }),
  }
}

async function answerOf(url: string): Promise<JsonObject | undefined> {
  try {
    const asked = http.get(url, { signal: AbortSignal.timeout(1000) })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return objectFrom(await text(answer))
  } catch {
    // not a droid2api
    return undefined
  }
}
