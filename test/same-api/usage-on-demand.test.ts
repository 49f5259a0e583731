/** Streams of chat clients: their tokens are counted, and the clients get what they asked for. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { withoutUsage } from '../../pipelines/providers/common/stream-usage.ts'
import { head, rawUpstream } from '../faults/raw-upstream.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import {
  startUpstream,
  type Answer,
  type RecordedRequest,
  type Script,
} from '../helpers/upstream.ts'

const key = 'k-alice-3f9a1c7e55'
const event = (data: object | string) =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const chunk = (more: object) => event({ object: 'chat.completion.chunk', usage: null, ...more })

const text = chunk({ choices: [{ index: 0, delta: { content: 'Say "choices":[] "usage":{}' } }] })
const verdict = event({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] })
const last = chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const usage = chunk({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 8 } })
const done = event('[DONE]')
const all = [verdict, text, last, usage, done].join('')
const hidden = [verdict, text, last, done].join('')

const asIs: Script = (request) => {
  const { stream_options: options, usage: openRouters } = request.json() as Record<string, unknown>
  return { sse: [options || openRouters ? all : hidden] }
}

async function setting(t: TestContext, limits: object, config: object = {}, script = asIs) {
  const upstream = await startUpstream(t, script)
  const clients = [{ name: 'alice', key, ...limits }]
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients, ...config }),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const { url } = proxy
  const ask = async (more: object = {}) => {
    const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hi' }], stream: true }
    const headers = { authorization: `Bearer ${key}` }
    const answer = await post(`${url}/v1/chat/completions`, { ...body, ...more }, headers)
    return await answer.text()
  }
  const tokens = async () => {
    const mine = await fetch(`${url}/usage/me`, { headers: { 'x-api-key': key } })
    return ((await mine.json()) as { today: { tokens: number } }).today.tokens
  }
  const sent = () => optionsOf(upstream.requests.at(-1)!)
  return { proxy, upstream, ask, tokens, sent }
}

function optionsOf(request: RecordedRequest): object | undefined {
  return (request.json() as { stream_options?: object }).stream_options
}

const withoutCounting = { usage: { enabled: false } }

test('contract §14.6: a chat stream of a client with a limit of tokens is counted, and looks as it asked for it', async (t) => {
  const { ask, tokens, sent } = await setting(t, { tokens_per_day: 1000 }, withoutCounting)

  assert.equal(await ask(), hidden)
  assert.equal(await tokens(), 20)
  assert.equal(await ask({ stream_options: { include_obfuscation: false } }), hidden)
  assert.deepEqual(sent(), { include_obfuscation: false, include_usage: true })
  assert.equal(await ask({ stream_options: { include_usage: true } }), all)
  assert.equal(await tokens(), 60)
})

test('contract §15.10: where nothing counts tokens a chat request goes up as it came', async (t) => {
  const { ask, sent } = await setting(t, { requests_per_day: 9 }, withoutCounting)

  assert.equal(await ask(), hidden)
  assert.equal(sent(), undefined)
})

test('contract §15.10: where usage is on the tokens of every chat stream count, and no other byte moves', async (t) => {
  const { proxy, upstream, ask } = await setting(t, {})

  assert.equal(await ask(), hidden)
  assert.equal(await ask({ stream_options: { include_usage: true } }), all)
  assert.equal(await ask({ usage: { include: true } }), all)

  await until(() => proxy.app.calls.size === 0)
  const [row] = proxy.app.usage.book.counted()
  assert.deepEqual([row?.requests, row?.unmetered, row?.input, row?.output], [3, 0, 36, 24])
  const bodies = upstream.requests.map(({ body }) => body.toString())
  const own = '{"model":"glm-4.6","messages":[{"role":"user","content":"Hi"}],"stream":true'
  assert.deepEqual(bodies, [
    own.replace('{', '{"stream_options":{"include_usage":true},') + '}',
    `${own},"stream_options":{"include_usage":true}}`,
    `${own},"usage":{"include":true}}`,
  ])
})

const refusals: Record<string, Answer> = {
  Mistral: {
    status: 422,
    body: {
      object: 'error',
      message: {
        detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options', 'include_usage'] }],
      },
    },
  },
  'an old vLLM': {
    status: 400,
    body: {
      object: 'error',
      message: "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]",
    },
  },
}

for (const [who, refusal] of Object.entries(refusals)) {
  test(`contract §15.10: ${who}, who refuses to be asked, gets the request as it came, and is asked no more`, async (t) => {
    const { proxy, upstream, ask } = await setting(t, {}, {}, (request) =>
      optionsOf(request) ? refusal : { sse: [hidden] },
    )

    assert.equal(await ask(), hidden)
    const own = { stream_options: { include_obfuscation: true } }
    assert.equal(await ask(own), JSON.stringify(refusal.body))
    assert.equal(await ask(), hidden)

    assert.deepEqual(upstream.requests.map(optionsOf), [
      { include_usage: true },
      undefined,
      { include_obfuscation: true },
      undefined,
    ])
    const asItCame = '{"model":"glm-4.6","messages":[{"role":"user","content":"Hi"}],"stream":true}'
    assert.equal(upstream.requests[1]!.body.toString(), asItCame)
    const told = proxy.logs.filter(({ msg }) => String(msg).includes('refuses to be asked'))
    assert.deepEqual(
      told.map(({ endpoint, model }) => [endpoint, model]),
      [['other', 'glm-4.6']],
    )
  })
}

test('contract §15.10: a refusal without a word may be of the question, and is asked again without it', async (t) => {
  let takes = true
  const { upstream, ask } = await setting(t, {}, {}, (request) =>
    takes && !optionsOf(request) ? { sse: [hidden] } : { status: 422, body: '' },
  )

  assert.equal(await ask(), hidden)
  assert.deepEqual(upstream.requests.map(optionsOf), [{ include_usage: true }, undefined])
  takes = false
  assert.equal(await ask(), '')
  assert.equal(upstream.requests.length, 3)
})

test('contract §15.10: a client of another API is served by an upstream that refuses the question', async (t) => {
  const { proxy, upstream } = await setting(t, {}, {}, (request) =>
    optionsOf(request) ? refusals.Mistral! : { sse: [hidden] },
  )
  const body = {
    model: 'glm-4.6',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  }
  const asked = async () => {
    const answer = await post(`${proxy.url}/v1/messages`, body, { 'x-api-key': key })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /message_stop/)
  }

  await asked()
  await asked()

  const options = upstream.requests.map(optionsOf)
  assert.deepEqual(options, [{ include_usage: true }, undefined, undefined])
})

test('contract §15.10: any other refusal goes to the client as it came, and so does one of its own question', async (t) => {
  let refusal: Answer = { status: 400, body: { error: { message: 'no such model' } } }
  const { upstream, ask } = await setting(t, {}, {}, () => refusal)

  assert.equal(await ask(), JSON.stringify(refusal.body))
  refusal = refusals.Mistral!
  assert.equal(await ask({ stream_options: { include_usage: true } }), JSON.stringify(refusal.body))

  assert.equal(upstream.requests.length, 2)
})

/** Asks for a stream of an endpoint with two accounts, whose requests are sent so many times at most. */
async function askTwoAccounts(
  t: TestContext,
  base_url: string,
  { attempts, ...endpoint }: { attempts: number; choose?: string },
): Promise<Response> {
  const names = ['one', 'two']
  const endpoints = [{ name: 'other', type: 'common', base_url, accounts: names, ...endpoint }]
  const accounts = names.map((name) => ({ name, key: `key-of-${name}-1` }))
  const { url } = await startProxy(t, {
    config: oneUpstream(base_url, { accounts, endpoints, retry: { attempts } }),
  })
  const messages = [{ role: 'user', content: 'Hi' }]
  return post(`${url}/v1/chat/completions`, { model: 'glm-4.6', messages, stream: true })
}

