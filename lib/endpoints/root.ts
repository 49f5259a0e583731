/** GET / — what this is and where to go. Claude Code asks HEAD / before its first call. */
import { sendJson } from '../answer.ts'
import type { Endpoint } from '../app.ts'

/** `routes` is asked when a request comes, as the route table holds this endpoint itself. */
export function root(routes: () => string[]): Endpoint {
  return (_req, res, call) => {
    sendJson(res, 200, { name: 'droid2api', version: call.app.version, routes: routes() })
  }
}
