/** Models that stand in for another: when, across which APIs, and what a client learns of it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { freePort } from '../helpers/free-port.ts'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import {
  anthropicStream,
  responsesBody,
  responsesStream,
  sse,
  startUpstream,
  type Answer,
  type Upstream,
} from '../helpers/upstream.ts'
import { good, question, refusal } from './setting.ts'

interface Two {
  proxy: TestProxy
  claude: Upstream
  gpt: Upstream
}

const models = [
  { name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic', fallback: ['gpt-5.1'] },
  { name: 'GPT', id: 'gpt-5.1', type: 'openai', fallback: ['claude-sonnet-4-5'] },
]

/** Claude at one upstream, GPT at another; each stands in for the other. */
async function two(
  t: TestContext,
  claudeSays: Answer | (() => Answer),
  gptSays: Answer = { body: responsesBody({ text: ['From GPT.'] }) },
  more: Record<string, unknown> = {},
): Promise<Two> {
  const claude = await startUpstream(t, () =>
    typeof claudeSays === 'function' ? claudeSays() : claudeSays,
  )
  const gpt = await startUpstream(t, () => gptSays)
  const config = {
    system_prompt: '',
    endpoints: [
      { name: 'claude', type: 'anthropic', base_url: claude.url, auth: { env: 'CLAUDE_KEY' } },
      { name: 'gpt', type: 'openai', base_url: gpt.url, auth: { env: 'GPT_KEY' } },
    ],
    models,
    ...more,
  }
  const env = { CLAUDE_KEY: 'sk-claude-1', GPT_KEY: 'sk-gpt-1' }
  return { proxy: await startProxy(t, { config, env }), claude, gpt }
}

const routes = ['/v1/messages', '/v1/chat/completions', '/v1/responses']
const asked = {
  ...question,
  input: 'Hi',
}

for (const route of routes) {
  for (const status of [503, 529, 402]) {
    test(`contract §18.1: after ${status} another model answers at ${route}`, async (t) => {
      const { proxy, gpt } = await two(t, refusal(status))

      const answer = await post(proxy.url + route, asked)

      assert.equal(answer.status, 200)
      const body = (await answer.json()) as { model: string }
      assert.match(JSON.stringify(body), /From GPT\./)
      assert.equal(body.model, 'gpt-5.1')
      assert.equal(gpt.requests[0]?.headers.authorization, 'Bearer sk-gpt-1')
      assert.equal(answer.headers.get('x-droid2api-model'), 'gpt-5.1')
      assert.equal(answer.headers.get('x-droid2api-endpoint'), 'gpt')
      assert.equal(answer.headers.get('x-droid2api-attempts'), `claude=${status}, gpt=200`)
      const line = proxy.logs.find(({ msg }) => msg === 'request')
      assert.deepEqual([line?.model, line?.fallbackFrom], ['gpt-5.1', 'claude-sonnet-4-5'])
    })
  }
}

for (const status of [400, 403, 404, 413, 422, 500, 502, 504]) {
  test(`contract §18: ${status} goes to the client, and no other model is asked`, async (t) => {
    const { proxy, gpt } = await two(t, refusal(status))

    const answer = await post(`${proxy.url}/v1/messages`, question)

    assert.equal(answer.status, status)
    assert.equal(answer.headers.get('x-droid2api-model'), 'claude-sonnet-4-5')
    assert.equal(gpt.requests.length, 0)
  })
}

test('contract §18.5: a stream whose first event is an overload is answered by another model, and the answer names both', async (t) => {
  const overloaded = sse('error', {
    type: 'error',
    error: { type: 'overloaded_error', message: 'x' },
  })
  const { proxy } = await two(
    t,
    { sse: [anthropicStream({ text: ['x'] })[0]!, overloaded] },
    { sse: responsesStream({ text: ['From GPT.'] }) },
  )

  const answer = await post(`${proxy.url}/v1/messages`, { ...question, stream: true })
  const text = await answer.text()

  assert.equal(answer.status, 200)
  assert.match(text, /From GPT\./)
  assert.ok(!text.includes('overloaded_error'))
  assert.equal(answer.headers.get('x-droid2api-attempts'), 'claude=529, gpt=200')
})

test('contract §18: an overload after the first words stays where it is', async (t) => {
  const overloaded = sse('error', {
    type: 'error',
    error: { type: 'overloaded_error', message: 'x' },
  })
  const begun = anthropicStream({ text: ['Well'] }).slice(0, 3)
  const { proxy, gpt } = await two(t, { sse: [...begun, overloaded] })

  const answer = await post(`${proxy.url}/v1/messages`, { ...question, stream: true })

  assert.equal(await answer.text(), [...begun, overloaded].join(''))
  assert.equal(gpt.requests.length, 0)
})

