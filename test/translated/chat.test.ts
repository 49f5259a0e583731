/** /v1/chat/completions end to end: what goes up, what comes back, and what is told of failures. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'

const messages = [{ role: 'user', content: 'x' }]

/** A proxy in front of one answer, and a way to ask it. */
async function ask(
  t: TestContext,
  answer: Answer,
  body: Record<string, unknown>,
  options: { headers?: Record<string, string>; env?: Record<string, string> } = {},
) {
  const upstream = await startUpstream(t, [answer])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url),
    ...(options.env && { env: options.env }),
  })
  const chat = { model: 'claude-sonnet-4-5', messages, ...body }
  const back = await post(`${url}/v1/chat/completions`, chat, options.headers)
  return { back, text: await back.text(), upstream }
}

type Chunk = { choices: { delta: { content?: string }; finish_reason: string | null }[] }

function chunksOf(text: string): Chunk[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)) as Chunk)
}

test('the request goes up in the words of the model’s API, with the headers it needs', async (t) => {
  const claude = await ask(t, { body: anthropicMessage({ text: ['Hi'] }) }, {})
  const gpt = await ask(t, { body: responsesBody({ text: ['Hi'] }) }, { model: 'gpt-5.1' })

  const up = claude.upstream.requests[0]!
  assert.equal(up.url, '/v1/messages')
  assert.equal(up.headers['anthropic-version'], '2023-06-01')
  assert.equal(up.headers['content-type'], 'application/json')
  assert.equal(up.headers['accept-encoding'], 'identity')
  assert.deepEqual((up.json() as { messages: unknown }).messages, [
    { role: 'user', content: [{ type: 'text', text: 'x' }] },
  ])
  const other = gpt.upstream.requests[0]!
  assert.equal(other.url, '/v1/responses')
  assert.equal((other.json() as { store: boolean }).store, false)
})

test('§1.4 parameters that the model’s API does not have are dropped and named', async (t) => {
  const { back } = await ask(
    t,
    { body: anthropicMessage({ text: ['Hi'] }) },
    { seed: 4, logit_bias: { 1: 2 }, n: 1 },
  )

  assert.deepEqual(back.headers.get('x-droid2api-dropped')?.split(', ').toSorted(), [
    'logit_bias',
    'seed',
  ])
})

const omitted: [what: string, headers: Record<string, string>, streams: boolean][] = [
  ['an SDK', { accept: 'application/json', 'user-agent': 'OpenAI/JS' }, false],
  ['curl', { accept: '*/*', 'user-agent': 'curl/8.5.0' }, true],
  ['curl asking for JSON', { accept: 'application/json', 'user-agent': 'curl/8.5.0' }, false],
  ['whoever asks for a stream', { accept: 'text/event-stream', 'user-agent': 'x' }, true],
  ['anyone else', { accept: '*/*', 'user-agent': 'python-requests/2' }, false],
]

for (const [what, headers, streams] of omitted) {
  test(`contract §6.2: without \`stream\` ${what} gets ${streams ? 'a stream' : 'a body'}`, async (t) => {
    const answer: Answer = streams
      ? { sse: anthropicStream({ text: ['Hi'] }) }
      : { body: anthropicMessage({ text: ['Hi'] }) }

    const { back, upstream } = await ask(t, answer, {}, { headers })

    const type = back.headers.get('content-type') ?? ''
    assert.equal(type.startsWith('text/event-stream'), streams)
    assert.equal((upstream.requests[0]!.json() as { stream: boolean }).stream, streams)
  })
}

test('contract §6.1: a client that wants a body gets one from an upstream that streams, and the reverse', async (t) => {
  const streamed = await ask(t, { sse: anthropicStream({ text: ['a', 'b'] }) }, { stream: false })
  const whole = await ask(t, { body: anthropicMessage({ text: ['ab'] }) }, { stream: true })

  const body = JSON.parse(streamed.text) as { choices: { message: { content: string } }[] }
  assert.equal(body.choices[0]?.message.content, 'ab')
  assert.equal(
    chunksOf(whole.text)
      .map(({ choices }) => choices[0]?.delta.content ?? '')
      .join(''),
    'ab',
  )
  assert.match(whole.text, /data: \[DONE\]\n\n$/)
})

