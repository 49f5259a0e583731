/** How a Responses stream that has begun tells why it failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { responsesFailure } from '../../../../pipelines/clients/responses/errors.ts'
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
