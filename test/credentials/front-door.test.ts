/** What front doors put beside a request: it stays here, and it hides no key. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl'

const asks: Record<string, object> = {
  '/v1/messages': { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [hello()] },
  '/v1/responses': { model: 'gpt-5.1', input: 'Hello' },
  '/v1/chat/completions': { model: 'claude-sonnet-4-5', messages: [hello()] },
}

function hello() {
  return { role: 'user', content: 'Hello' }
}

interface Setting {
  auth: string
  api_keys?: string[]
}

/** Sends each route's request with these headers alone; hands back the statuses and what the upstream saw. */
async function ask(t: TestContext, headers: Record<string, string>, { auth, ...more }: Setting) {
  const upstream = await startUpstream(t, ({ url }) => ({
    body: url.endsWith('responses')
      ? responsesBody({ text: ['Hi'] })
      : anthropicMessage({ text: ['Hi'] }),
  }))
  const config = oneUpstream(upstream.url, more)
  const endpoints = config.endpoints.map((endpoint) => ({ ...endpoint, auth }))
  const { url } = await startProxy(t, { config: { ...config, endpoints } })
  const statuses: number[] = []
  for (const [route, body] of Object.entries(asks)) {
    const answer = await fetch(url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    statuses.push(answer.status)
    await answer.arrayBuffer()
  }
  return { statuses, requests: upstream.requests }
}

/** As single sign-on, load balancers, CDNs and other proxies add them, and a kind by its last words. */
const added: Record<string, string> = {
  'cf-access-jwt-assertion': 'eyJ.front.jwt',
  'cf-access-client-secret': 'service-secret',
  'cf-ipcountry': 'DE',
  'x-amzn-oidc-accesstoken': 'eyJ.b',
  'x-goog-iap-jwt-assertion': 'eyJ.c',
  'x-ms-token-aad-access-token': 'eyJ.d',
  'x-auth-request-access-token': 'tok',
  'x-pomerium-jwt-assertion': 'eyJ.f',
  'x-authentik-email': 'me@example.org',
  'tailscale-user-login': 'me@example.org',
  'remote-user': 'alice',
  'fly-client-ip': '192.0.2.7',
  'x-cluster-client-ip': '192.0.2.7',
  'x-original-forwarded-for': '192.0.2.7',
  'x-original-authorization': 'Bearer tok',
  'x-envoy-external-address': '192.0.2.7',
  'x-forwarded-for': '192.0.2.7',
  'x-real-ip': '192.0.2.7',
  'x-client-ip': '192.0.2.7',
  'true-client-ip': '192.0.2.7',
  forwarded: 'for=192.0.2.7',
  via: '1.1 door',
  'x-azure-clientip': '192.0.2.7',
  'x-azure-socketip': '192.0.2.7',
  'do-connecting-ip': '192.0.2.7',
  'fastly-client-ip': '192.0.2.7',
  'x-remote-user': 'alice',
  'x-webauth-user': 'alice',
  'x-ssl-client-cert': 'PEM',
  'x-litellm-api-key': 'sk-litellm',
  'ocp-apim-subscription-key': 'sub',
  'x-portkey-api-key': 'pk',
  'x-of-a-door-jwt-assertion': 'opaque',
  'x-of-a-door-access-token': 'opaque',
  'x-of-a-door-client-ip': '192.0.2.7',
  'x-of-a-door-secret': 'opaque',
  'x-auth-token': 'opaque',
  'x-id-token': 'opaque',
  'x-plainly-named': jwt,
  'x-plainly-named-too': `Bearer ${jwt}`,
  'x-in-a-list': `user=me; token="${jwt}"`,
}

/** What clients of model APIs send, and what nobody knows. */
const kept: Record<string, string> = {
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'a,b',
  'openai-organization': 'org-1',
  'x-stainless-lang': 'js',
  'x-claude-code-session-id': 's',
  'x-codex-turn-metadata': jwt,
  'x-app': 'cli',
  originator: 'codex_exec',
  'session-id': 's1',
  session_id: jwt,
  'thread-id': 't1',
  'x-client-request-id': 'r1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'x-nobody-knows': 'eyJust a word. with. dots',
  'x-team': 'blue',
}

test('O23: headers in which a front door names the caller do not go up, on any road', async (t) => {
  const { requests } = await ask(
    t,
    { ...added, authorization: 'Bearer key-of-alice-1234', 'x-api-key': 'own' },
    { auth: 'client', api_keys: ['key-of-alice-1234'] },
  )

  assert.equal(requests.length, 3)
  for (const { headers } of requests) {
    const passed = Object.keys(headers).filter((name) => name in added)
    assert.deepEqual(passed, [])
  }
})

test('contract §11.9, contract §11.10: headers of clients of the API pass, and so do unknown ones', async (t) => {
  const { requests } = await ask(t, { ...kept, 'x-api-key': 'own' }, { auth: 'client' })

  for (const { headers, url } of requests.filter(({ url: one }) => one === '/v1/responses')) {
    for (const [name, value] of Object.entries(kept)) assert.equal(headers[name], value, name)
    assert.ok(url)
  }
})

test('O23: more made-up names than are remembered change nothing', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`x-made-up-${n}`, 'v']))
  const upstream = await startUpstream(t, () => ({ body: responsesBody({ text: ['Hi'] }) }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const send = (more: Record<string, string>) =>
    fetch(`${url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer own', ...more },
      body: JSON.stringify(asks['/v1/responses']),
    })

  await send(many)
  await send(Object.fromEntries(Object.keys(many).map((name) => [`${name}-2`, 'v'])))
  await send({ 'x-new-access-token': 'opaque', 'x-new-and-plain': 'v' })

  const { headers } = upstream.requests[2]!
  assert.equal(headers['x-new-access-token'], undefined)
  assert.equal(headers['x-new-and-plain'], 'v')
  assert.equal(upstream.requests[1]?.headers['x-made-up-449-2'], 'v')
})

const foreignSchemes = [
  'Basic dXNlcjpwYXNz',
  'basic dXNlcjpwYXNz',
  'Digest username="me", realm="door"',
  'Negotiate YIIabc',
  'NTLM TlRMTVNTUAAB',
  'AWS4-HMAC-SHA256 Credential=a/b, Signature=c',
  'Bearer',
]
for (const authorization of foreignSchemes) {
  const [scheme] = authorization.split(' ')

  test(`KO6: contract §11.11: authorization of the scheme ${scheme} never goes up and hides no key`, async (t) => {
    const headers = { authorization, 'x-api-key': 'own-key' }
    const door = { authorization, 'x-api-key': 'proxy-key-1' }

    const client = await ask(t, headers, { auth: 'client' })
    const none = await ask(t, headers, { auth: 'none' })
    const keyed = await ask(t, door, { auth: 'none', api_keys: ['proxy-key-1'] })
    const alone = await ask(t, { authorization }, { auth: 'client' })

    assert.deepEqual(client.statuses, [200, 200, 200])
    for (const { headers: seen } of client.requests) {
      assert.equal(seen['x-api-key'], 'own-key')
      assert.equal(seen.authorization, undefined)
    }
    for (const { requests, statuses } of [none, keyed]) {
      assert.deepEqual(statuses, [200, 200, 200])
      for (const { headers: seen } of requests) {
        assert.deepEqual([seen.authorization, seen['x-api-key']], [undefined, undefined])
      }
    }
    assert.deepEqual(alone.statuses, [401, 401, 401])
    assert.equal(alone.requests.length, 0)
  })
}

test('KO6: schemes of model APIs are keys, and a key without one is, too', async (t) => {
  for (const authorization of ['Bearer own', 'bearer   own', 'Token own', 'Key own', 'own']) {
    const { statuses, requests } = await ask(t, { authorization }, { auth: 'client' })

    assert.deepEqual(statuses, [200, 200, 200])
    for (const { headers } of requests) assert.equal(headers.authorization, authorization)
  }
})

test('contract §11.8: a client presents a key of the proxy and one of its own, in either place', async (t) => {
  const proxy = { auth: 'client', api_keys: ['proxy-key-1'] }
  const bearer = await ask(t, { authorization: 'Bearer proxy-key-1', 'x-api-key': 'own' }, proxy)
  const header = await ask(t, { authorization: 'Bearer own', 'x-api-key': 'proxy-key-1' }, proxy)
  const alone = await ask(t, { authorization: 'Bearer proxy-key-1' }, proxy)

  for (const { headers } of bearer.requests) {
    assert.deepEqual([headers.authorization, headers['x-api-key']], [undefined, 'own'])
  }
  for (const { headers } of header.requests) {
    assert.deepEqual([headers.authorization, headers['x-api-key']], ['Bearer own', undefined])
  }
  assert.deepEqual([...bearer.statuses, ...header.statuses], Array(6).fill(200))
  assert.deepEqual(alone.statuses, [401, 401, 401])
  assert.equal(alone.requests.length, 0)
})

test('contract §11: a key or an address in the body of a request changes neither credential nor upstream', async (t) => {
  const stranger = await startUpstream(t, () => ({ body: {} }))
  const upstream = await startUpstream(t, () => ({ body: responsesBody({ text: ['Hi'] }) }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const more = { api_key: 'planted', api_base: stranger.url, base_url: stranger.url }

  for (const [route, body] of Object.entries(asks)) {
    const answer = await fetch(url + route, {
      method: 'POST',
      body: JSON.stringify({ ...body, ...more, extra_headers: { authorization: 'planted' } }),
    })
    await answer.arrayBuffer()
  }

  assert.equal(stranger.requests.length, 0)
  assert.equal(upstream.requests.length, 3)
  for (const { headers } of upstream.requests) {
    assert.equal(headers.authorization, 'Bearer fk-the-account-key')
  }
})

test('contract §11.1: without credential nobody is asked for one, and no dummy goes up', async (t) => {
  const bare = await ask(t, {}, { auth: 'none' })
  const dummy = await ask(t, { authorization: 'Bearer ollama' }, { auth: 'none' })

  for (const { statuses, requests } of [bare, dummy]) {
    assert.deepEqual(statuses, [200, 200, 200])
    for (const { headers } of requests) assert.equal(headers.authorization, undefined)
  }
})
