/** An error in the envelope of each client's API, as a body and as the last event of a stream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxyError } from '../../../pipelines/errors.ts'
import { clients } from '../../../pipelines/index.ts'

const fault = new ProxyError(500, 'internal_error', 'It\nfailed.', { param: 'x' })
const { message, type, code, param } = fault

const bodies = {
  chat: { error: { message, type, param, code } },
  messages: {
    type: 'error',
    error: { type: 'api_error', message: `x: ${message}` },
    request_id: 'r1',
  },
  responses: { error: { message, type, param, code } },
}

const broken = { type: 'error', error: { type, code, message, param } }

const failed = {
  type: 'response.failed',
  response: {
    id: 'resp_r1',
    object: 'response',
    status: 'failed',
    error: { code, message },
    output: [],
    usage: null,
  },
}

const events = {
  chat: `data: ${JSON.stringify(bodies.chat)}\n\n`,
  messages: `event: error\ndata: ${JSON.stringify(bodies.messages)}\n\n`,
  responses: `event: error\ndata: ${JSON.stringify(broken)}\n\nevent: response.failed\ndata: ${JSON.stringify(failed)}\n\n`,
}

for (const api of ['chat', 'messages', 'responses'] as const) {
  test(`contract §2.6: an error in the envelope of ${api}`, () => {
    assert.deepEqual(clients[api].errorBody(fault, 'r1'), bodies[api])
    assert.equal(clients[api].errorEvent(fault, 'r1'), events[api])
  })
}
