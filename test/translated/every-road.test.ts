/** What holds on each road between a client and a model of another API: renewal, silence, and clients that leave. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { chatStream } from '../agent-loop/chat-model.ts'
import { geminiStream, partsOf } from '../agent-loop/gemini-model.ts'
import { firstBytes, send } from '../faults/roads.ts'
import { deferred } from '../helpers/deferred.ts'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { anthropicStream, responsesStream, startUpstream, type Step } from '../helpers/upstream.ts'

interface Kind {
  model: string
  /** the events of an answer of these texts */
  stream: (...texts: string[]) => string[]
}

const kinds: Record<string, Kind> = {
  anthropic: { model: 'claude-sonnet-4-5', stream: (...text) => anthropicStream({ text }) },
  openai: { model: 'gpt-5.1', stream: (...text) => responsesStream({ text }) },
  common: { model: 'glm-4.6', stream: (...text) => chatStream(text.map(saying), 'glm-4.6', 0) },
  google: {
    model: 'gemini-3-pro',
    stream: (...text) => geminiStream(partsOf(text.map(saying), 'gemini-3-pro', 0), 0),
  },
}

function saying(text: string) {
  return { kind: 'text', text } as const
}

interface Client {
  route: string
  ask: object
  /** the kind whose API it speaks */
  own: string
  /** what it gets while nothing comes */
  alive: RegExp
  end: RegExp
  /** how a stream fails, and how an HTTP error is told */
  failure: RegExp
  refusal: RegExp
}

const hi = [{ role: 'user', content: 'Hi' }]

