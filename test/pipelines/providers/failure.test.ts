import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyError } from '../../../pipelines/errors.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { isTooLong, refusalFrom } from '../../../pipelines/providers/failure.ts'
import { cpuMsOf } from '../../helpers/cpu-time.ts'
import { claude, completed, created, messageStart, only, openai } from './events.ts'

function failureOf(deltas: Delta[]): ProxyError {
  const [delta, ...more] = only('failure', deltas)
  assert.ok(delta)
  assert.equal(more.length, 0)
  return delta.failure
}

function membersOf({ status, type, code, message, param }: ProxyError) {
  return { status, type, code, message, param }
}

const anthropicRows: [type: string, status: number, code: string | null][] = [
  ['invalid_request_error', 400, null],
  ['authentication_error', 401, 'invalid_api_key'],
  ['billing_error', 402, 'insufficient_quota'],
  ['permission_error', 403, null],
  ['not_found_error', 404, null],
  ['conflict_error', 409, null],
  ['request_too_large', 413, 'request_too_large'],
  ['rate_limit_error', 429, 'rate_limit_exceeded'],
  ['timeout_error', 504, null],
  ['overloaded_error', 529, 'overloaded'],
  ['api_error', 500, null],
  ['of_the_future', 500, null],
]

for (const [type, status, code] of anthropicRows) {
  test(`§10.3 Anthropic ${type} is a ${status} with code ${code}`, () => {
    const failure = failureOf(
      claude(messageStart(), { type: 'error', error: { type, message: 'M' } }),
    )

    assert.deepEqual(membersOf(failure), { status, type, code, message: 'M', param: null })
  })
}

const anthropicCodes: [message: string, type: string, details: unknown, code: string | null][] = [
  [
    'prompt is too long: 210000 tokens > 200000 maximum',
    'invalid_request_error',
    null,
    'context_length_exceeded',
  ],
  [
    'input length and `max_tokens` exceed context limit',
    'invalid_request_error',
    null,
    'context_length_exceeded',
  ],
  ['the context window was\nexceeded', 'invalid_request_error', null, 'context_length_exceeded'],
  ['messages.1.tool_use.input: value too long', 'invalid_request_error', null, null],
  ['messages: text is required', 'invalid_request_error', null, null],
  ['model: claude-9', 'not_found_error', null, 'model_not_found'],
  ['file not found', 'not_found_error', null, null],
  ['M', 'rate_limit_error', { error_code: 'own_code' }, 'own_code'],
]

for (const [message, type, details, code] of anthropicCodes) {
  test(`§10.2 Anthropic "${message}" has code ${code}`, () => {
    const failure = failureOf(claude({ type: 'error', error: { type, message, details } }))

    assert.equal(failure.code, code)
  })
}

const responsesRows: [
  code: string | number | null | undefined,
  type: string | undefined,
  status: number,
  told: string,
][] = [
  ['rate_limit_exceeded', undefined, 429, 'rate_limit_error'],
  ['insufficient_quota', 'insufficient_quota', 429, 'insufficient_quota'],
  ['invalid_api_key', 'invalid_request_error', 401, 'invalid_request_error'],
  [null, 'authentication_error', 401, 'authentication_error'],
  ['permission_denied', undefined, 403, 'permission_error'],
  ['model_not_found', 'invalid_request_error', 404, 'invalid_request_error'],
  ['invalid_prompt', undefined, 400, 'invalid_request_error'],
  ['context_length_exceeded', undefined, 400, 'invalid_request_error'],
  ['image_parse_error', undefined, 400, 'invalid_request_error'],
  ['bad_request', undefined, 400, 'invalid_request_error'],
  ['cyber_policy', undefined, 400, 'invalid_request_error'],
  ['server_overloaded', undefined, 503, 'server_error'],
  ['vector_store_timeout', undefined, 504, 'server_error'],
  ['server_error', undefined, 500, 'server_error'],
  [undefined, undefined, 500, 'server_error'],
  ['429', undefined, 429, 'rate_limit_error'],
  [503, undefined, 503, 'server_error'],
]

for (const [code, type, status, told] of responsesRows) {
  test(`§10.3 Responses code ${String(code)}, type ${type} is a ${status}`, () => {
    const error = { code, type, message: 'M' }
    const failure = failureOf(openai(created(), { type: 'error', error }))

    const codeText = code === null || code === undefined ? null : String(code)
    assert.deepEqual(membersOf(failure), {
      status,
      type: told,
      code: codeText,
      message: 'M',
      param: null,
    })
  })
}

test('§10.3 the flat form of the Responses error event reads like the nested one', () => {
  const flat = { type: 'error', code: 'invalid_prompt', message: 'M', param: 'input' }

  assert.deepEqual(membersOf(failureOf(openai(flat))), {
    status: 400,
    type: 'invalid_request_error',
    code: 'invalid_prompt',
    message: 'M',
    param: 'input',
  })
})

test('§8.3 after an error event response.failed is ignored, and the other way round', () => {
  const error = { type: 'error', error: { code: 'server_error', message: 'first' } }
  const failed = {
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'server_error', message: 'second' } },
  }

  assert.equal(failureOf(openai(error, failed)).message, 'first')
  assert.equal(failureOf(openai(failed, error)).message, 'second')
})

test('§8.2 a cancelled response is a failure, whatever event tells it', () => {
  assert.match(
    failureOf(openai(created(), completed({ status: 'cancelled' }))).message,
    /cancelled/,
  )
})

test("a gateway's own error without a type is an error on both upstreams", () => {
  const error = { error: { message: 'gateway', type: 'rate_limit_error' } }

  assert.deepEqual(
    [failureOf(claude(error)), failureOf(openai(error))].map(({ status, message }) => [
      status,
      message,
    ]),
    [
      [429, 'gateway'],
      [429, 'gateway'],
    ],
  )
})

test('an error that is only a text keeps it', () => {
  assert.equal(failureOf(claude({ type: 'error', error: 'busy' })).message, 'busy')
})

test('§10.2 a refusal of many lines that is no event is read at once', async () => {
  const lines = ':\r\n'.repeat(28)

  const cpuMs = await cpuMsOf(() => {
    assert.match(refusalFrom(400, `${lines}x`).message, /^Upstream answered HTTP 400: /)
    assert.equal(refusalFrom(400, `${lines}data: {"error":{"message":"M"}}`).message, 'M')
  })
  assert.ok(cpuMs < 500, `${cpuMs} ms`)
})

test('§10.2 a long message that repeats such words is looked through at once', async () => {
  const words = 'input longer than prompt '.repeat(800)

  const cpuMs = await cpuMsOf(() => {
    assert.equal(isTooLong(words), false)
    assert.equal(isTooLong(`${words} length`), true)
  })
  assert.ok(cpuMs < 500, `${cpuMs} ms`)
})
