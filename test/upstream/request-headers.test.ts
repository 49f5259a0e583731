import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeaders, type RequestHeaderParts } from '../../lib/upstream/headers.ts'
import { chosen } from './translated-headers.ts'

const endpoint = {
  name: 'e',
  base_url: 'http://127.0.0.1:9',
  auth: 'account',
  headers: {},
} as const
const model = { name: 'm', id: 'm', type: 'anthropic', reasoning: 'auto' } as const
/** What every request has, whatever came from the client. */
const always = { authorization: 'Bearer ours', host: 'api.test', 'content-length': '7' }

function headersOf(parts: Partial<RequestHeaderParts>): Record<string, string> {
  return requestHeaders({
    client: {},
    pass: 'all',
    endpoint,
    model,
    credential: { header: 'authorization', value: 'Bearer ours' },
    extra: {},
    newId: () => 'new-id',
    contentLength: 7,
    host: 'api.test',
    ...parts,
  })
}

function withHeaders(headers: Record<string, string>, parts: Partial<RequestHeaderParts> = {}) {
  return headersOf({ endpoint: { ...endpoint, headers }, ...parts })
}

test('the key, the host and the length are ours', () => {
  const client = { authorization: 'Bearer client', host: 'localhost:3000', 'content-length': '99' }
  assert.deepEqual(headersOf({ client }), always)
})

const secrets = [
  ['credentials', 'authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie'],
  ['addresses', 'x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via', 'x-real-ip'],
  ['more addresses', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip'],
  ['the page', 'origin', 'referer', 'sec-fetch-mode', 'sec-websocket-key'],
  ['a preflight', 'access-control-request-method'],
  ['the connection', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ['the proxy', 'proxy-authorization', 'proxy-authenticate', 'proxy-connection'],
  ['the form of the body', 'content-encoding', 'expect', 'http2-settings'],
]
for (const [title, ...names] of secrets) {
  test(`row 64, row 65: ${title} of the client’s never goes up`, () => {
    const client = Object.fromEntries(names.map((name) => [name, 'secret']))
    for (const pass of ['all', chosen] as const) {
      assert.deepEqual(headersOf({ client, pass }), always)
    }
  })
}

/** As Claude Code and Codex send them. */
const own = {
  'user-agent': 'cli/1',
  'accept-language': 'de',
  'anthropic-version': '2026-10-21',
  'anthropic-beta': 'a,b',
  'openai-beta': 'x',
  'x-session-id': 's',
}
const meaningless = {
  accept: 'text/event-stream',
  'accept-encoding': 'gzip, br',
  'x-stainless-lang': 'js',
  originator: 'codex_exec',
  'x-app': 'cli',
}

test('all else passes to an upstream of the same API, the client’s version unchanged', () => {
  const client = { ...own, ...meaningless }
  assert.deepEqual(headersOf({ client }), { ...client, ...always })
})

test('only what means something there passes to an upstream of another API', () => {
  const client = { ...own, ...meaningless }
  assert.deepEqual(headersOf({ client, pass: chosen }), { ...own, ...always })
})

test('several values of one name become one line', () => {
  const client = { 'anthropic-beta': ['a', 'b'] as unknown as string }
  assert.equal(headersOf({ client })['anthropic-beta'], 'a, b')
})

test('headers that the body needs go before all others, undefined takes a header out', () => {
  const client = { 'anthropic-beta': 'a', 'x-kept': '1' }
  const added = { 'anthropic-beta': 'b', 'anthropic-version': 'v' }
  assert.deepEqual(withHeaders({ 'anthropic-beta': 'c' }, { client, extra: added }), {
    ...always,
    ...added,
    'x-kept': '1',
  })
  assert.deepEqual(headersOf({ client, extra: { 'anthropic-beta': undefined } }), {
    ...always,
    'x-kept': '1',
  })
})

test('the endpoint’s own headers go before the client’s, in lower case', () => {
  const sent = withHeaders({ 'X-Factory-Client': 'cli' }, { client: { 'x-factory-client': 'x' } })
  assert.deepEqual(sent, { ...always, 'x-factory-client': 'cli' })
})

test('neither the endpoint’s headers nor the body’s replace the key', () => {
  const sent = withHeaders({ Authorization: 'a' }, { extra: { authorization: 'b', host: 'c' } })
  assert.deepEqual(sent, always)
})

test('the key goes by the name that the endpoint wants, alone', () => {
  const credential = { header: 'x-api-key', value: 'k' }
  const sent = headersOf({ credential, client: { authorization: 'Bearer client' } })
  assert.deepEqual(sent, { 'x-api-key': 'k', host: 'api.test', 'content-length': '7' })
})

test('contract §3.13: placeholders are filled in, unknown ones stay', () => {
  const sent = withHeaders({
    a: '{session_id}/{message_id}',
    b: '{provider} {provider}',
    c: '{no}',
  })
  assert.deepEqual(sent, {
    ...always,
    a: 'new-id/new-id',
    b: 'anthropic anthropic',
    c: '{no}',
  })
})

test('contract §3.13: a placeholder stands for one value in all headers of a request', () => {
  const ids = ['first', 'second']
  const sent = withHeaders(
    { a: '{session_id}', b: '{message_id}', c: '{session_id} {message_id}' },
    { newId: () => ids.shift() ?? assert.fail('one id too many') },
  )
  assert.deepEqual([sent.a, sent.b, sent.c], ['first', 'second', 'first second'])
})

test('the provider of the model’s entry goes before its type', () => {
  const sent = withHeaders({ a: '{provider}' }, { model: { ...model, provider: 'bedrock' } })
  assert.equal(sent.a, 'bedrock')
})

test('contract §3.13, row 67: no value can begin another header line', () => {
  const value = 'a\r\nx-evil: 1\0\u007Fé€\tz'
  const safe = 'a x-evil: 1 é?\tz'
  const sent = withHeaders(
    { a: value, s: '{session_id}' },
    {
      client: { 'session-id': 'ok' },
      extra: { b: value },
      credential: { header: 'x-api-key', value },
    },
  )
  assert.deepEqual([sent.a, sent.b, sent['x-api-key'], sent.s], [safe, safe, safe, 'ok'])
})
