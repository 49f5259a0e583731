/** A path below that of a client's API, asked for a model that does not serve it. */
import type { Call } from '../app.ts'
import type { Model } from '../config/types.ts'
import { ProxyError, badRequest } from '../../pipelines/errors.ts'
import { clients, providers } from '../../pipelines/index.ts'

const counts = new Set(['/count_tokens', '/input_tokens'])

/** A count needs an API that counts; all else that stands below an API's own path, only models of that API serve. */
export function unservedPath({ client, path }: Call, subPath: string, { id }: Model): ProxyError {
  if (counts.has(subPath)) {
    const message = `Token counting is not available for the model ${JSON.stringify(id)}.`
    return new ProxyError(404, 'not_found', message)
  }
  const types = Object.entries(providers)
    .filter(([, { api }]) => api !== undefined && clients[api] === client)
    .map(([type]) => type)
  const message = `${path} is served for models of type ${types.join(' or ')} only.`
  return badRequest('wrong_route', 'model', message)
}
