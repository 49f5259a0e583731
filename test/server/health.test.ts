import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

test('/health tells of version, account and load, and holds no secret', async (t) => {
  const { url } = await startProxy(t, { env: { FACTORY_API_KEY: 'fk-the-account-key' } })

  const text = await (await fetch(`${url}/health`)).text()
  const body = JSON.parse(text) as Record<string, unknown> & { account: Record<string, unknown> }

  assert.equal(body.status, 'ok')
  assert.equal(body.version, '0.0.0-test')
  assert.equal(typeof body.uptime_s, 'number')
  assert.equal(body.in_flight, 0)
  assert.equal(body.account.source, 'factory_api_key')
  for (const key of ['expires_at', 'last_refresh', 'next_refresh', 'last_error']) {
    assert.ok(key in body.account, key)
  }
  assert.doesNotMatch(text, /fk-the-account-key/)
})

test('/health counts its uptime by a clock that nobody sets', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1000 })
  const { url } = await startProxy(t)

  t.mock.timers.setTime(Date.parse('2026-11-28T12:00:00Z'))
  const { uptime_s } = (await (await fetch(`${url}/health`)).json()) as { uptime_s: number }

  assert.ok(uptime_s >= 0 && uptime_s < 1000, String(uptime_s))
})

test('/health counts the requests under way', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['hang'] }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const leave = new AbortController()
  const pending = post(`${url}/v1/responses`, { model: 'gpt-5.1', input: 'x' }, {}, leave.signal)
  await upstream.nextRequest()

  const body = (await (await fetch(`${url}/health`)).json()) as { in_flight: number }

  assert.equal(body.in_flight, 1)
  leave.abort()
  await pending.catch(() => undefined)
})

test('without an account the proxy is ready: the caller brings the credential', async (t) => {
  const { url } = await startProxy(t)

  assert.equal((await fetch(`${url}/ready`)).status, 200)
})

test('a shutdown turns /ready to 503 and closes kept-alive connections', async (t) => {
  const { url, app } = await startProxy(t)
  app.shuttingDown = true

  const answer = await fetch(`${url}/ready`)

  assert.equal(answer.status, 503)
  assert.equal(answer.headers.get('connection'), 'close')
})

test('contract §8.1, row 61: listening beyond loopback with an account and no client keys is warned of in /health', async (t) => {
  const env = { FACTORY_API_KEY: 'fk-the-account-key', HOST: '0.0.0.0' }
  const open = await startProxy(t, { env })
  const keyed = await startProxy(t, { env: { ...env, API_KEYS: 'local-9f8e7d6c5b4a' } })
  const clients = [{ name: 'alice', key: 'local-9f8e7d6c5b4a' }]
  const named = await startProxy(t, { env, config: { clients } })

  const openBody = (await (await fetch(`${open.url}/health`)).json()) as { warnings?: string[] }
  const keyedBody = (await (await fetch(`${keyed.url}/health`)).json()) as { warnings?: string[] }

  assert.match(openBody.warnings?.join() ?? '', /without api_keys/)
  assert.equal(keyedBody.warnings, undefined)
  // entries of `clients` alone are enough
  const { warnings } = (await (await fetch(`${named.url}/health`)).json()) as typeof openBody
  assert.equal(warnings, undefined)
  assert.equal((await fetch(`${named.url}/v1/models`)).status, 401)
})

test('an endpoint with a key of its own takes it from the environment', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const config = {
    system_prompt: '',
    endpoints: [
      {
        name: 'anthropic',
        type: 'anthropic',
        base_url: `${upstream.url}/v1/messages`,
        auth: { env: 'ANTHROPIC_API_KEY', header: 'x-api-key' },
      },
    ],
    models: [{ name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' }],
  }
  const withKey = await startProxy(t, { config, env: { ANTHROPIC_API_KEY: 'sk-ant-of-the-env' } })
  const without = await startProxy(t, { config })
  const ask = { model: 'claude-sonnet-4-5', max_tokens: 1, messages: [] }

  const served = await post(`${withKey.url}/v1/messages`, ask)
  const refused = await post(`${without.url}/v1/messages`, ask)

  assert.equal(served.status, 200)
  assert.equal(upstream.requests[0]?.headers['x-api-key'], 'sk-ant-of-the-env')
  assert.equal(upstream.requests[0]?.headers.authorization, undefined)
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /ANTHROPIC_API_KEY/)
})
