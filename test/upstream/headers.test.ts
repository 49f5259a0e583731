/** Which headers travel, in both directions. */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { answerHeaders, requestHeaders } from '../../lib/upstream/headers.ts'
import { chosen, names } from './translated-headers.ts'

/** Each of them once. */
function idsFrom(ids: string[]): () => string {
  return () => ids.shift() ?? assert.fail('one id too many')
}

function sent(
  client: IncomingHttpHeaders,
  pass: 'all' | readonly string[] = 'all',
  more: {
    headers?: Record<string, string>
    provider?: string
    extra?: Record<string, string | undefined>
  } = {},
): Record<string, string> {
  const {
    host: _,
    'content-length': __,
    ...headers
  } = requestHeaders({
    client,
    pass,
    endpoint: {
      name: 'e',
      base_url: 'http://x',
      auth: 'account',
      headers: more.headers ?? {},
    },
    model: {
      name: 'm',
      id: 'm',
      type: 'openai',
      reasoning: 'auto',
      ...(more.provider && { provider: more.provider }),
    },
    credential: { header: 'authorization', value: 'Bearer ours' },
    extra: more.extra ?? {},
    newId: idsFrom(['new-id', 'other-id']),
    contentLength: 2,
    host: 'upstream:1',
  })
  return headers
}

const withheld = [
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'host',
  'origin',
  'referer',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'sec-fetch-site',
  'expect',
  'te',
  'trailer',
  'upgrade',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'http2-settings',
]

for (const name of withheld) {
  test(`${name} of the client stays here`, () => {
    assert.doesNotMatch(JSON.stringify(sent({ [name]: 'theirs' })), /theirs/)
  })
}

test('headers that the client names in Connection do not go up either', () => {
  assert.deepEqual(sent({ connection: 'close, X-Mine', 'x-mine': '1', 'x-other': '2' }), {
    'x-other': '2',
    authorization: 'Bearer ours',
  })
})

test('between APIs only what still means something travels', () => {
  const client = {
    'anthropic-beta': 'a',
    'openai-organization': 'o',
    'user-agent': 'u',
    'x-session-id': 's',
    'x-stainless-lang': 'js',
    'content-encoding': 'x',
    'idempotency-key': 'k',
  }

  assert.deepEqual(Object.keys(sent(client, chosen)).toSorted(), [
    'anthropic-beta',
    'authorization',
    'openai-organization',
    'user-agent',
    'x-session-id',
  ])
})

test('the endpoint’s headers are filled in; unknown braces stay', () => {
  const headers = { 'X-All': '{session_id} {message_id} {provider} {constructor}' }

  assert.equal(sent({}, 'all', { headers })['x-all'], 'new-id other-id openai {constructor}')
  for (const name of ['x-session-id', 'x-claude-code-session-id', 'session-id']) {
    assert.match(sent({ [name]: 'mine' }, 'all', { headers })['x-all'] ?? '', /^mine /)
  }
})

test('no value can begin another header, and none is beyond what a header can hold', () => {
  const headers = { 'x-all': '{provider}' }

  assert.equal(sent({}, 'all', { headers, provider: 'a\r\nx-evil: 1' })['x-all'], 'a x-evil: 1')
  assert.equal(sent({}, 'all', { headers, provider: '智谱 é' })['x-all'], '?? é')
})

test('headers that the body needs replace the client’s, and undefined removes one', () => {
  const extra = { 'content-type': 'application/json', 'anthropic-beta': undefined }

  assert.deepEqual(
    sent({ 'anthropic-beta': 'a', 'content-type': 'text/plain' }, 'all', { extra }),
    {
      'content-type': 'application/json',
      authorization: 'Bearer ours',
    },
  )
})

const answer = [
  'Content-Type',
  'application/json',
  'Content-Length',
  '2',
  'Content-Encoding',
  'gzip',
  'Connection',
  'X-Hop',
  'X-Hop',
  '1',
  'Keep-Alive',
  'timeout=5',
  'Transfer-Encoding',
  'chunked',
  'Set-Cookie',
  'a=b',
  'Alt-Svc',
  'h3',
  'Access-Control-Allow-Origin',
  '*',
  'Request-Id',
  'req_1',
  'Retry-After',
  '3',
  'anthropic-ratelimit-requests-limit',
  '50',
  'anthropic-ratelimit-requests-reset',
  '2026-01-01T00:00:00Z',
  'X-Twice',
  '1',
  'X-Twice',
  '2',
]

test('transparent: all but what belongs to the connection, cookies and words to browsers', () => {
  assert.deepEqual(answerHeaders(answer), {
    'content-type': 'application/json',
    'content-length': '2',
    'content-encoding': 'gzip',
    'request-id': 'req_1',
    'retry-after': '3',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
    'x-twice': ['1', '2'],
  })
})

test('translated: ids, hints and limits, in OpenAI’s words as well', () => {
  assert.deepEqual(answerHeaders(answer, names), {
    'request-id': 'req_1',
    'x-request-id': 'req_1',
    'retry-after': '3',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
    'x-ratelimit-limit-requests': '50',
    'x-ratelimit-reset-requests': '2026-01-01T00:00:00Z',
  })
})

test('translated: the upstream’s own limits and id win', () => {
  const raw = [
    'x-request-id',
    'own',
    'request-id',
    'other',
    'x-ratelimit-limit-requests',
    '7',
    'anthropic-ratelimit-requests-limit',
    '50',
  ]

  const headers = answerHeaders(raw, names)

  assert.equal(headers['x-request-id'], 'own')
  assert.equal(headers['x-ratelimit-limit-requests'], '7')
})
