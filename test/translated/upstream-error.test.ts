/** What an upstream's HTTP error becomes: §10.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstreamRefusal } from '../../lib/translated/answer.ts'
import type { ProxyError } from '../../pipelines/errors.ts'
import { providers } from '../../pipelines/index.ts'

const words = 'x'.repeat(900)

const rows: [status: number, body: unknown, failure: Partial<ProxyError>, ours?: boolean][] = [
  [
    529,
    { type: 'error', error: { type: 'overloaded_error', message: 'M' } },
    { type: 'overloaded_error', message: 'M', code: 'overloaded' },
  ],
  [
    429,
    { error: { message: 'M', type: 't', param: 'p', code: 'c' } },
    { message: 'M', type: 't', param: 'p', code: 'c' },
  ],
  [400, { error: { message: 'M', code: 400 } }, { code: '400', type: 'invalid_request_error' }],
  [400, { error: { message: 'M' } }, { type: 'invalid_request_error', code: null }],
  [422, { error: { message: 'M' } }, { type: 'invalid_request_error' }],
  [401, { error: { message: 'M' } }, { type: 'authentication_error', message: 'M' }],
  [403, { error: { message: 'M' } }, { type: 'permission_error' }],
  [404, { error: { message: 'M' } }, { type: 'not_found_error' }],
  [413, { error: { message: 'M' } }, { type: 'request_too_large' }],
  [429, { error: { message: 'M' } }, { type: 'rate_limit_error' }],
  [500, { error: { message: 'M' } }, { type: 'server_error' }],
  [500, { error: 't' }, { message: 't', type: 'server_error', code: null }],
  [422, { detail: 't' }, { message: 't', type: 'invalid_request_error', code: null }],
  [500, { message: 't' }, { message: 't' }],
  [500, { a: 1 }, { message: 'Upstream answered HTTP 500: {"a":1}', type: 'upstream_error' }],
  [502, '', { message: 'Upstream answered HTTP 502', type: 'upstream_error' }],
  [502, `<b>${words}</b>`, { message: `Upstream answered HTTP 502: ${words.slice(0, 300)}` }],
  [
    401,
    { error: { message: 'M' } },
    { message: 'Upstream refused the proxy\u0027s credentials: M' },
    true,
  ],
  [429, { error: { message: 'M' } }, { message: 'M' }, true],
]

for (const [status, body, expected, ours = false] of rows) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  test(`§10.2 ${status} ${text.slice(0, 60)}${ours ? ', with our credential' : ''}`, () => {
    const failure = upstreamRefusal(providers.anthropic, status, text, ours)

    assert.equal(failure.status, status)
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(failure[name as keyof ProxyError], value, name)
    }
  })
}
