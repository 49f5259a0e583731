/** GET /health and GET /ready — whether the process serves, and whether it should be given work. Never a secret. */
import { sendJson } from '../answer.ts'
import type { App, Endpoint } from '../app.ts'

export const health: Endpoint = (_req, res, call) => {
  const { app } = call
  const { state, ...account } = app.account.status()
  const warnings = [...app.warnings, ...app.account.notes()]
  sendJson(res, 200, {
    status: state === 'degraded' ? 'degraded' : 'ok',
    version: app.version,
    uptime_s: Math.floor((Date.now() - app.startedAt) / 1000),
    account,
    in_flight: inFlight(app, call),
    ...(warnings.length > 0 && { warnings }),
  })
}

export const ready: Endpoint = (_req, res, call) => {
  const reason = call.app.shuttingDown
    ? 'shutting down'
    : call.app.account.status().state === 'degraded'
      ? 'the account is degraded'
      : undefined
  sendJson(res, reason ? 503 : 200, { ready: !reason, ...(reason && { reason }) })
}

/** The asking request itself does not count. */
function inFlight(app: App, asking: unknown): number {
  let count = 0
  for (const call of app.calls) if (call !== asking) count += 1
  return count
}
