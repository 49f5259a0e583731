/** GET /usage/me — what the holder of a client key may use, and has used. */
import { sendJson } from '../http/answer.ts'
import type { Endpoint } from '../app.ts'
import { limitsOf } from '../status/client-limits.ts'
import { ProxyError } from '../../pipelines/errors.ts'

export const ownUsage: Endpoint = async (_req, res, { app, caller }) => {
  if (!caller) {
    const message = 'This proxy has no client keys, so nothing is counted by client.'
    throw new ProxyError(404, 'no_clients', message)
  }
  await app.limits.learn(caller)
  const { name, models, expires } = caller
  const { requests, tokens } = app.limits.today(caller)
  sendJson(res, 200, {
    client: name,
    ...(models && { models }),
    ...(expires !== undefined && { expires }),
    today: { requests, tokens },
    under_way: app.limits.underWay(caller),
    limits: limitsOf(caller, app.limits),
  })
}