test('§3 the first token comes while the upstream still thinks about the second', async (t) => {
  const gate = deferred()
  const events = anthropicStream({ text: ['one', 'two'] })
  const cut = events.findIndex((event) => event.includes('two'))
  const upstream = await startUpstream(t, [
    { sse: [...events.slice(0, cut), { until: gate.promise }, ...events.slice(cut)] },
  ])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const back = await post(`${url}/v1/chat/completions`, {
    model: 'claude-sonnet-4-5',
    stream: true,
    messages,
  })
  const reader = back.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('one')) text += (await reader.read()).value ?? ''

  assert.doesNotMatch(text, /two/)
  gate.resolve()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    text += piece.value
  assert.match(text, /two/)
})

test('an answer ends when it is complete, though the upstream stays open', async (t) => {
  for (const [model, sse] of [
    ['claude-sonnet-4-5', anthropicStream({ text: ['Hi'] })],
    ['gpt-5.1', responsesStream({ text: ['Hi'] })],
  ] as const) {
    for (const stream of [true, false]) {
      const { text } = await ask(t, { sse: [...sse, 'hang'] }, { model, stream })
      assert.match(text, stream ? /\[DONE\]/ : /"content":"Hi"/)
    }
  }
})

test('an answer that the upstream compressed unasked is read all the same', async (t) => {
  const { text } = await ask(
    t,
    {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify(anthropicMessage({ text: ['Hi'] }))),
    },
    {},
  )

  assert.match(text, /"content":"Hi"/)
})

test('§10.5 ids, retry hints and limits of the upstream reach the client, its other headers do not', async (t) => {
  const { back } = await ask(
    t,
    {
      headers: {
        'content-type': 'application/json',
        'request-id': 'req_9',
        'anthropic-ratelimit-tokens-remaining': '12',
        'set-cookie': 'a=b',
        server: 'upstream',
      },
      body: anthropicMessage({ text: ['Hi'] }),
    },
    {},
  )

  assert.equal(back.headers.get('x-request-id'), 'req_9')
  assert.equal(back.headers.get('request-id'), 'req_9')
  assert.equal(back.headers.get('anthropic-ratelimit-tokens-remaining'), '12')
  assert.equal(back.headers.get('x-ratelimit-remaining-tokens'), '12')
  assert.equal(back.headers.get('set-cookie'), null)
  assert.equal(back.headers.get('server'), null)
})

const anthropicError = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
})

const failures: [what: string, answer: Answer, status: number, error: Record<string, unknown>][] = [
  [
    'an overloaded Claude',
    { status: 529, body: anthropicError('overloaded_error', 'Overloaded') },
    529,
    { type: 'overloaded_error', code: 'overloaded', message: 'Overloaded', param: null },
  ],
  [
    'a prompt that is too long',
    {
      status: 400,
      body: anthropicError('invalid_request_error', 'prompt is too long: 300000 tokens'),
    },
    400,
    { code: 'context_length_exceeded' },
  ],
  [
    'a gateway’s page',
    {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><style>x{}</style><h1>Bad&nbsp;Gateway</h1></html>',
    },
    502,
    { type: 'upstream_error', code: null },
  ],
  ['a bare message', { status: 500, body: { message: 'oops' } }, 500, { message: 'oops' }],
  [
    'an error that comes first in a stream',
    {
      sse: [`event: error\ndata: ${JSON.stringify(anthropicError('overloaded_error', 'no'))}\n\n`],
    },
    529,
    { type: 'overloaded_error' },
  ],
  ['a stream that ends before it says anything', { sse: [] }, 502, { code: 'upstream_truncated' }],
  [
    'HTML with status 200',
    { headers: { 'content-type': 'text/html' }, body: '<html>' },
    502,
    { code: 'upstream_protocol_error' },
  ],
  ['no content', { status: 204 }, 502, { code: 'upstream_protocol_error' }],
  [
    'a redirect',
    { status: 307, headers: { location: 'http://x' } },
    502,
    { code: 'upstream_redirect' },
  ],
]

