/** How a Responses stream that has begun tells why it failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  responsesErrorBody,
  responsesFailure,
} from '../../../../pipelines/clients/responses/errors.ts'
import { ProxyError, type ProxyErrorDetail } from '../../../../pipelines/errors.ts'

const failures: [status: number, code: string | null, shown: string, detail?: ProxyErrorDetail][] =
  [
    [400, 'context_length_exceeded', 'context_length_exceeded'],
    [429, 'insufficient_quota', 'insufficient_quota'],
    [429, null, 'rate_limit_exceeded'],
    [429, 'too_many', 'rate_limit_exceeded'],
    [503, null, 'overloaded'],
    [529, 'x', 'overloaded'],
    [500, 'server_is_overloaded', 'overloaded'],
    [500, 'slow_down', 'overloaded'],
    [500, null, 'overloaded', { type: 'overloaded_error' }],
    [400, 'invalid_value', 'invalid_prompt'],
    [403, null, 'invalid_prompt'],
    [408, null, 'server_error'],
    [409, 'conflict', 'conflict'],
    [500, null, 'server_error'],
    [502, 'upstream_truncated', 'upstream_truncated'],
    [504, 'upstream_timeout', 'upstream_timeout'],
  ]
for (const [status, code, shown, detail] of failures) {
  test(`§17.9 ${status} ${code} ${detail?.type ?? ''} is ${shown}`, () => {
    const failure = responsesFailure(new ProxyError(status, code, 'why', detail))

    assert.deepEqual(failure, { code: shown, message: 'why' })
  })
}

test('§17.9 a 429 says when to try again, if the upstream did', () => {
  const error = new ProxyError(429, null, 'Too many.', { headers: { 'retry-after': '7' } })

  assert.equal(responsesFailure(error).message, 'Too many. Please try again in 7s.')
})

test('§17.9 a 429 that ends only after a minute says when in the form that Codex shows, and ends', () => {
  const nowS = Date.now() / 1000
  const hour = ['3600', new Date(Date.now() + 3_600_000).toUTCString()]
  for (const after of hour) {
    const error = new ProxyError(429, 'client_limit', 'Spent.', {
      headers: { 'retry-after': after },
    })

    const { resets_at: resetsAt, ...body } = responsesErrorBody(error).error

    assert.deepEqual(body, {
      message: 'Spent.',
      type: 'usage_limit_reached',
      param: null,
      code: 'client_limit',
    })
    assert.ok(Math.abs(resetsAt! - nowS - 3600) < 5, String(resetsAt))
    assert.equal(responsesFailure(error).message, 'Spent.')
  }
})

test('§17.9 a 429 that ends within a minute, or nobody knows when, is waited for', () => {
  for (const headers of [{ 'retry-after': '60' }, { 'retry-after': 'soon' }, {}]) {
    const { error } = responsesErrorBody(new ProxyError(429, null, 'Busy.', { headers }))

    assert.deepEqual(error, { message: 'Busy.', type: 'rate_limit_error', param: null, code: null })
  }
})
