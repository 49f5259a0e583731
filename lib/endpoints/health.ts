/** GET /health and GET /ready — whether the process serves, and whether it should be given work. Never a secret. */
import { seesAll } from '../admin.ts'
import { sendJson } from '../http/answer.ts'
import type { Endpoint } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { endpointsOf, inFlight, healthOf, uptime } from '../status/health.ts'

export const health: Endpoint = async (req, res, call) => {
  const { app, config } = call
  // others see how many accounts there are, and how they are
  const isNamed = seesAll(req, config)
  const { state: status, degraded, warnings } = healthOf(app, isNamed)
  const { state: _state, ...account } = app.account.status()
  const { named: accounts, quota } = isNamed
    ? (await import('../status/accounts.ts')).accountsForHealth(app)
    : { named: app.pool.status(), quota: undefined }
  sendJson(res, 200, {
    status,
    version: app.version,
    uptime_s: uptime(),
    // the demo has none, and shows that
    ...((usesAccount(app.config) || app.accountNote !== undefined) && {
      account: { ...account, quota },
    }),
    ...(accounts.length > 0 && { accounts }),
    in_flight: inFlight(app, call),
    ...(degraded.length > 0 && { degraded }),
    ...(warnings.length > 0 && { warnings }),
  })
}

/** 200 while anything can be served: a replica with a 503 gets no requests at all. */
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
