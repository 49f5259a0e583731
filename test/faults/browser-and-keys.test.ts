import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const ask = { model: 'gpt-5.1', input: 'x' }

test('contract §8.3, row 62: a web page of a foreign origin cannot spend the account, whatever it sends', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })

  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      const answer = await post(`${url}/v1/responses`, ask, { origin, 'content-type': type })
      assert.equal(answer.status, 403, `${origin} ${type}`)
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
    }
  }
  const form = await post(`${url}/v1/responses`, ask, { 'sec-fetch-site': 'cross-site' })
  assert.equal(form.status, 403)
  assert.equal(upstream.requests.length, 0)
})

test('contract §8.3: a link of another site leads to the page, and nothing else of another site does', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const link = {
    accept: 'text/html',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  // fetch writes a mode of its own
  const status = (path: string, headers: Record<string, string>, method = 'GET') =>
    new Promise((resolve, reject) => {
      request(url + path, { method, headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
    })

  for (const path of ['/', '/status']) assert.equal(await status(path, link), 200)
  assert.equal(await status('/status', { ...link, 'sec-fetch-dest': 'iframe' }), 403)
  assert.equal(await status('/status.json', { ...link, 'sec-fetch-mode': 'no-cors' }), 403)
  assert.equal(await status('/v1/messages', link, 'POST'), 403)
  assert.equal(upstream.requests.length, 0)
})

test('contract §8.6, row 62: a page on loopback may call, and its preflight is granted the headers SDKs send', async (t) => {
  const upstream = await startUpstream(t, [{ body: {} }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const origin = 'http://localhost:5173'

  const preflight = await fetch(`${url}/v1/responses`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, x-stainless-lang',
    },
  })
  const answer = await post(`${url}/v1/responses`, ask, { origin })

  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /x-stainless-lang/)
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /\bGET\b.*\bDELETE\b/)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('access-control-allow-origin'), origin)
})

test('row 63: a rebound DNS name is refused on a loopback listener; loopback names work', async (t) => {
  const { url } = await startProxy(t)
  const { port } = new URL(url)
  const statusFor = (host: string) =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/health', headers: { host } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
    })

  assert.equal(await statusFor(`evil.example:${port}`), 403)
  assert.equal(await statusFor('127.0.0.1.evil.example'), 403)
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', `[::1]:${port}`]) {
    assert.equal(await statusFor(host), 200, host)
  }
})

test('contract §8.2, row 64: with api_keys only their holders get in, by either header, and the key never goes upstream', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: ['local-9f8e7d6c5b4a'] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(`${url}/v1/responses`, { method: 'POST', headers, body: JSON.stringify(ask) }))
      .status

  assert.equal(await statusWith({}), 401)
  assert.equal(await statusWith({ authorization: 'Bearer local-wrong' }), 401)
  assert.equal(await statusWith({ authorization: 'Bearer local-9f8e7d6c5b4a' }), 200)
  assert.equal(await statusWith({ 'x-api-key': 'local-9f8e7d6c5b4a' }), 200)
  assert.equal((await fetch(`${url}/v1/models`)).status, 401)
  assert.equal((await fetch(`${url}/health`)).status, 200)
  assert.equal(upstream.requests.length, 2)
  for (const { headers } of upstream.requests) {
    assert.doesNotMatch(JSON.stringify(headers), /local-9f8e7d6c5b4a/)
    assert.equal(headers.authorization, 'Bearer fk-the-account-key')
  }
})

test('contract §11.8, row 65: the key of this proxy is no credential for an upstream', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: ['local-9f8e7d6c5b4a'] }),
  })

  const answer = await post(`${url}/v1/responses`, ask, {
    authorization: 'Bearer local-9f8e7d6c5b4a',
  })

  assert.equal(answer.status, 401)
  assert.equal(upstream.requests.length, 0)
})
