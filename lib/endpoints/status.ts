/** GET /status.json — what an operator looks at; GET /status the same, where no page is asked for. */
import type { Call, Endpoint } from '../app.ts'
import { noStore, sendJson } from '../http/answer.ts'
import type { StatusContent } from '../status/content.ts'

export const status: Endpoint = async (_req, res, call) => {
  sendJson(res, 200, await contentFor(call), noStore)
}

/** For the address by which the request came. */
export async function contentFor(call: Call): Promise<StatusContent> {
  const [{ statusContent }, { addressReached }] = await Promise.all([
    import('../status/content.ts'),
    import('../status/address.ts'),
  ])
  return await statusContent(call, addressReached(call))
}
