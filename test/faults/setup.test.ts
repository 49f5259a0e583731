/** What only the operator mends is told at once: no client repeats its request for minutes, and whoever else can serve does. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream, type Answer } from '../helpers/upstream.ts'
import { asks, routes } from './asks.ts'

const unset = { env: 'NO_SUCH_KEY' }
const refused: Answer = {
  status: 401,
  body: { type: 'error', error: { type: 'authentication_error', message: 'unknown key' } },
}

/** All endpoints with this `auth`, at an upstream that refuses every credential. */
async function refusing(t: TestContext, auth: unknown, answer = refused) {
  const upstream = await startUpstream(t, () => answer)
  const config = oneUpstream(upstream.url)
  for (const endpoint of config.endpoints) Object.assign(endpoint, { auth })
  const { url } = await startProxy(t, {
    config,
    env: { MY_KEY: 'sk-of-the-test-1' },
  })
  return { url, upstream }
}

for (const route of routes) {
  test(`contract §11.12: ${route}: a key that is not set is a 400, the one status that no client repeats`, async (t) => {
    const { url, upstream } = await refusing(t, unset)

    const answer = await post(url + route, asks[route])
    const { error } = (await answer.json()) as { error: { type: string; message: string } }

    assert.equal(answer.status, 400)
    assert.equal(error.type, 'invalid_request_error')
    assert.match(error.message, /NO_SUCH_KEY.* is not set/)
    assert.equal(upstream.requests.length, 0)
  })

  test(`contract §11.12: ${route}: a refused key of the operator's is not to be tried again, a caller's own may be`, async (t) => {
    const own = await refusing(t, { env: 'MY_KEY' })
    const callers = await refusing(t, 'client')
    const told = await refusing(
      t,
      { env: 'MY_KEY' },
      { ...refused, headers: { 'x-should-retry': 'true' } },
    )

    const answers = await Promise.all(
      [own, callers, told].map(({ url }) =>
        post(url + route, asks[route], { authorization: 'Bearer sk-of-the-caller-1' }),
      ),
    )

    const heads = answers.map(({ status, headers }) => [status, headers.get('x-should-retry')])
    assert.deepEqual(heads, [
      [401, 'false'],
      [401, null],
      [401, 'true'],
    ])
    assert.match(await answers[0]!.text(), /unknown key/)
  })
}

test('contract §11.12: a model that stands in serves in place of one whose key is not set', async (t) => {
  const { url: base_url } = await startUpstream(t, () => ({
    body: anthropicMessage({ text: ['Hello.'] }),
  }))
  const model = { name: 'M', type: 'anthropic' }
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [
        { name: 'first', type: 'anthropic', base_url, auth: unset },
        { name: 'second', type: 'anthropic', base_url, auth: 'none' },
      ],
      models: [
        { ...model, id: 'claude-sonnet-4-5', endpoint: 'first', fallback: ['claude-opus-4-8'] },
        { ...model, id: 'claude-opus-4-8', endpoint: 'second' },
      ],
    },
  })

  const answer = await post(`${url}/v1/messages`, asks['/v1/messages'])

  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-droid2api-endpoint'), 'second')
})

test('contract §17.10: accounts that are all switched off are the setup’s fault, a 400', async (t) => {
  const { endpoints, models } = oneUpstream('http://127.0.0.1:1')
  const { url } = await startProxy(t, {
    config: {
      accounts: [{ name: 'one', key: 'key-of-the-test-1', enabled: false }],
      endpoints: [{ ...endpoints[0], auth: undefined, accounts: ['one'] }],
      models: models.slice(0, 1),
    },
  })

  const answer = await post(`${url}/v1/messages`, asks['/v1/messages'])

  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /No account is enabled/)
})

test('contract §11.12: where no account is configured, Claude Code is told not to try again', async (t) => {
  const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:1') })

  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify(asks['/v1/messages']),
  })

  assert.equal(answer.status, 401)
  assert.equal(answer.headers.get('x-should-retry'), 'false')
})
