/** Whether the proxy serves, and what the operator should know of it. Never a secret. */
import type { App, Call } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { endpointOf } from '../config/models.ts'
import type { Endpoint } from '../config/types.ts'

export interface Health {
  state: 'ok' | 'degraded'
  degraded: Degraded[]
  warnings: string[]
}

export interface Degraded {
  endpoint: string
  reason: string
}

/** `withNames`: of accounts. */
export function healthOf(app: App, withNames: boolean): Health {
  const isUsed = usesAccount(app.config)
  const notes = [...(isUsed ? app.account.notes() : []), ...app.pool.notes(withNames)]
  const shared = [...app.limits.warnings, ...app.pool.warnings]
  const { note } = app.configState
  const onDisk = note === undefined ? [] : [note]
  const { degraded } = endpointsOf(app, true)
  const isDegraded = degraded.length > 0 || (isUsed && app.account.status().state === 'degraded')
  return {
    state: isDegraded ? 'degraded' : 'ok',
    degraded,
    warnings: [...app.warnings, ...onDisk, ...notes, ...app.usage.warnings, ...shared],
  }
}

/** Of the endpoints that some model leads to: those that have no credential (`now`: at the moment), and whether another serves. */
export function endpointsOf(app: App, now: boolean): { serving: boolean; degraded: Degraded[] } {
  const { config } = app
  const used = new Set(config.models.map((model) => endpointOf(config, model)))
  const degraded: Degraded[] = []
  for (const endpoint of used) {
    const reason = whyNot(app, endpoint, now)
    if (reason !== undefined) degraded.push({ endpoint: endpoint.name, reason })
  }
  return { serving: degraded.length < used.size, degraded }
}

/** Why no request to the endpoint has a credential, whatever its client sends; undefined where one may have. */
function whyNot(app: App, endpoint: Endpoint, now: boolean): string | undefined {
  const { auth } = endpoint
  if (auth === 'accounts') return app.pool.whyNone(endpoint, now)
  if (auth === 'account') return isUseless(app) ? 'the account is degraded' : undefined
  if (typeof auth !== 'object' || app.config.endpoint_secrets[auth.env]) return undefined
  return `${auth.env} is not set`
}

/** One that is degraded may have a token that serves still. */
function isUseless({ account }: App): boolean {
  const { state, can_serve: canServe } = account.status()
  return state === 'degraded' && !canServe
}

/** By the clock that cannot be set. */
export function uptime(): number {
  return Math.floor(process.uptime())
}

/** How many requests are under way, without the one that asks. */
export function inFlight(app: App, asking: Call): number {
  let count = 0
  for (const call of app.calls) if (call !== asking) count += 1
  return count
}