test('contract §18: a short overload is waited for once', async (t) => {
  let count = 0
  const busy = refusal(529, { 'retry-after-ms': '20' })
  const { proxy, claude, gpt } = await two(t, () => (count++ === 0 ? busy : good))

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.headers.get('x-droid2api-model'), 'claude-sonnet-4-5')
  assert.deepEqual([claude.requests.length, gpt.requests.length], [2, 0])
})

test('contract §18.8: an endpoint that cannot be reached five times in a row is tried last', async (t) => {
  const port = await freePort()
  const { proxy, gpt } = await two(t, good, undefined, {
    endpoints: [
      { name: 'claude', type: 'anthropic', base_url: `http://127.0.0.1:${port}`, auth: 'none' },
      { name: 'gpt', type: 'openai', base_url: 'http://127.0.0.1:1', auth: 'none' },
    ],
    models: [
      { name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic', fallback: ['gpt-5.1'] },
      { name: 'GPT', id: 'gpt-5.1', type: 'openai' },
    ],
  })
  const { config } = proxy.app
  const [claudeAt, gptAt] = config.endpoints
  // only the first one cannot be reached
  proxy.app.refusals.answered(gptAt!.name)

  const all: string[] = []
  for (let count = 0; count < 5; count++) {
    const answer = await post(`${proxy.url}/v1/messages`, question)
    all.push(`${answer.status} ${answer.headers.get('x-droid2api-attempts')}`)
  }
  const answer = await post(`${proxy.url}/v1/messages`, question)
  const body = (await answer.json()) as { error: { message: string } }

  assert.deepEqual(new Set(all), new Set(['503 claude=connect, gpt=connect']))
  assert.match(body.error.message, /None of the 2 places/)
  assert.ok(proxy.app.refusals.isResting(claudeAt!.name))
  assert.equal(gpt.requests.length, 0)
})

test('contract §18: an endpoint that is resting comes last, and another model serves at once', async (t) => {
  const { proxy, claude } = await two(t, good)
  for (let count = 0; count < 5; count++) proxy.app.refusals.refused('claude')

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.headers.get('x-droid2api-model'), 'gpt-5.1')
  assert.equal(answer.headers.get('x-droid2api-attempts'), null)
  assert.equal(claude.requests.length, 0)
})

test('contract §18: the last answer of an upstream goes to the client, with the soonest time', async (t) => {
  const { proxy } = await two(
    t,
    refusal(503, { 'retry-after': '20' }),
    refusal(503, { 'retry-after': '90' }, { message: 'last', code: 'busy' }),
  )

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.status, 503)
  assert.equal(answer.headers.get('retry-after'), '20')
  assert.match(await answer.text(), /last/)
})

test('contract §18.7: x-droid2api-no-fallback keeps to the asked model, and does not go up', async (t) => {
  const { proxy, claude, gpt } = await two(t, refusal(503))

  const answer = await post(`${proxy.url}/v1/messages`, question, {
    'x-droid2api-no-fallback': '1',
  })

  assert.equal(answer.status, 503)
  assert.equal(gpt.requests.length, 0)
  assert.equal(claude.requests[0]?.headers['x-droid2api-no-fallback'], undefined)
})

test('contract §18: a model that refuses images does not stand in for a request that has one', async (t) => {
  const { proxy, gpt } = await two(t, refusal(503), undefined, {
    models: [models[0], { ...models[1], images: false }],
  })
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }

  const answer = await post(`${proxy.url}/v1/messages`, {
    ...question,
    messages: [{ role: 'user', content: [image] }],
  })

  assert.equal(answer.status, 503)
  assert.equal(gpt.requests.length, 0)
})

const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=='
const pdf = 'data:application/pdf;base64,JVBERi0xLjQ='
const holding: [what: string, route: string, part: object, sends: number][] = [
  ['an image in a `file`', '/v1/chat/completions', { type: 'file', file: { file_data: png } }, 0],
  ['a PDF in a `file`', '/v1/chat/completions', { type: 'file', file: { file_data: pdf } }, 0],
  ['an `image_file`', '/v1/chat/completions', { type: 'image_file', image_file: { url: png } }, 0],
  ['an image in an `input_file`', '/v1/responses', { type: 'input_file', file_data: png }, 0],
  ['a PDF in an `input_file`', '/v1/responses', { type: 'input_file', file_data: pdf }, 0],
  ['words about an image', '/v1/responses', { type: 'input_text', text: '{"type":"image"}' }, 1],
]
for (const [what, route, part, sends] of holding) {
  test(`contract §18.3: for ${what} a model that refuses images stands in ${sends ? 'as for any' : 'never'}`, async (t) => {
    const { proxy, gpt } = await two(t, refusal(503), undefined, {
      models: [models[0], { ...models[1], images: false }],
    })
    const said = [{ role: 'user', content: [part] }]

    await post(proxy.url + route, {
      model: question.model,
      [route === '/v1/responses' ? 'input' : 'messages']: said,
    })

    assert.equal(gpt.requests.length, sends)
  })
}

