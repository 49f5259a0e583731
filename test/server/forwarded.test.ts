/** A front proxy on this machine that calls the proxy by its loopback address, for callers who may be anywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const model = 'claude-sonnet-4-5'
const hello = { model, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
const account = { FACTORY_API_KEY: 'fk-of-the-account' }
const key = 'key-of-alice-3f9a1c'

const elsewhere: Record<string, string>[] = [
  { 'x-forwarded-for': '192.0.2.1' },
  // what the caller wrote comes first, what the front proxy saw last
  { 'x-forwarded-for': '127.0.0.1, 192.0.2.1' },
  { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '192.0.2.1' },
  { 'x-forwarded-for': '10.0.0.7:4711' },
  { 'x-forwarded-for': 'unknown' },
  { 'x-real-ip': '2001:db8::1' },
  { 'cf-connecting-ip': '192.0.2.1' },
  { 'true-client-ip': '192.0.2.1' },
  { 'x-client-ip': '192.0.2.1' },
  { forwarded: 'for="[2001:db8::1]:4711";proto=https' },
  { forwarded: 'for=127.0.0.1, for=192.0.2.1;host=droid.example.com' },
  { forwarded: 'for=_hidden' },
  { forwarded: 'proto=https' },
  // a front proxy shows itself and not for whom it asks
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-host': 'droid.example.com' },
]
const here: Record<string, string>[] = [
  {},
  { via: '1.1 tinyproxy' },
  { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.test' },
  { 'x-forwarded-for': '::1, ::ffff:127.0.0.1', 'x-real-ip': '127.0.0.1:50123' },
  { forwarded: 'for="[::1]:50123";proto=http, for=127.0.0.1' },
]

async function started(
  t: Parameters<typeof startUpstream>[0],
  config: Record<string, unknown> = {},
) {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi.'] }) }))
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, config), env: account })
  const ask = (headers: Record<string, string>) => post(`${proxy.url}/v1/messages`, hello, headers)
  return { upstream, proxy, ask }
}

test('contract §8.13: without client keys nobody elsewhere spends the account through a front proxy here', async (t) => {
  const { upstream, proxy, ask } = await started(t)

  for (const headers of elsewhere) {
    const answer = await ask(headers)
    assert.equal(answer.status, 403, JSON.stringify(headers))
    const { error } = (await answer.json()) as { error: { message: string } }
    assert.match(error.message, /Set API_KEYS, and let the client or the front proxy send one/)
    assert.ok(error.message.includes(`(${Object.keys(headers).at(-1)})`), error.message)
  }

  assert.equal(upstream.requests.length, 0)
  const [first] = elsewhere
  assert.equal((await fetch(`${proxy.url}/v1/models`, { headers: first! })).status, 403)
  assert.equal((await fetch(`${proxy.url}/health`, { headers: first! })).status, 200)
})

test('contract §8.13: a tool on this machine that forwards for this machine, or says for nobody, passes', async (t) => {
  const { upstream, ask } = await started(t)

  for (const headers of here)
    assert.equal((await ask(headers)).status, 200, JSON.stringify(headers))

  assert.equal(upstream.requests.length, here.length)
})

test('contract §8.13: with a client key, and where the port was opened, callers elsewhere are served', async (t) => {
  const keyed = await started(t, { api_keys: [key] })
  const opened = await started(t, { host: '0.0.0.0' })
  const [headers] = elsewhere

  assert.equal((await keyed.ask({ ...headers, 'x-api-key': key })).status, 200)
  assert.equal((await keyed.ask(headers!)).status, 401)
  assert.equal((await opened.ask(headers!)).status, 200)
})

test('contract §8.7: an idle connection outlives those of front proxies, whose next request would meet a closed one', async (t) => {
  const { url } = await startProxy(t)

  const answer = await fetch(`${url}/health`)

  const [, seconds = ''] = /timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '') ?? []
  // Caddy's, the longest of those that keep no connection for ever
  assert.ok(Number(seconds) > 120, seconds)
})
