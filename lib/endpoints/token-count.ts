/** A model's provider as it counts the tokens of a request in place of an answer: never a guess of ours. */
import type { Call } from '../app.ts'
import { placeOf } from '../config/models.ts'
import type { Model } from '../config/types.ts'
import { unservedPath } from './unserved-path.ts'
import { brokenProtocol } from '../../pipelines/errors.ts'
import { providers, type Provider } from '../../pipelines/index.ts'
import { failed, type Delta } from '../../pipelines/neutral/delta.ts'

/** Of endpoints that answer, but do not count. */
const cannot = new Set([404, 405, 501])

/** `subPath`: of the client's API. Throws ProxyError where the model's endpoint has no count. */
export function countingOf(call: Call, model: Model, subPath: string): Provider {
  const provider = providers[model.type]
  const { counting } = provider
  const { path } = placeOf(call.config, model).whole.address
  const at = counting?.path(path)
  if (!counting || at === undefined) throw unservedPath(call, subPath, model)
  return {
    ...provider,
    at,
    write: (request, context) => {
      const written = provider.write(request, context)
      return { ...written, body: counting.body(written.body, at), dropped: [] }
    },
    body: (answer) => deltasOf(answer[counting.member]),
    failure: (status, body) =>
      cannot.has(status) ? unservedPath(call, subPath, model) : provider.failure(status, body),
  }
}

function deltasOf(tokens: unknown): Delta[] {
  if (typeof tokens !== 'number') {
    return [failed(brokenProtocol('The upstream was asked to count tokens, and told no count.'))]
  }
  return [
    { type: 'start', id: undefined },
    { type: 'usage', usage: { inputTokens: tokens, outputTokens: 0 } },
    { type: 'stop', reason: 'stop' },
  ]
}
