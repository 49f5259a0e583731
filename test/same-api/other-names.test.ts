/**
 * The other models that a Messages request names, the advisor of Claude Code and those that step in after a refusal: the client
 * knows them by the names of the configuration, the upstream by its own.
 * Source: 9router #745, litellm #25516, read 2026-11.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const advisor = { type: 'advisor_20260301', name: 'advisor', max_uses: 2 }
const tool = { name: 'look', description: 'Has an "advisor_" and a model.', input_schema: {} }

function requested(advisorModel: unknown, fallbacks?: unknown) {
  return {
    model: 'small',
    max_tokens: 9,
    tools: [tool, { ...advisor, model: advisorModel }],
    messages: [{ role: 'user', content: 'Hi' }],
    ...(fallbacks === undefined ? {} : { fallbacks }),
  }
}

async function start(t: TestContext) {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const at = { type: 'anthropic', endpoint: 'e' }
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [
        { name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none' },
        { name: 'other', type: 'anthropic', base_url: upstream.url, auth: 'none' },
      ],
      models: [
        { name: 'S', id: 'small', upstream_id: 'claude-haiku-4-5', ...at },
        { name: 'L', id: 'large', upstream_id: 'us.claude-opus-4-8', ...at },
        { name: 'F', id: 'far', upstream_id: 'x', type: 'anthropic', endpoint: 'other' },
      ],
      model_redirects: { opus: 'large', '*': 'small' },
      clients: [
        { name: 'all', key: 'sk-client-all-0123456789' },
        { name: 'few', key: 'sk-client-few-0123456789', models: ['small', 'claude-*'] },
      ],
    },
  })
  const send = (body: object | string, who = 'all', path = '/v1/messages') =>
    post(proxy.url + path, body, { 'x-api-key': `sk-client-${who}-0123456789` })
  return { upstream, send }
}

test('translation §14: an advisor and fallbacks go up by the upstream’s names', async (t) => {
  const { upstream, send } = await start(t)
  const fallbacks = [{ model: 'opus', max_tokens: 5 }, { model: 'large[1m]' }, { model: 'far' }]

  const { status } = await send(requested('large', fallbacks))

  assert.equal(status, 200)
  const up = [{ model: 'us.claude-opus-4-8', max_tokens: 5 }, { model: 'us.claude-opus-4-8' }]
  assert.deepEqual(upstream.requests[0]!.json(), {
    ...requested('us.claude-opus-4-8', [...up, { model: 'far' }]),
    model: 'claude-haiku-4-5',
  })
})

test('translation §14: a name that only a pattern catches, and a value that is no name, stay as they are', async (t) => {
  const { upstream, send } = await start(t)

  for (const body of [
    requested('claude-opus-4-8', [{ model: 'claude-opus-4-8' }]),
    requested(7, [null, 'opus', { model: null }]),
    requested(undefined, 'opus'),
    { ...requested('large'), tools: 'large', fallbacks: {} },
  ]) {
    await send(body)
    const sent = JSON.parse(JSON.stringify(body)) as object
    assert.deepEqual(upstream.requests.at(-1)!.json(), { ...sent, model: 'claude-haiku-4-5' })
  }
})

test('contract §14: advisors and fallbacks of a client are only models that it may use', async (t) => {
  const { upstream, send } = await start(t)

  for (const body of [requested('large'), requested('small', [{ model: 'opus' }])]) {
    const answer = await send(body, 'few')
    const { error } = (await answer.json()) as { error: { message: string } }
    assert.equal(answer.status, 403)
    assert.match(error.message, /^model: The client few may not use the model "large"\./)
  }
  assert.equal(upstream.requests.length, 0)
  assert.equal((await send(requested('claude-opus-4-8'), 'few')).status, 200)
})

test('contract §14: a type written with escapes hides no advisor', async (t) => {
  const { upstream, send } = await start(t)
  // in the description, too, where it would be found
  const hidden = JSON.stringify(requested('large')).replaceAll('advisor_', '\\u0061dvisor_')

  assert.equal((await send(hidden, 'few')).status, 403)
  assert.equal((await send(hidden)).status, 200)
  assert.equal(upstream.requests.length, 1)
  assert.match(upstream.requests[0]!.body.toString(), /"us\.claude-opus-4-8"/)
})

test('contract §14: a request of another API hides no advisor either', async (t) => {
  const { upstream, send } = await start(t)

  for (const [path, status, turns] of [
    ['/v1/chat/completions', 403, { messages: [{ role: 'user', content: 'Hi' }] }],
    ['/v1/responses', 400, { input: 'Hi' }],
  ] as const) {
    const body = (model: string) => ({ model: 'small', tools: [{ ...advisor, model }], ...turns })

    assert.equal((await send(body('large'), 'few', path)).status, status)
    await send(body('large'), 'all', path)
  }
  const sent = upstream.requests.map((request) => request.json() as { tools: object[] })
  assert.deepEqual(
    sent.map(({ tools }) => tools),
    [[{ ...advisor, model: 'us.claude-opus-4-8' }]],
  )
})
