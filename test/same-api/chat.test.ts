/** Chat with a model that speaks chat itself: its client's bytes pass, as those of the other APIs do. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  startUpstream,
  type Answer,
  type RecordedRequest,
} from '../helpers/upstream.ts'

const route = '/v1/chat/completions'

interface Options {
  answer?: Answer
  headers?: Record<string, string>
  config?: Record<string, unknown>
  env?: Record<string, string>
}

interface Asked {
  back: Response
  text: string
  up: RecordedRequest | undefined
  proxy: TestProxy
}

async function ask(
  t: TestContext,
  body: string,
  { answer = { body: {} }, headers = {}, config = {}, env = {} }: Options = {},
): Promise<Asked> {
  const upstream = await startUpstream(t, [answer])
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, config), env })
  const back = await post(proxy.url + route, Buffer.from(body), headers)
  return { back, text: await back.text(), up: upstream.requests[0], proxy }
}

/** Spaces, escapes, number forms and key order that no serialiser would write, and roles that no mapping knows. */
const odd = String.raw`{ "seed" :12345678901234567890,
 "model":"glm-4.6", "messages":[{"role":"critic","content":"\u00e9\/\ud83d","n":1.0}],"own":{"a":[-0,1e400]}}`

test('§11.1 with nothing to change the body goes up and comes back byte for byte', async (t) => {
  const answer = {
    headers: { 'content-type': 'application/json' },
    body: '{"b":1.0 , "a":"\\u0041"}\n',
  }

  const { text, up } = await ask(t, odd, { answer })

  assert.equal(up?.url, route)
  assert.equal(up?.body.toString(), odd)
  assert.equal(text, answer.body)
})

test('§11.1 model, prompt, level and stream go into the body, and no other byte moves', async (t) => {
  const { up } = await ask(t, odd, {
    headers: { accept: 'text/event-stream' },
    config: {
      system_prompt: 'Be kind.',
      usage: { enabled: false },
      models: [{ name: 'G', id: 'glm-4.6', type: 'common', upstream_id: 'glm', reasoning: 'low' }],
    },
  })

  const prompt = '{"role":"system","content":"Be kind."},'
  const expected = odd
    .replace('{', '{"reasoning_effort":"low","stream":true,')
    .replace('glm-4.6', 'glm')
    .replace('[{', () => `[${prompt}{`)
  assert.equal(up?.body.toString(), expected)
  assert.equal(up?.headers['accept-encoding'], 'identity')
})

test('contract §7.1: unknown headers pass, as does what an upstream packs all the same', async (t) => {
  const headers = { 'x-stainless-lang': 'js', 'x-own': '1', 'accept-encoding': 'gzip' }
  const answer = {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-theirs': '2' },
    body: gzipSync('{"a":1.0}'),
  }

  const { back, text, up } = await ask(t, odd, { headers, answer })

  assert.equal(up?.headers['x-stainless-lang'], 'js')
  assert.equal(up?.headers['x-own'], '1')
  assert.equal(up?.headers['accept-encoding'], 'identity')
  assert.equal(back.headers.get('x-theirs'), '2')
  assert.equal(text, '{"a":1.0}')
})

test('contract §7.2: a refusal passes as it is, without a secret that it repeats', async (t) => {
  const key = 'sk-the-secret-of-this-endpoint'
  const headers = { 'content-type': 'application/json', 'retry-after': '7' }
  const endpoints = (url: string) => [
    { name: 'o', type: 'common', base_url: url, auth: { env: 'KEY' } },
  ]
  const upstream = await startUpstream(t, [
    { status: 401, headers, body: `{"error": {"message":"no ${key}", "code":1.0}}` },
  ])
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, {
      endpoints: endpoints(upstream.url),
      models: [{ name: 'G', id: 'glm-4.6', type: 'common' }],
    }),
    env: { KEY: key },
  })

  const back = await post(proxy.url + route, Buffer.from(odd))

  assert.equal(back.status, 401)
  assert.equal(back.headers.get('retry-after'), '7')
  const masked = '*'.repeat(key.length)
  assert.equal(await back.text(), `{"error": {"message":"no ${masked}", "code":1.0}}`)
})