const clients: Client[] = [
  {
    route: '/v1/chat/completions',
    ask: { messages: hi },
    own: 'common',
    alive: /^: /,
    end: /data: \[DONE\]\n\n$/,
    failure: /data: \{"error":\{[^\n]*\n\n$/,
    refusal: /^\{"error":\{/,
  },
  {
    route: '/v1/messages',
    ask: { messages: hi, max_tokens: 100 },
    own: 'anthropic',
    alive: /^event: ping\n/,
    end: /event: message_stop\n[^\n]*\n\n$/,
    failure: /event: error\n[^\n]*\n\n$/,
    refusal: /^\{"type":"error","error":\{/,
  },
  {
    route: '/v1/responses',
    ask: { input: 'Hi' },
    own: 'openai',
    alive: /^(?:: |event: keepalive\n)/,
    end: /event: response\.completed\n[^\n]*\n\n$/,
    failure: /event: response\.failed\n[^\n]*\n\n$/,
    refusal: /^\{"error":\{/,
  },
]

const roads = clients.flatMap((client) =>
  Object.entries(kinds)
    .filter(([kind]) => kind !== client.own)
    .map(([kind, { model, stream }]) => {
      const { route, alive, end, failure, refusal } = client
      const ask = { ...client.ask, model, stream: true }
      const name = `${route} on ${kind}`
      return { name, route, ask, stream, alive, end, failure, refusal }
    }),
)

/** A proxy all of whose endpoints lead to that upstream. */
async function proxyFor(t: TestContext, upstream: string, more: object = {}, env = {}) {
  return await startProxy(t, { config: everyType(upstream, { ...more }), env })
}

/** Texts of one code point, which no event holds in pieces. */
const first = '①'
const second = '②'

/** The events of an answer up to its first text, and those behind. */
function begun(stream: Kind['stream']): [before: string[], behind: string[]] {
  const events = stream(first, second)
  const at = events.findIndex((event) => event.includes(first)) + 1
  return [events.slice(0, at), events.slice(at)]
}

for (const { name, route, ask, stream, alive, end, failure, refusal } of roads) {
  test(`row 47: ${name}: a request is replayed with the renewed token, and its client sees nothing of it`, async (t) => {
    const tokens = await startTokenServer(t)
    const upstream = await startUpstream(t, ({ rawHeaders }) => {
      const isNew = rawHeaders.some((value) => value.endsWith(tokens.accessToken))
      return isNew ? { sse: stream('Hello') } : { status: 401, body: { error: 'expired' } }
    })
    const config = { auth: { token_url: tokens.url } }
    const env = { DROID_REFRESH_KEY: tokens.refreshToken }
    const { url } = await proxyFor(t, upstream.url, config, env)
    await (await post(url + route, ask)).text()
    tokens.revokeAccess()
    const before = { requests: upstream.requests.length, refreshes: tokens.refreshes }

    const answer = await post(url + route, ask)
    const text = await answer.text()

    assert.equal(answer.status, 200, text)
    assert.match(text, end)
    const [refused, replayed] = upstream.requests.slice(before.requests)
    assert.deepEqual(refused?.body, replayed?.body)
    assert.equal(upstream.requests.length - before.requests, 2)
    assert.equal(tokens.refreshes - before.refreshes, 1)
  })

  test(`row 47: ${name}: the 401 of an upstream that takes no token is told in the client’s words`, async (t) => {
    const error = { type: 'authentication_error', message: 'no such plan' }
    const upstream = await startUpstream(t, () => ({ status: 401, body: { error } }))
    const { url } = await proxyFor(t, upstream.url)

    const answer = await post(url + route, ask)
    const text = await answer.text()

    assert.equal(answer.status, 401)
    assert.match(text, refusal)
    assert.match(text, /no such plan/)
  })

  test(`row 8: ${name}: a client that leaves in mid-stream stops the upstream`, async (t) => {
    const [before] = begun(stream)
    const upstream = await startUpstream(t, [{ sse: [...before, 'hang'] }])
    const { url } = await proxyFor(t, upstream.url)
    const sent = send(url + route, ask)
    await firstBytes(sent)

    sent.destroy()
    await upstream.whenClosed(0)

    assert.equal(upstream.closedEarly, 1)
  })

  test(`row 35: ${name}: while the upstream is silent, the client is kept`, async (t) => {
    const gate = deferred()
    const [before, behind] = begun(stream)
    const sse: Step[] = [...before, { until: gate.promise }, ...behind]
    const upstream = await startUpstream(t, [{ sse }])
    const { url } = await proxyFor(t, upstream.url, { keep_alive_s: 0.02 })

    const text = await heard(await post(url + route, ask), alive, 9, gate.resolve)

    assert.ok(text.includes(second))
    assert.match(text, end)
    if (route === '/v1/responses') assertCounted(text)
  })

  test(`row 35: ${name}: while the upstream reads a long prompt, the client has a head and is kept`, async (t) => {
    const gate = deferred()
    const sse: Step[] = [': processing\n\n', { until: gate.promise }, ...stream(first)]
    const upstream = await startUpstream(t, [{ sse }])
    const { url } = await proxyFor(t, upstream.url, { keep_alive_s: 0.02 })

    const text = await heard(await post(url + route, ask), alive, 5, gate.resolve)

    assert.ok(text.includes(first))
    assert.match(text, end)
    assert.equal(
      new Set(text.match(/"id":"(?:chatcmpl-|resp_|msg_(?=[^"]*","type":"message","role"))[^"]*"/g))
        .size,
      1,
    )
  })

  test(`row 35: ${name}: an upstream that is silent for too long is given up, and its client told`, async (t) => {
    const [before] = begun(stream)
    const upstream = await startUpstream(t, [{ sse: [...before, 'hang'] }])
    const limits = { keep_alive_s: 0.02, timeouts: { idle_s: 0.3 } }
    const { url } = await proxyFor(t, upstream.url, limits)

    const text = await (await post(url + route, ask)).text()
    await upstream.whenClosed(0)

    assert.ok(silences(text, alive) > 0)
    assert.match(text, failure)
    assert.doesNotMatch(text, end)
  })
}

/** The whole answer; after so many silences something is done. */
async function heard(answer: Response, alive: RegExp, count: number, then: () => void) {
  let text = ''
  for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += piece
    if (silences(text, alive) >= count) then()
  }
  return text
}

function silences(text: string, alive: RegExp): number {
  return text.split('\n\n').filter((event) => alive.test(event)).length
}

/** Each fourth silence is an event, which Codex counts as life, and all events are numbered. */
function assertCounted(text: string): void {
  assert.match(text, /event: keepalive\ndata: [^\n]*"type":"keepalive"/)
  const numbers = [...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number))
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
  )
}

for (const { name, route, ask } of roads.filter((road) => road.route === '/v1/responses')) {
  test(`§17.1 ${name}: previous_response_id is refused, streamed too, and nothing is asked`, async (t) => {
    const upstream = await startUpstream(t, [])
    const { url } = await proxyFor(t, upstream.url)

    for (const stream of [true, false]) {
      const answer = await post(url + route, { ...ask, stream, previous_response_id: 'resp_1' })
      const { error } = (await answer.json()) as { error: Record<string, unknown> }

      assert.equal(answer.status, 400)
      assert.equal(error.code, 'previous_response_not_found')
      assert.equal(error.param, 'previous_response_id')
    }
    assert.equal(upstream.requests.length, 0)
  })
}