test('contract §15.10: the request without the question is sent also where a request is sent but once', async (t) => {
  const upstream = await startUpstream(t, (request) =>
    optionsOf(request) ? refusals.Mistral! : { sse: [hidden] },
  )

  const answer = await askTwoAccounts(t, upstream.url, { attempts: 1, choose: 'first' })

  assert.equal(await answer.text(), hidden)
  assert.deepEqual(upstream.requests.map(optionsOf), [{ include_usage: true }, undefined])
})

test('contract §15.10: a request that is sent again without the question has as many attempts as others', async (t) => {
  const spent: Answer = { status: 429, headers: { 'retry-after': '3600' }, body: {} }
  const upstream = await startUpstream(t, (request) => {
    if (optionsOf(request)) return refusals.Mistral!
    return request.headers.authorization === 'Bearer key-of-one-1' ? spent : { sse: [hidden] }
  })

  const answer = await askTwoAccounts(t, upstream.url, { attempts: 2 })

  assert.equal(await answer.text(), hidden)
})

test('contract §15.10: a refusal that only repeats what a client wrote does not end the counting of all', async (t) => {
  const script: Script = (request, reply) => {
    const { messages } = request.json() as { messages: { role: string }[] }
    const { role } = messages[0]!
    if (role === 'user') return asIs(request, reply)
    return { status: 400, body: { error: { message: `Invalid value: '${role}'.` } } }
  }
  const limits = { tokens_per_day: 1000 }
  const { proxy, ask, tokens, sent } = await setting(t, limits, {}, script)

  const refused = await ask({ messages: [{ role: 'stream_options', content: 'Hi' }] })
  const answer = await ask()

  assert.match(refused, /Invalid value: 'stream_options'/)
  assert.equal(answer, hidden)
  assert.deepEqual(sent(), { include_usage: true })
  assert.equal(await tokens(), 20)
  const told = proxy.logs.filter(({ msg }) => String(msg).includes('refuses to be asked'))
  assert.deepEqual(told, [])
})