for (const [what, answer, status, expected] of failures) {
  test(`§10.1–10.3, row 37: ${what} is an HTTP error with all four members, streamed or not`, async (t) => {
    for (const stream of [true, false]) {
      const { back, text } = await ask(t, answer, { stream })

      assert.equal(back.status, status, text)
      assert.match(back.headers.get('content-type') ?? '', /application\/json/)
      const { error } = JSON.parse(text) as { error: Record<string, unknown> }
      assert.deepEqual(Object.keys(error).toSorted(), ['code', 'message', 'param', 'type'])
      for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, name)
    }
  })
}

test('contract §6.6, §10.4, row 41: an error after the first token is the last event: no finish, no [DONE]', async (t) => {
  const begun = anthropicStream({ text: ['one '] }).filter((event) => !event.includes('_stop'))
  const error = `event: error\ndata: ${JSON.stringify(anthropicError('overloaded_error', 'no'))}\n\n`
  for (const rest of [[error], ['hang-up' as const], []]) {
    const { back, text } = await ask(t, { sse: [...begun.slice(0, -1), ...rest] }, { stream: true })

    assert.equal(back.status, 200)
    assert.match(text, /one /)
    const last = text.trim().split('\n\n').at(-1)!
    assert.equal(
      typeof (JSON.parse(last.slice(6)) as { error: { message: string } }).error.message,
      'string',
    )
    assert.doesNotMatch(text, /\[DONE\]|"finish_reason":"/)
  }
})

test('§10.2 a refusal of the account says whose credential it was', async (t) => {
  const body = anthropicError('permission_error', 'not your plan')
  const ours = await ask(t, { status: 403, body }, {}, { env: { FACTORY_API_KEY: 'fk-ours' } })
  const theirs = await ask(t, { status: 403, body }, {})

  assert.match(ours.text, /Upstream refused the proxy's credentials: not your plan/)
  assert.match(theirs.text, /"message":"not your plan"/)
})

test('§11.1 a `common` model gets the body as it is but for model, prompt and level, and its bytes come back', async (t) => {
  const answer = ': note\n\ndata: {"choices":[],"odd":1.0}\n\ndata: [DONE]\n\n'
  const upstream = await startUpstream(t, [{ sse: [answer] }])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { system_prompt: 'Be brief.', usage: { enabled: false } }),
  })

  const back = await post(`${url}/v1/chat/completions?x=1`, {
    model: 'glm-4.6',
    stream: true,
    messages,
    custom_field: { kept: true },
  })

  assert.equal(await back.text(), answer)
  const up = upstream.requests[0]!
  assert.equal(up.url, '/v1/chat/completions?x=1')
  assert.deepEqual(up.json(), {
    model: 'glm-4.6',
    stream: true,
    messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    custom_field: { kept: true },
  })
})

test('§11.1 a `common` stream that breaks off ends with an error event', async (t) => {
  const { text } = await ask(
    t,
    { sse: ['data: {"choices":[]}\n\ndata: {"cho', { waitMs: 10 }, 'hang-up'] },
    { model: 'glm-4.6', stream: true },
  )

  const last = text.trim().split('\n\n').at(-1)!
  assert.match(last, /^data: \{"error":\{.*"upstream_truncated"/)
})

test('the bytes of a broken UTF-8 body are refused, not guessed at', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = Buffer.concat([
    Buffer.from('{"model":"gpt-5.1","messages":[{"role":"user","content":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}]}'),
  ])

  const back = await post(`${url}/v1/chat/completions`, body)

  assert.equal(back.status, 400)
  assert.match(await back.text(), /UTF-8/)
  assert.equal(upstream.requests.length, 0)
})