test('contract §18: a model that refuses images does not stand in for a request that has a screenshot', async (t) => {
  const { proxy, gpt } = await two(t, refusal(503), undefined, {
    models: [models[0], { ...models[1], images: false }],
  })
  const output = { type: 'computer_screenshot', image_url: 'https://example.com/a.png' }

  const answer = await post(`${proxy.url}/v1/responses`, {
    model: question.model,
    input: [
      { role: 'user', content: 'Go.' },
      { type: 'computer_call', call_id: 'c', action: { type: 'screenshot' } },
      { type: 'computer_call_output', call_id: 'c', output },
    ],
  })

  assert.equal(answer.status, 503)
  assert.equal(gpt.requests.length, 0)
})

test('contract §18: token counts have no stand-in of another API', async (t) => {
  const { proxy, gpt } = await two(t, refusal(503))

  const answer = await post(`${proxy.url}/v1/messages/count_tokens`, question)

  assert.equal(answer.status, 503)
  assert.equal(gpt.requests.length, 0)
})

test('contract §18.4: on the way to another provider the reasoning that only the first can read stays behind', async (t) => {
  const other = await startUpstream(t, () => good)
  const { proxy } = await two(t, refusal(503), undefined, {
    endpoints: [
      {
        name: 'claude',
        type: 'anthropic',
        base_url: (await startUpstream(t, () => refusal(503))).url,
      },
      { name: 'other', type: 'anthropic', base_url: other.url },
    ],
    models: [
      { ...models[0], fallback: ['claude-elsewhere'] },
      { name: 'E', id: 'claude-elsewhere', type: 'anthropic', endpoint: 'other' },
    ],
  })
  const history = [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' },
        { type: 'text', text: 'Yes?' },
      ],
    },
    { role: 'user', content: 'Go on' },
  ]

  const answer = await post(`${proxy.url}/v1/messages`, { ...question, messages: history })

  assert.equal(answer.status, 200)
  const sent = other.requests[0]?.json() as { model: string; messages: { content: unknown }[] }
  assert.equal(sent.model, 'claude-elsewhere')
  assert.deepEqual(sent.messages[1]?.content, [{ type: 'text', text: 'Yes?' }])
})

test('contract §18: encrypted reasoning stays behind with its account, and the stand-in serves without it', async (t) => {
  const gpt = refusal(503)
  const { proxy, claude } = await two(t, good, gpt)
  const input = [
    { type: 'message', role: 'user', content: 'Hi' },
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAsecret' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes?' }] },
    { type: 'message', role: 'user', content: 'Go on' },
  ]

  const answer = await post(`${proxy.url}/v1/responses`, { model: 'gpt-5.1', input })

  assert.equal(answer.status, 200)
  assert.ok(!claude.requests[0]?.body.includes('gAAAAsecret'))
  assert.equal(answer.headers.get('x-droid2api-model'), 'claude-sonnet-4-5')
})

test('contract §18: another host’s Gemini gets no signature of a call, which it did not make', async (t) => {
  const busy = await startUpstream(t, () => refusal(503))
  const other = await startUpstream(t, () => ({
    body: {
      candidates: [
        { content: { role: 'model', parts: [{ text: 'Done.' }] }, finishReason: 'STOP' },
      ],
    },
  }))
  const endpoint = (name: string, { url }: Upstream) => ({
    name,
    type: 'google',
    base_url: `${url}/v1beta`,
    auth: { env: 'KEY' },
  })
  const config = {
    system_prompt: '',
    endpoints: [endpoint('one', busy), endpoint('two', other)],
    models: [
      { name: 'P', id: 'gemini-3-pro', type: 'google', endpoint: 'one', fallback: ['gemini-3-x'] },
      { name: 'X', id: 'gemini-3-x', type: 'google', endpoint: 'two' },
    ],
  }
  const { url } = await startProxy(t, { config, env: { KEY: 'key-of-gemini' } })
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'look', arguments: '{}' },
    extra_content: { google: { thought_signature: 'bWFkZSBoZXJl' } },
  }

  const answer = await post(`${url}/v1/chat/completions`, {
    model: 'gemini-3-pro',
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'seen' },
    ],
    tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
  })

  assert.equal(answer.status, 200)
  const [sent, again] = [busy, other].map(({ requests }) => String(requests[0]!.body))
  assert.match(sent!, /bWFkZSBoZXJl/)
  assert.doesNotMatch(again!, /bWFkZSBoZXJl/)
  assert.match(again!, /functionCall/)
})
