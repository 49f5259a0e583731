/** The scripted upstream does what its steps say and counts what happened: the other tests stand on it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { deferred } from './deferred.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  sse,
  startUpstream,
} from './upstream.ts'

test('records method, url, headers and bytes of each request', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))

  await fetch(`${upstream.url}/v1/x?beta=true`, {
    method: 'POST',
    headers: { 'X-Mixed': 'Case' },
    body: '{"a": 1}',
  })

  const [recorded] = upstream.requests
  assert.equal(recorded?.method, 'POST')
  assert.equal(recorded?.url, '/v1/x?beta=true')
  assert.equal(recorded?.headers['x-mixed'], 'Case')
  assert.ok(recorded?.rawHeaders.includes('Case'))
  assert.deepEqual(recorded?.body, Buffer.from('{"a": 1}'))
  assert.deepEqual(recorded?.json(), { a: 1 })
})

test('answers in turn, and says so when it has none left', async (t) => {
  const upstream = await startUpstream(t, [
    { body: { one: 1 } },
    { status: 418, headers: { 'x-two': '2' }, body: 'two' },
  ])

  const answers = [
    await fetch(upstream.url),
    await fetch(upstream.url),
    await fetch(upstream.url),
  ] as const
  const [one, two, three] = await Promise.all(answers.map((answer) => answer.text()))

  assert.equal(one, '{"one":1}')
  assert.equal(answers[0].headers.get('content-type'), 'application/json')
  assert.equal(two, 'two')
  assert.equal(answers[1].status, 418)
  assert.equal(answers[1].headers.get('x-two'), '2')
  assert.equal(answers[2].status, 500)
  assert.match(three ?? '', /no answer for request 3/)
})

test('a function answers by what it returns or through reply, and its failure is told', async (t) => {
  const upstream = await startUpstream(t, async ({ url }, reply) => {
    if (url === '/fails') throw new Error('typo in the script')
    if (url === '/returns') return { body: 'returned' }
    if (url === '/res') reply.res.end('by hand')
    else await reply.send({ body: 'sent' })
    return undefined
  })
  const text = async (path: string) => await (await fetch(upstream.url + path)).text()

  assert.equal(await text('/returns'), 'returned')
  assert.equal(await text('/sends'), 'sent')
  assert.equal(await text('/res'), 'by hand')
  assert.match(await text('/fails'), /typo in the script/)
})

test('the client has what an upstream wrote before a wait while that wait lasts', async (t) => {
  const gate = deferred()
  const upstream = await startUpstream(t, [
    { sse: ['a', Buffer.from('b'), { until: gate.promise }, 'c', { waitMs: 1 }, 'end', 'd'] },
  ])

  const answer = await fetch(upstream.url)
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let before = ''
  while (before.length < 2) before += (await reader.read()).value
  gate.resolve()
  let after = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) after += read.value

  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.equal(before, 'ab')
  assert.equal(after, 'c')
})

test('hang-up breaks the answer after its bytes, and is not counted as the client leaving', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['half', 'hang-up'] }])

  const answer = await open(t, upstream.url)
  let text = ''
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const [error]: NodeJS.ErrnoException[] = await once(answer, 'error')
  await upstream.whenClosed(0)

  assert.equal(text, 'half')
  assert.equal(error?.code, 'ECONNRESET')
  assert.equal(upstream.closedEarly, 0)
})

test('a silent stream sends no head before its first bytes', async (t) => {
  const upstream = await startUpstream(t, [
    { sse: ['hang-up'], silent: true },
    { sse: ['hang-up'] },
  ])

  await assert.rejects(open(t, upstream.url), { code: 'ECONNRESET' })
  const answer = await open(t, upstream.url)
  await once(answer.resume(), 'error')

  assert.equal(answer.statusCode, 200)
})

test('a hanging answer is open until its client leaves, who is counted', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['begun', 'hang'] }, { body: {} }])

  const answer = await open(t, upstream.url)
  const openBefore = upstream.open
  answer.destroy()
  await upstream.whenClosed(0)
  const counts = { open: upstream.open, closedEarly: upstream.closedEarly }
  await (await fetch(upstream.url)).text()
  await upstream.whenClosed(1)

  assert.equal(openBefore, 1)
  assert.deepEqual(counts, { open: 0, closedEarly: 1 })
  assert.equal(upstream.closedEarly, 1)
})

test('a client that leaves ends a waiting script', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['a', { until: new Promise(() => {}) }, 'b'] }])

  const answer = await open(t, upstream.url)
  answer.destroy()
  await upstream.whenClosed(0)

  assert.equal(upstream.closedEarly, 1)
})

test('nextRequest gives each request once, whether it came before or after the call', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))

  await fetch(`${upstream.url}/1`)
  const first = await upstream.nextRequest()
  const pending = upstream.nextRequest()
  await fetch(`${upstream.url}/2`)

  assert.equal(first.url, '/1')
  assert.equal((await pending).url, '/2')
})

test('counts connections, not requests, and drops the idle ones when told', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const get = async () => {
    const answer = await open(t, upstream.url, agent)
    const { socket } = answer
    await once(answer.resume(), 'end')
    await upstream.whenClosed(upstream.requests.length - 1)
    return socket
  }

  await get()
  const socket = await get()
  const kept = upstream.sockets
  upstream.dropIdle()
  if (!socket.closed) await once(socket, 'close')
  await get()

  assert.equal(kept, 1)
  assert.equal(upstream.sockets, 2)
})

test('closes with the test, even with an answer open', async (t) => {
  let url = ''
  await t.test('inner', async (inner) => {
    const upstream = await startUpstream(inner, [{ sse: ['begun', 'hang'] }])
    url = upstream.url
    const answer = await open(t, url)
    answer.on('error', () => undefined)
  })

  await assert.rejects(open(t, url), { code: 'ECONNREFUSED' })
})

const said = {
  thinking: ['I should ', 'look.'],
  text: ['Let me ', 'look.'],
  tools: [
    { id: 'call_1', name: 'look', input: ['{"at":', '"é"}'] },
    { id: 'call_2', name: 'now', input: [] },
  ],
}

test('anthropicStream says to the official client what anthropicMessage says', async (t) => {
  const events = anthropicStream(said)
  const upstream = await startUpstream(t, [{ sse: events }])
  const client = new Anthropic({ baseURL: upstream.url, apiKey: 'any', maxRetries: 0 })

  const stream = client.messages.stream({
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
  })
  const { id, model, content, stop_reason, usage } = await stream.finalMessage()

  const expected = anthropicMessage(said)
  assert.deepEqual(
    { id, model, content, stop_reason },
    {
      id: expected.id,
      model: expected.model,
      content: expected.content,
      stop_reason: expected.stop_reason,
    },
  )
  assert.equal(usage.input_tokens, 10)
  assert.equal(usage.output_tokens, 7)
  assert.ok(events[0]?.startsWith('event: message_start\n'))
})

test('responsesStream says to the official client what responsesBody says', async (t) => {
  const gpt = { ...said, tools: [said.tools[0]!] }
  const events = responsesStream(gpt)
  const upstream = await startUpstream(t, [{ sse: events }])
  const client = new OpenAI({ baseURL: upstream.url, apiKey: 'any', maxRetries: 0 })

  const texts: string[] = []
  const stream = client.responses.stream({ model: 'gpt-5.1', input: 'x' })
  stream.on('response.output_text.delta', ({ delta }) => texts.push(delta))
  const response = await stream.finalResponse()

  const expected = responsesBody(gpt)
  assert.equal(response.id, expected.id)
  assert.equal(response.status, 'completed')
  assert.deepEqual(
    response.output.map(({ type }) => type),
    expected.output.map(({ type }) => type),
  )
  assert.deepEqual(texts, said.text)
  for (const [index, event] of events.entries()) {
    assert.match(event, new RegExp(`"sequence_number":${index}[,}]`))
  }
})

test('sse frames an event', () => {
  assert.equal(sse('ping', { type: 'ping' }), 'event: ping\ndata: {"type":"ping"}\n\n')
  assert.equal(sse('x', 'plain'), 'event: x\ndata: plain\n\n')
})

/** A GET whose answer has not been read yet. */
async function open(t: TestContext, url: string, agent?: Agent): Promise<IncomingMessage> {
  const sent = request(url, agent ? { agent } : { agent: false })
  t.after(() => sent.destroy())
  sent.end()
  return await new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
}
