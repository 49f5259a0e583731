/**
 * Nothing is lost on the way through the neutral request: what is read of a client and written in the words of the same API
 * again, though no request takes that road, says the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clients, providers, type ClientApi } from '../../pipelines/index.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Model } from '../../pipelines/model.ts'
import { isSealed } from '../../pipelines/neutral/seal.ts'
import { sealed, type AnyRequest } from './clients/any-request.ts'
import { chatRequests } from './clients/chat/requests.ts'
import { messagesRequests } from './clients/messages/requests.ts'
import { responsesRequests } from './clients/responses/requests.ts'

/** `added`: what only the writer says. */
const rows: Record<ClientApi, { requests: fc.Arbitrary<AnyRequest>; added: JsonObject }> = {
  chat: { requests: chatRequests, added: {} },
  messages: { requests: messagesRequests, added: { stream: false } },
  responses: { requests: responsesRequests, added: { store: false, stream: false } },
}

/** As the provider gets it: with what was under our seals. */
function opened(body: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(body, (_key, value) => (isSealed(value) ? sealed : value)))
}

for (const provider of Object.values(providers)) {
  const { api, write } = provider
  if (api === undefined) continue
  const { requests, added } = rows[api]

  test(`§1.1 nothing of a ${api} request is lost on the way through the neutral request`, () => {
    fc.assert(
      fc.property(requests, ({ model: id, body }) => {
        const model: Model = { id, reasoning: 'auto' }
        const sent = { model: id, ...body }
        const { request } = clients[api].read(structuredClone(sent), {})
        const context = { model, endpoint: 'here', systemPrompt: '', headers: {}, stream: false }

        const { body: written, dropped } = write(request, context)

        assert.deepEqual(written, { ...opened(sent), ...added })
        assert.deepEqual(dropped, [])
      }),
      { numRuns: 500 },
    )
  })
}
