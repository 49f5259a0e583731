/** /ready is about the whole, /health about the parts: one dead credential takes nobody's service away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

/** An endpoint with a model of its own for each kind of credential. */
function configOf(url: string, auths: Record<string, unknown>) {
  return {
    system_prompt: '',
    endpoints: Object.entries(auths).map(([name, auth]) => ({
      name,
      type: 'anthropic',
      base_url: `${url}/v1/messages`,
      auth,
    })),
    models: Object.keys(auths).map((name) => ({
      name,
      id: `model-${name}`,
      type: 'anthropic',
      endpoint: name,
    })),
  }
}

async function asked(url: string) {
  const answer = await fetch(url)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const others: [name: string, auth: unknown, env: Record<string, string>][] = [
  ['own', { env: 'MY_ANTHROPIC_KEY', header: 'x-api-key' }, { MY_ANTHROPIC_KEY: 'sk-own-1' }],
  ['callers', 'client', {}],
  ['local', 'none', {}],
]

for (const [name, auth, env] of others) {
  test(`O25: a dead account beside an endpoint "${name}" leaves the proxy ready, and /health names it`, async (t) => {
    const tokens = await startTokenServer(t)
    const upstream = await startUpstream(t, () => ({ body: {} }))
    const { url, app } = await startProxy(t, {
      config: configOf(upstream.url, { shared: 'account', [name]: auth }),
      env: { DROID_REFRESH_KEY: 'a-spent-one', TOKEN_URL: tokens.url, ...env },
    })
    await until(() => app.account.status().state === 'degraded')
    const degraded = [{ endpoint: 'shared', reason: 'the account is degraded' }]
    const ask = { max_tokens: 9, messages: [] }

    assert.deepEqual(await asked(`${url}/ready`), { status: 200, body: { ready: true, degraded } })
    const health = await asked(`${url}/health`)
    assert.equal(health.status, 200)
    assert.equal(health.body.status, 'degraded')
    assert.deepEqual(health.body.degraded, degraded)
    const served = await post(`${url}/v1/messages`, { model: `model-${name}`, ...ask })
    const refused = await post(`${url}/v1/messages`, { model: 'model-shared', ...ask })
    assert.deepEqual([served.status, refused.status], [200, 400])
  })
}

test('O25: with nothing but the dead account it is not ready, and is again when the account recovers', async (t) => {
  const tokens = await startTokenServer(t)
  tokens.faults.push({ status: 500, body: '' }, { status: 500, body: '' })
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url, app } = await startProxy(t, {
    config: configOf(upstream.url, { one: 'account', two: 'account' }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
  })
  await until(() => app.account.status().state === 'degraded')

  const { status, body } = await asked(`${url}/ready`)

  assert.deepEqual([status, body.reason], [503, 'the account is degraded'])
  tokens.faults.length = 0
  await until(() => app.account.status().state === 'ok')
  assert.deepEqual(await asked(`${url}/ready`), { status: 200, body: { ready: true } })
})

test('O25: an endpoint whose variable is not set is named, and is no endpoint that serves', async (t) => {
  const upstream = await startUpstream(t, [])
  const auths = { own: { env: 'MY_ANTHROPIC_KEY' } }
  const alone = await startProxy(t, { config: configOf(upstream.url, auths) })
  const beside = await startProxy(t, { config: configOf(upstream.url, { ...auths, x: 'client' }) })
  const degraded = [{ endpoint: 'own', reason: 'MY_ANTHROPIC_KEY is not set' }]

  assert.deepEqual(await asked(`${alone.url}/ready`), {
    status: 503,
    body: { ready: false, reason: 'MY_ANTHROPIC_KEY is not set', degraded },
  })
  assert.deepEqual(await asked(`${beside.url}/ready`), {
    status: 200,
    body: { ready: true, degraded },
  })
})

test('O25: a shutdown is not ready, whatever serves', async (t) => {
  const { url, app } = await startProxy(t)
  app.shuttingDown = true

  assert.deepEqual(await asked(`${url}/ready`), {
    status: 503,
    body: { ready: false, reason: 'shutting down' },
  })
})
