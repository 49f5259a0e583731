/** `x-droid2api-explain` at a running proxy: the answer says what would go up, and nothing does. */
import type { IncomingHttpHeaders } from 'node:http'
import { hasAdminKey } from '../admin.ts'
import { Call, type Endpoint } from '../app.ts'
import type { Config } from '../config/types.ts'
import { isFree } from '../endpoints/ask.ts'
import { noStore, sendJson } from '../http/answer.ts'
import { withBody } from '../http/body.ts'
import { explain, withMasks } from './explain.ts'

export const answerExplained: Endpoint = async (req, res, call) => {
  const asked = asToBeSent(call)
  const { app, caller, client, path } = asked
  if (!isFree.test(path)) await app.limits.look({ caller, client })
  const explained = await withBody(req, call, (bytes) => explain(asked, bytes))
  sendJson(res, 200, { explain: withMasks(explained) }, noStore)
}

/** The same request without the order, and without the operator's key. What becomes of it is in no log line. */
function asToBeSent(call: Call): Call {
  const { app, id, client, path, query, record } = call
  const { method, route } = record
  const headers = withoutOrders(call.headers, call.config)
  const asked = new Call({ app, id, method, client, path, query, headers, route, asks: false })
  asked.caller = call.caller
  return asked
}

function withoutOrders(headers: IncomingHttpHeaders, config: Config): IncomingHttpHeaders {
  const { 'x-droid2api-explain': _order, ...rest } = headers
  for (const name of ['authorization', 'x-api-key'] as const) {
    if (hasAdminKey({ [name]: rest[name] }, config)) delete rest[name]
  }
  return rest
}
