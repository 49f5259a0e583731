/** GET /health and GET /ready — whether the process serves, and whether it should be given work. Never a secret. */
import type { IncomingMessage } from 'node:http'
import { seesAll } from '../admin.ts'
import { sendJson } from '../http/answer.ts'
import type { App, Call, Endpoint } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { endpointsOf, inFlight, standingOf, uptimeOf } from '../status/standing.ts'

export const health: Endpoint = async (req, res, call) => {
  const { app } = call
  const isNamed = seesNames(req, call)
  const { state: status, degraded, warnings } = standingOf(app, isNamed)
  const { state: _state, ...account } = app.account.status()
  const { named: accounts, quota } = isNamed ? await allOf(app) : withoutNames(app)
  sendJson(res, 200, {
    status,
    version: app.version,
    uptime_s: uptimeOf(app),
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

/** Names and quota of accounts are for who may look; others see how many there are, and how they are. */
function seesNames({ socket, url = '' }: IncomingMessage, { config, headers }: Call): boolean {
  // an address in full goes before the Host header, and no probe writes one
  const host = url.startsWith('/') ? headers.host : undefined
  return seesAll({ headers, host, peer: socket.remoteAddress }, config)
}

async function allOf(app: App) {
  const { accountsForHealth } = await import('../status/accounts.ts')
  return accountsForHealth(app)
}

function withoutNames({ pool }: App) {
  return { named: pool.status(), quota: undefined }
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
