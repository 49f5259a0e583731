/** GET /health and GET /ready — whether the process serves, and whether it should be given work. Never a secret. */
import { sendJson } from '../answer.ts'
import type { App, Endpoint } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'

export const health: Endpoint = (_req, res, call) => {
  const { app } = call
  const { state, ...account } = app.account.status()
  const isUsed = usesAccount(app.config)
  const warnings = [...app.warnings, ...(isUsed ? app.account.notes() : [])]
  sendJson(res, 200, {
    status: isUsed && state === 'degraded' ? 'degraded' : 'ok',
    version: app.version,
    uptime_s: Math.floor((Date.now() - app.startedAt) / 1000),
    // the demo says that it has none
    ...((isUsed || app.accountNote !== undefined) && { account }),
    in_flight: inFlight(app, call),
    ...(warnings.length > 0 && { warnings }),
  })
}

export const ready: Endpoint = (_req, res, call) => {
  const reason = call.app.shuttingDown
    ? 'shutting down'
    : usesAccount(call.app.config) && isUseless(call.app)
      ? 'the account is degraded'
      : undefined
  sendJson(res, reason ? 503 : 200, { ready: !reason, ...(reason && { reason }) })
}

/** One that is degraded may have a token that serves still. */
function isUseless({ account }: App): boolean {
  const { state, can_serve: canServe } = account.status()
  return state === 'degraded' && !canServe
}

/** The asking request itself does not count. */
function inFlight(app: App, asking: unknown): number {
  let count = 0
  for (const call of app.calls) if (call !== asking) count += 1
  return count
}