test('contract §15.10: nor does one of a setting that the client named like the question', async (t) => {
  const script: Script = (request, reply) => {
    const { reasoning_effort: effort } = request.json() as { reasoning_effort?: string }
    if (effort === undefined) return asIs(request, reply)
    const message = `Unsupported value: 'reasoning_effort' does not support '${effort}'.`
    return { status: 400, body: { error: { message, param: 'reasoning_effort' } } }
  }
  const limits = { tokens_per_day: 1000 }
  const { proxy, ask, tokens, sent } = await setting(t, limits, {}, script)

  assert.equal(await ask({ reasoning_effort: 'stream_options' }), hidden)
  assert.deepEqual(sent(), { include_usage: true })
  assert.equal(await tokens(), 20)

  assert.equal(await ask(), hidden)
  assert.equal(await tokens(), 40)
  const told = proxy.logs.filter(({ msg }) => String(msg).includes('refuses to be asked'))
  assert.deepEqual(told, [])
})

test('contract §15.10: a failure that cannot be such a refusal goes on at once, however slowly its body ends', async (t) => {
  const upstream = await rawUpstream(t, (socket) => {
    socket.write(head('500 Internal Server Error', 'content-length: 90'))
    socket.write('{"error":')
  })
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hi' }], stream: true }

  const begunMs = performance.now()
  const answer = await post(`${proxy.url}/v1/chat/completions`, body)
  const tookMs = performance.now() - begunMs
  await answer.body!.cancel()

  assert.equal(answer.status, 500)
  // looking for what it says would take two seconds
  assert.ok(tookMs < 1900, `${tookMs} ms`)
})

test('contract §14.6: the chunk is found wherever the bytes are cut, with either line end', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(all.length), { maxLength: 12 }),
    fc.boolean(),
    async (places, isCrlf) => {
      const ends = (written: string) => (isCrlf ? written.replaceAll('\n', '\r\n') : written)
      const bytes = Buffer.from(ends(all))
      const cuts = [0, ...places.toSorted((one, other) => one - other), bytes.length]
      const stage = withoutUsage()
      const seen: Buffer[] = []
      stage.on('data', (piece: Buffer) => seen.push(piece))
      for (const [index, cut] of cuts.slice(1).entries()) {
        stage.write(bytes.subarray(cuts[index], cut))
      }
      stage.end()
      await new Promise((resolve) => stage.once('end', resolve))
      assert.equal(Buffer.concat(seen).toString(), ends(hidden))
    },
  )
  await fc.assert(property, { numRuns: 1000 })
})

test('contract §14.6: an event that does not end is not held for ever', () => {
  const stage = withoutUsage()
  const piece = Buffer.from(`data: ${'x'.repeat(600_000)}`)

  stage.write(piece)
  assert.equal(stage.read(), null)
  stage.write(piece)

  assert.equal((stage.read() as Buffer).length, 2 * piece.length)
})
