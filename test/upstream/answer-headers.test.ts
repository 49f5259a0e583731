import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerHeaders } from '../../lib/upstream/headers.ts'
import { names } from './translated-headers.ts'

/** `rawHeaders` of pairs. */
function raw(headers: Record<string, string>): string[] {
  return Object.entries(headers).flat()
}

const told = {
  'x-request-id': 'req_1',
  'retry-after': '7',
  'retry-after-ms': '7000',
  'x-should-retry': 'true',
  'openai-processing-ms': '12',
  'x-ratelimit-remaining-tokens': '5',
}
const ofTheBody = {
  'content-type': 'text/event-stream',
  'content-length': '10',
  'content-encoding': 'gzip',
  etag: '"x"',
  'x-unknown': 'kept',
  'anthropic-organization-id': 'org',
  server: 'x',
}

test('all the upstream says passes on the transparent road, in its order', () => {
  const sent = { ...ofTheBody, ...told }
  const headers = answerHeaders(raw(sent))
  assert.deepEqual(Object.entries(headers), Object.entries(sent))
})

test('only ids, limits and retry hints pass on the translated road', () => {
  assert.deepEqual(answerHeaders(raw({ ...ofTheBody, ...told }), names), told)
})

const theirs = {
  Connection: 'keep-alive, X-Named',
  'Keep-Alive': 'timeout=5',
  'Transfer-Encoding': 'chunked',
  Trailer: 'x',
  Upgrade: 'h2c',
  'Proxy-Authenticate': 'Basic',
  'X-Named': '1',
  'Set-Cookie': 'a=b',
  'Alt-Svc': 'h3=":443"',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'x',
}
for (const [mode, translated] of [
  ['transparent', undefined],
  ['translated', names],
] as const) {
  test(`row 65: connection, cookies and browser rules stay behind: ${mode}`, () => {
    assert.deepEqual(answerHeaders(raw({ ...theirs, 'Retry-After': '1' }), translated), {
      'retry-after': '1',
    })
  })

  test(`a header that any of several connection lines names stays behind: ${mode}`, () => {
    const lines = ['connection', 'close', 'Connection', 'x-request-id', 'X-Request-Id', 'a']
    assert.deepEqual(answerHeaders(lines, translated), {})
  })

  test(`row 67: no value can begin another header line: ${mode}`, () => {
    const headers = answerHeaders(['X-Request-Id', 'a\r\nset-cookie: b\0€'], translated)
    assert.deepEqual(headers, { 'x-request-id': 'a set-cookie: b ?' })
  })
}

test('a name such as __proto__ or constructor harms nothing', () => {
  const headers = answerHeaders(['constructor', 'a', '__proto__', 'b'])
  assert.equal(headers.constructor, 'a')
  assert.equal(({} as { b?: string }).b, undefined)
})

const limits: [from: string, to: string][] = [
  ['anthropic-ratelimit-requests-limit', 'x-ratelimit-limit-requests'],
  ['anthropic-ratelimit-requests-remaining', 'x-ratelimit-remaining-requests'],
  ['anthropic-ratelimit-requests-reset', 'x-ratelimit-reset-requests'],
  ['anthropic-ratelimit-tokens-limit', 'x-ratelimit-limit-tokens'],
  ['anthropic-ratelimit-tokens-remaining', 'x-ratelimit-remaining-tokens'],
  ['anthropic-ratelimit-tokens-reset', 'x-ratelimit-reset-tokens'],
]
for (const [from, to] of limits) {
  test(`§10.5 ${from} is told by both names to a client of the other API`, () => {
    assert.deepEqual(answerHeaders([from, '1'], names), { [from]: '1', [to]: '1' })
    assert.deepEqual(answerHeaders([from, '1']), { [from]: '1' })
  })
}

test('limits that OpenAI has no name for keep Anthropic’s only', () => {
  const headers = { 'anthropic-ratelimit-input-tokens-limit': '1' }
  assert.deepEqual(answerHeaders(raw(headers), names), headers)
})

test('a limit that the upstream tells by OpenAI’s name itself is not replaced', () => {
  const headers = {
    'x-ratelimit-limit-tokens': '1',
    'anthropic-ratelimit-tokens-limit': '2',
  }
  assert.deepEqual(answerHeaders(raw(headers), names), headers)
})

test('Anthropic’s request-id is an x-request-id for clients of the other API', () => {
  const theirId = { 'request-id': 'req_a' }
  assert.deepEqual(answerHeaders(raw(theirId), names), {
    ...theirId,
    'x-request-id': 'req_a',
  })
  assert.deepEqual(answerHeaders(raw(theirId)), theirId)
  const both = { 'request-id': 'req_a', 'x-request-id': 'req_b' }
  assert.deepEqual(answerHeaders(raw(both), names), both)
})
