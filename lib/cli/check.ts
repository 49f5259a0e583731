/** `droid2api check`: each finding one line with its remedy. Offline unless asked; never a secret. */
import { once } from 'node:events'
import type { Agent, IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { App } from '../app.ts'
import { endpointOf } from '../config/models.ts'
import { ProxyError } from '../errors.ts'
import { requestFor } from '../upstream/agents.ts'

export interface Finding {
  level: 'ok' | 'warning' | 'error'
  what: string
}

/** All findings; `online` also renews the account's token when it is due and connects to every endpoint. */
export async function findings(app: App, online: boolean): Promise<Finding[]> {
  const { config } = app
  return [
    { level: 'ok', what: `configuration: ${config.file}, ${config.models.length} models` },
    ...app.warnings.map((what): Finding => ({ level: 'warning', what })),
    accountFinding(app),
    ...(await storeFindings(app, online)),
    await portFinding(config.port, config.host),
    ...(online ? await onlineFindings(app) : []),
  ]
}

/** In: findings. Out: the text for a person, a line each. */
export function findingLines(all: Finding[]): string {
  return `${all.map(({ level, what }) => `${level.padEnd(7)} ${what}`).join('\n')}\n`
}

function accountFinding({ account }: App): Finding {
  const { source, state, expires_at: expiresAt, last_error: lastError } = account.status()
  if (source === 'none') {
    const looked = account.lookedFor().join(', ')
    const remedy = 'Set one of them, or let each client send its own credential.'
    return { level: 'warning', what: `account: none; looked for ${looked}. ${remedy}` }
  }
  if (state === 'degraded') {
    const why = lastError ?? 'no usable token'
    return { level: 'error', what: `account: ${source} is degraded: ${why}. Log in again.` }
  }
  return { level: 'ok', what: `account: ${source}${until(expiresAt, ', token')}` }
}

/** Where the renewed login is kept, and online whether it can be. */
async function storeFindings({ account: { store } }: App, online: boolean): Promise<Finding[]> {
  if (!store) return []
  const where = `token store: ${store.place}`
  if (!online) return [{ level: 'ok', what: where }]
  try {
    const pair = await store.read()
    return [{ level: 'ok', what: `${where}, ${pair ? 'holds a login' : 'holds no login yet'}` }]
  } catch (error) {
    return [{ level: 'error', what: `${where}: ${(error as Error).message}` }]
  }
}

async function portFinding(port: number, host: string): Promise<Finding> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    return { level: 'ok', what: `port: ${port} on ${host} is free` }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return {
      level: 'error',
      what: `port: ${port} on ${host} cannot be had (${code}). Choose another with --port.`,
    }
  } finally {
    probe.close()
  }
}

async function onlineFindings(app: App): Promise<Finding[]> {
  const endpoints = new Set(app.config.models.map((model) => endpointOf(app.config, model)))
  return [
    await tokenFinding(app),
    ...(await Promise.all([...endpoints].map(({ base_url }) => reachFinding(app, base_url)))),
  ]
}

async function tokenFinding({ account }: App): Promise<Finding> {
  try {
    await account.start()
    const token = await account.token()
    return token === undefined
      ? { level: 'ok', what: 'token: no account, nothing to renew' }
      : { level: 'ok', what: `token: usable${until(account.status().expires_at, '')}` }
  } catch (error) {
    const message = error instanceof ProxyError ? error.message : String(error)
    return { level: 'error', what: `token: ${message}` }
  } finally {
    await account.stop()
  }
}

function until(expiresAt: string | null, what: string): string {
  return expiresAt ? `${what} until ${expiresAt}` : ''
}

/** Any HTTP answer will do: without a body and a credential no endpoint says yes. */
async function reachFinding({ agents, config }: App, address: string): Promise<Finding> {
  const url = new URL(address)
  const seconds = config.timeouts.connect_s
  const signal = AbortSignal.timeout(seconds * 1000)
  try {
    const status = await headStatus(url, agents.fresh(url), signal)
    return { level: 'ok', what: `upstream: ${url.origin} answers (HTTP ${status} to HEAD)` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = signal.aborted ? `no answer within ${seconds} s` : (code ?? message)
    return {
      level: 'error',
      what: `upstream: ${url.origin} cannot be reached (${why}). Check the network and base_url.`,
    }
  }
}

async function headStatus(url: URL, agent: Agent, signal: AbortSignal): Promise<number> {
  const sent = requestFor(url)(url, { method: 'HEAD', agent, signal }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode ?? 0
}
