/** GET /status.json — what an operator looks at; GET /status the same. */
import type { Endpoint } from '../app.ts'
import { sendJson } from '../http/answer.ts'

export const status: Endpoint = async (_req, res, call) => {
  const [{ statusContent }, { addressReached }] = await Promise.all([
    import('../status/content.ts'),
    import('../status/address.ts'),
  ])
  const content = await statusContent(call, addressReached(call))
  sendJson(res, 200, content, { 'cache-control': 'no-store' })
}
