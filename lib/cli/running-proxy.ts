/** The droid2api that answers at the configured port, if one does, and how its login is. */
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import type { Config } from '../config/types.ts'
import { createAgents } from '../network/agents.ts'
import { answerTo } from '../network/one-answer.ts'
import { listenerUrl } from './banner.ts'

export interface Running {
  version: string
  /** how its account is; undefined where it has none */
  account: RunningAccount | undefined
  /** how those with a name are, where it tells their names */
  named: ReadonlyMap<string, RunningAccount>
}

export interface RunningAccount {
  isDegraded: boolean
  lastError?: string
  expiresAt?: string
}

/** More than it tells of hundreds of accounts. */
const maxBytes = 1_000_000

/** `fault`: what listening there failed with. `undefined` where the port is not taken, or something else has it. */
export async function findRunning(
  config: Config,
  fault: NodeJS.ErrnoException | undefined,
): Promise<Running | undefined> {
  if (fault?.code !== 'EADDRINUSE') return undefined
  const url = listenerUrl(config)
  const about = await answerOf(url)
  if (about?.name !== 'droid2api') return undefined
  const { status, account, accounts } = (await answerOf(`${url}/health`)) ?? {}
  const isDegraded = status === 'degraded'
  const isThere = isObject(account) && account.source !== 'none'
  return {
    version: String(about.version),
    account: isThere ? accountFrom(account, isDegraded) : undefined,
    named: new Map(Array.isArray(accounts) ? accounts.flatMap(namedFrom) : []),
  }
}

/** A fixed key has no token to report. */
function namedFrom(account: unknown): [string, RunningAccount][] {
  if (!isObject(account) || typeof account.name !== 'string') return []
  const isRenewed = account.kind === 'login' || account.kind === 'file'
  if (!isRenewed) return []
  return [[account.name, accountFrom(account, account.state === 'needs_login')]]
}

function accountFrom(
  { last_error: lastError, expires_at: expiresAt }: JsonObject,
  isDegraded: boolean,
): RunningAccount {
  return {
    isDegraded,
    ...(typeof lastError === 'string' && { lastError }),
    ...(typeof expiresAt === 'string' && { expiresAt }),
  }
}

async function answerOf(address: string): Promise<JsonObject | undefined> {
  const url = new URL(address)
  const agent = createAgents().fresh(url)
  const ask = { method: 'GET', url, headers: {}, agent, patienceS: 1, maxBytes } as const
  try {
    return objectFrom((await answerTo(ask)).text)
  } catch {
    // not a droid2api
    return undefined
  }
}
