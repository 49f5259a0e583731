/** A request from a file or a pipe as the proxy would take it, without a proxy that runs and without anybody being asked. */
import { validateHeaderName, validateHeaderValue, type IncomingHttpHeaders } from 'node:http'
import { Call, type App } from '../app.ts'
import { keyNeeded, presentedKeys, whyRefused } from '../guard.ts'
import { checkSize, withoutMark } from '../http/body.ts'
import { match, type Match } from '../routes.ts'
import { requestId } from '../server.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { parseJsonObject } from '../../pipelines/json/request-body.ts'
import { explain, type Explained } from '../explain/explain.ts'

/** What was given cannot be a request. The message is one line that names what is wrong. */
export class NoRequest extends Error {}

export interface Given {
  bytes: Buffer
  /** where the bytes are from, for people */
  from: string
  /** the path of an API, with a query or without */
  route: string
  /** in place of the model that the body names */
  model: string | undefined
  /** such as `accept: text/event-stream` */
  headers: readonly string[]
}

/** A request, and the very errors that it gets. */
export interface Offline {
  call: Call
  explained: Promise<Explained>
}

/** Throws NoRequest. */
export function offline(app: App, given: Given): Offline {
  const found = routeOf(given.route)
  const headers = headersOf(given.headers)
  const body = bodyOf(given)
  const { client, path, query, route } = found
  const id = requestId(headers)
  const name = route?.name ?? path
  const parts = { app, id, method: 'POST', client, path, query, headers, route: name, asks: false }
  const call = new Call(parts)
  return { call, explained: asked(call, body) }
}

async function asked(call: Call, body: Buffer): Promise<Explained> {
  const { config, headers } = call
  const { caller } = presentedKeys(headers, config.prepared.clientKeys)
  const refused = caller && whyRefused(caller)
  if (refused !== undefined) throw keyNeeded(refused)
  call.caller = caller
  checkSize(body.length, config.max_body_mb * 1024 * 1024)
  return await explain(call, body)
}

function routeOf(route: string): Match {
  const found = match(route.startsWith('/') ? route : `/${route}`, true)
  if (found.route?.dry) return found
  throw new NoRequest(
    `no models are asked at ${JSON.stringify(route)}: --route is /v1/chat/completions, /v1/messages, /v1/responses or a path below`,
  )
}

/** As Node reads them from a connection. */
function headersOf(lines: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  const given: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, Math.max(at, 0)).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      // the text may hold a key, so it is not shown
      throw new NoRequest("a --header is not of the form 'name: value'")
    }
    given[name] = given[name] === undefined ? value : `${given[name]}, ${value}`
  }
  delete given['x-droid2api-explain']
  return { ...headers, ...given }
}

function bodyOf({ bytes, from, model }: Given): Buffer {
  const body = withoutMark(bytes)
  try {
    parseJsonObject(body)
    if (model === undefined) return body
    const document = JsonDocument.parse(body)
    document.set('model', model)
    return Buffer.concat(document.pieces())
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    throw new NoRequest(`${from}: ${error.message}`)
  }
}