const begun =
  'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'

test('§10.4, §11.1 a stream that is cut ends with an error event, apart from a line that was begun', async (t) => {
  const { text, proxy } = await ask(t, odd, { answer: { sse: [begun, 'data: {"id', 'hang-up'] } })

  assert.ok(text.startsWith(`${begun}data: {"id\n\ndata: {"error":{`))
  assert.match(text, /"code":"upstream_truncated"\}\}\n\n$/)
  assert.equal(proxy.logs.at(-1)?.error, 'upstream_truncated')
})

test('a body that is cut, and a packed stream, break the connection', async (t) => {
  const json = { 'content-type': 'application/json' }
  const stream = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }
  const cut: Answer[] = [
    { headers: json, sse: ['{"a":', { waitMs: 20 }, 'hang-up'] },
    { headers: stream, sse: [gzipSync(begun), { waitMs: 20 }, 'hang-up'] },
  ]
  for (const answer of cut) await assert.rejects(ask(t, odd, { answer }))
})

suite('row 19: of equal names the last counts, and is what decides the road', () => {
  const messages = '"messages":[{"role":"user","content":"x"}]'
  const rows: [what: string, body: string, path: string, model: string][] = [
    [
      'a Claude model, then one that speaks chat',
      `{"model":"claude-sonnet-4-5",${messages},"model":"glm-4.6"}`,
      route,
      'glm-4.6',
    ],
    [
      'one that speaks chat, then a Claude model',
      `{"model":"glm-4.6",${messages},"model":"claude-sonnet-4-5"}`,
      '/v1/messages',
      'claude-sonnet-4-5',
    ],
    [
      'the name with an escape',
      String.raw`{"model":"glm-4.6",${messages},"mod\u0065l":"claude-sonnet-4-5"}`,
      '/v1/messages',
      'claude-sonnet-4-5',
    ],
    [
      'a name deep inside',
      `{"tools":[{"model":"claude-sonnet-4-5"}],${messages},"model":"glm-4.6"}`,
      route,
      'glm-4.6',
    ],
    [
      'another name deep inside',
      `{"metadata":{"model":"glm-4.6"},${messages},"model":"claude-sonnet-4-5"}`,
      '/v1/messages',
      'claude-sonnet-4-5',
    ],
  ]
  for (const [what, body, path, model] of rows) {
    test(what, async (t) => {
      const { up } = await ask(t, body, { answer: { body: anthropicMessage({}) } })

      assert.equal(up?.url, path)
      const sent = up.body.toString()
      assert.equal((JSON.parse(sent) as { model: string }).model, model)
      const top = sent.replace(/"(?:tools|metadata)":.*?\}\]?,/, '')
      assert.equal(top.match(/"mod(?:e|\\u0065)l"/g)?.length, 1)
    })
  }
})

const refused: [what: string, body: string, status: number, error: object][] = [
  ['no JSON', '{"model":"glm-4.6",', 400, { code: 'invalid_json' }],
  ['no model', '{"messages":[]}', 400, { code: 'missing_required_parameter', param: 'model' }],
  [
    'an unknown model',
    '{"model":"glm-4.7","messages":[{"role":"user"}]}',
    404,
    { code: 'model_not_found' },
  ],
]
for (const [what, body, status, error] of refused) {
  test(`row 15: ${what} is a ${status} in the envelope of chat, and nothing goes up`, async (t) => {
    const { back, text, up } = await ask(t, body)

    assert.equal(back.status, status)
    const told = (JSON.parse(text) as { error: Record<string, unknown> }).error
    for (const [name, value] of Object.entries(error)) assert.equal(told[name], value)
    assert.equal(up, undefined)
  })
}
