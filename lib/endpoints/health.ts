/** GET /health and GET /ready — whether the process serves, and whether it should be given work. Never a secret. */
import { sendJson } from '../http/answer.ts'
import type { App, Endpoint } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { endpointOf } from '../config/models.ts'
import type { Endpoint as EndpointConfig } from '../config/types.ts'

export const health: Endpoint = (_req, res, call) => {
  const { app } = call
  const { state, ...account } = app.account.status()
  const isUsed = usesAccount(app.config)
  const notes = [...(isUsed ? app.account.notes() : []), ...app.pool.notes()]
  const warnings = [...app.warnings, ...notes, ...app.usage.warnings, ...app.limits.warnings]
  const { degraded } = endpointsOf(app, true)
  const accounts = app.pool.status()
  const isDegraded = degraded.length > 0 || (isUsed && state === 'degraded')
  sendJson(res, 200, {
    status: isDegraded ? 'degraded' : 'ok',
    version: app.version,
    uptime_s: Math.floor((Date.now() - app.startedAt) / 1000),
    // the demo has none, and shows that
    ...((isUsed || app.accountNote !== undefined) && { account }),
    ...(accounts.length > 0 && { accounts }),
    in_flight: inFlight(app, call),
    ...(degraded.length > 0 && { degraded }),
    ...(warnings.length > 0 && { warnings }),
  })
}

/** 200 while anything can be served: a replica that is taken out of service serves nobody. */
export const ready: Endpoint = (_req, res, { app }) => {
  const { serving, degraded } = endpointsOf(app, false)
  const isReady = !app.shuttingDown && (serving || degraded.length === 0)
  const reasons = new Set(degraded.map(({ reason }) => reason))
  const reason = app.shuttingDown ? 'shutting down' : [...reasons].join('; ')
  sendJson(res, isReady ? 200 : 503, {
    ready: isReady,
    ...(!isReady && { reason }),
    ...(degraded.length > 0 && { degraded }),
  })
}

interface Degraded {
  endpoint: string
  reason: string
}

/** Of the endpoints that some model leads to: those that have no credential (`now`: at the moment), and whether another serves. */
function endpointsOf(app: App, now: boolean): { serving: boolean; degraded: Degraded[] } {
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
function whyNot(app: App, endpoint: EndpointConfig, now: boolean): string | undefined {
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

/** Without the request that asks. */
function inFlight(app: App, asking: unknown): number {
  let count = 0
  for (const call of app.calls) if (call !== asking) count += 1
  return count
}
