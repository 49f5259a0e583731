/** GET /requests and GET /requests/{x-request-id} — the last requests to models, for the operator. */
import type { App, Call, Endpoint } from '../app.ts'
import { noStore, sendJson } from '../http/answer.ts'
import type { RequestShown } from '../status/requests.ts'
import { badRequest, ProxyError } from '../../pipelines/errors.ts'

export const recentRequests: Endpoint = async (_req, res, call) => {
  const { limit, status, client } = wishIn(call)
  const all = await kept(call.app)
  const wanted = all.filter(
    (one) =>
      (status === undefined || hasStatus(one, status)) &&
      (client === undefined || (one.client ?? 'none') === client),
  )
  sendJson(
    res,
    200,
    { kept: call.config.recent_requests, requests: wanted.slice(0, limit) },
    noStore,
  )
}

export const oneRequest: Endpoint = async (_req, res, call) => {
  const id = call.path.slice('/requests/'.length)
  const found = (await kept(call.app)).find((one) => one.id === id)
  if (!found) {
    const most = call.config.recent_requests
    throw new ProxyError(
      404,
      'unknown_request',
      `No request of that id is among the last ${most} to models that are over. The log may have it, as reqId.`,
    )
  }
  sendJson(res, 200, found, noStore)
}

async function kept(app: App): Promise<RequestShown[]> {
  const [{ recentRequests: newest }, { redacted }] = await Promise.all([
    import('../status/requests.ts'),
    import('../status/content.ts'),
  ])
  return redacted(newest(app), app)
}

interface Wish {
  /** `5xx`, `429`, or `error` for all that went wrong */
  status: string | undefined
  client: string | undefined
  limit: number
}

const known = ['status', 'client', 'limit']

function wishIn({ query, config }: Call): Wish {
  const asked = new URLSearchParams(query)
  for (const name of asked.keys()) {
    if (!known.includes(name)) {
      throw bad(name, `there is no ${shown(name)}, only ${known.join(', ')}`)
    }
    if (asked.getAll(name).length > 1) throw bad(name, `${name} is given twice`)
  }
  const status = asked.get('status') ?? undefined
  if (status !== undefined && !/^(?:error|[1-5]xx|[1-5]\d\d)$/.test(status)) {
    throw bad('status', `status is ${shown(status)}, expected 5xx, 429 or error`)
  }
  const limit = asked.get('limit') ?? String(config.recent_requests)
  if (!/^\d{1,5}$/.test(limit) || (limit === '0' && asked.has('limit'))) {
    throw bad('limit', `limit is ${shown(limit)}, expected a whole number from 1`)
  }
  return { status, client: asked.get('client') ?? undefined, limit: Number(limit) }
}

function bad(param: string, message: string): ProxyError {
  return badRequest('invalid_value', param.slice(0, 40), message)
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40))
}

function hasStatus({ status = 0, error }: RequestShown, wanted: string): boolean {
  if (wanted === 'error') return error !== undefined || status >= 400
  return wanted.endsWith('xx') ? String(status).startsWith(wanted[0]!) : String(status) === wanted
}
