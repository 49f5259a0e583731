/**
 * What the demo's four APIs share: each reads a request as an ask and answers with a script. Beside every answer are the
 * provider's headers, and errors have the provider's shape.
 */
import type { Ask } from './ask.ts'
import { googleErrorBody } from './google-error.ts'
import type { Script } from './script.ts'
import { clients, type ClientApi } from '../../pipelines/index.ts'
import type { ProxyError } from '../../pipelines/errors.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'

export interface DemoApi {
  /** Throws ProxyError 400 for a request that the provider would refuse. */
  ask(body: JsonObject): Ask
  answer(body: JsonObject, script: Script): DemoAnswer
}

/** One answer in both forms. */
export interface DemoAnswer {
  body: object
  /** The same as events; those that carry a piece of the answer are marked. */
  events(): DemoEvent[]
  /** What follows the first `sent` events when the provider fails in mid-answer. */
  failure(sent: number): DemoEvent[]
}

export interface DemoEvent {
  /** as it is sent; may be several events, or none */
  text: string
  /** worth a pause, as a model would make one */
  piece?: boolean
}

/** An event whose `type` is also its name. */
export function namedEvent(name: string, members: object, piece = false): DemoEvent {
  return { text: `event: ${name}\ndata: ${JSON.stringify({ type: name, ...members })}\n\n`, piece }
}

/** The error that `error midstream` brings. */
export const midstreamMessage = 'The demo upstream failed in mid-answer, as it was asked to.'

/** Whose errors and headers an answer has: of a provider whose API clients speak too, or of Google. */
export type Manner = ClientApi | 'google'

/** Request id and rate limits, by the names of each provider; Google has none. The limits never shrink. */
export function providerHeaders(manner: Manner, requestId: string): Record<string, string> {
  if (manner === 'google') return {}
  if (manner === 'messages') {
    const reset = new Date(Date.now() + 60_000).toISOString()
    return {
      'request-id': requestId,
      'anthropic-ratelimit-requests-limit': '1000',
      'anthropic-ratelimit-requests-remaining': '999',
      'anthropic-ratelimit-requests-reset': reset,
      'anthropic-ratelimit-tokens-limit': '1000000',
      'anthropic-ratelimit-tokens-remaining': '999000',
      'anthropic-ratelimit-tokens-reset': reset,
    }
  }
  return {
    'x-request-id': requestId,
    'x-ratelimit-limit-requests': '1000',
    'x-ratelimit-remaining-requests': '999',
    'x-ratelimit-reset-requests': '60ms',
    'x-ratelimit-limit-tokens': '1000000',
    'x-ratelimit-remaining-tokens': '999000',
    'x-ratelimit-reset-tokens': '60ms',
  }
}

/** An error in the provider's shape: its body, and the headers that go with it. */
export function errorAnswer(
  manner: Manner,
  requestId: string,
  error: ProxyError,
): { body: object; headers: Record<string, string> } {
  const { status, message, headers } = error
  if (manner !== 'google') return { body: clients[manner].errorBody(error, requestId), headers }
  return { body: googleErrorBody(status, message, headers['retry-after']), headers: {} }
}
