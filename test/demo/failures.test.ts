/** Failures on demand, and what surrounds every answer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { AnthropicError, RateLimitError as AnthropicRateLimit } from '@anthropic-ai/sdk'
import { OpenAIError, RateLimitError } from 'openai'
import { startDemoUpstream } from '../../lib/demo/upstream.ts'
import { startDemo } from './start.ts'

const bodies: Record<string, (said: string) => object> = {
  '/v1/messages': (content) => ({
    model: 'm',
    max_tokens: 99,
    messages: [{ role: 'user', content }],
  }),
  '/v1/responses': (input) => ({ model: 'm', input }),
  '/v1/chat/completions': (content) => ({ model: 'm', messages: [{ role: 'user', content }] }),
}
const anthropicTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

for (const [path, body] of Object.entries(bodies)) {
  const anthropic = path === '/v1/messages'

  test(`${path}: any status can be asked for, in the provider's words`, async (t) => {
    const { post } = await startDemo(t)

    for (const [status, type] of Object.entries(anthropicTypes)) {
      const answer = await post(path, { ...body(`Now error ${status}, please`), stream: true })
      const json: { type?: string; error: { type: string; param?: unknown } } = JSON.parse(
        await answer.text(),
      )

      assert.equal(answer.status, Number(status))
      assert.equal(json.type, anthropic ? 'error' : undefined)
      if (anthropic) assert.equal(json.error.type, type)
      else assert.equal(json.error.param, null)
      const retry = status === '429' || status === '529' ? '1' : null
      assert.equal(answer.headers.get('retry-after'), retry)
    }
  })

  test(`${path}: numbers that are no error status are plain talk`, async (t) => {
    const { post } = await startDemo(t)

    for (const said of ['error 200', 'error 4290', 'terror 429', 'cut this in two']) {
      assert.equal((await post(path, body(said))).status, 200, said)
    }
  })

  test(`${path}: a cut comes in mid-answer, streamed or not`, async (t) => {
    const { url } = await startDemo(t)

    for (const stream of [true, false]) {
      const { text, complete } = await readAll(url + path, { ...body('cut'), stream })
      assert.equal(complete, false)
      assert.match(text, /Hello|content|output/)
      assert.doesNotMatch(text, /message_stop|response\.completed|\[DONE\]/)
    }
  })

  test(`${path}: an error in mid-stream ends the stream after half of it`, async (t) => {
    const { url } = await startDemo(t)

    const stream = await readAll(url + path, { ...body('error midstream'), stream: true })
    const whole = await readAll(url + path, { ...body('error midstream') })

    assert.equal(stream.complete, true)
    assert.match(stream.text, /demo!/)
    assert.match(stream.text, /failed in mid-answer/)
    assert.doesNotMatch(stream.text, /message_stop|response\.completed|\[DONE\]/)
    assert.match(whole.text, /^\{"?(?:type|error)/)
  })

  test(`${path}: a client that leaves is no fault of the demo`, async (t) => {
    const { post } = await startDemo(t, 5)
    const leave = new AbortController()

    const answer = await post(path, { ...body('hi'), stream: true }, leave.signal)
    leave.abort()

    await assert.rejects(answer.text(), { name: 'AbortError' })
    assert.equal((await post(path, body('hi'))).status, 200)
  })

  test(`${path}: request id and rate limits go with every answer`, async (t) => {
    const { post } = await startDemo(t)

    for (const said of ['hi', 'error 500']) {
      const { headers } = await post(path, body(said))
      const [id, limit] = anthropic
        ? ['request-id', 'anthropic-ratelimit-requests-remaining']
        : ['x-request-id', 'x-ratelimit-remaining-requests']
      assert.match(headers.get(id) ?? '', /^req_\w+$/)
      assert.match(headers.get(limit) ?? '', /^\d+$/)
    }
  })
}

test('the official clients raise what breaks in mid-stream', async (t) => {
  const { anthropic, openai } = await startDemo(t)

  for (const content of ['error midstream', 'cut']) {
    const messages = [{ role: 'user' as const, content }]
    const claude = anthropic.messages.stream({ model: 'm', max_tokens: 99, messages })
    await assert.rejects(claude.finalMessage(), AnthropicError)
    const chat = openai.chat.completions.stream({ model: 'm', messages })
    await assert.rejects(chat.finalChatCompletion(), OpenAIError)
  }
})

test('the official clients raise their error classes', async (t) => {
  const { anthropic, openai } = await startDemo(t)

  const said = [{ role: 'user' as const, content: 'error 429' }]
  const claude = anthropic.messages.create({ model: 'm', max_tokens: 9, messages: said })
  await assert.rejects(claude, AnthropicRateLimit)
  const gpt = openai.responses.create({ model: 'm', input: 'error 429' })
  await assert.rejects(gpt, (error: unknown) => {
    assert.ok(error instanceof RateLimitError)
    assert.equal(error.code, 'rate_limit_exceeded')
    return true
  })
})

for (const failure of ['error 429', 'error midstream', 'cut', 'cut the connection']) {
  test(`the next message is answered, though nothing came between it and “${failure}”`, async (t) => {
    const { openai } = await startDemo(t)
    const messages = [{ role: 'user' as const, content: `${failure}\n\nHello after that` }]

    const { choices } = await openai.chat.completions.create({ model: 'm', messages })

    assert.match(choices[0]?.message.content ?? '', /Hello after that/)
    const again = [{ role: 'user' as const, content: `Hello\n\n${failure}` }]
    await assert.rejects(openai.chat.completions.create({ model: 'm', messages: again }))
  })
}

test('a failure that is only quoted, as in a summary of a talk with the demo, is not asked for', async (t) => {
  const { openai } = await startDemo(t)
  const { output_text: text } = await openai.responses.create({ model: 'm', input: 'hi' })
  const input = `You said: ${text}`

  const { output_text: next } = await openai.responses.create({ model: 'm', input })

  assert.match(text, /`error 429`/)
  assert.match(next, /You said/)
})

test('after a tool result the failure asked for before is over', async (t) => {
  const { openai } = await startDemo(t)

  const { output_text: text } = await openai.responses.create({
    model: 'm',
    input: [
      { role: 'user', content: 'error 500' },
      { type: 'function_call_output', call_id: 'c', output: 'fine' },
    ],
  })

  assert.match(text, /fine/)
})

test('unknown paths, other methods and bodies that are no JSON are refused', async (t) => {
  const { url, post } = await startDemo(t)

  assert.equal((await post('/v1/embeddings', {})).status, 404)
  assert.equal((await fetch(`${url}/v1/messages`)).status, 404)
  assert.equal((await post('/v1/messages?beta=true', bodies['/v1/messages']!('hi'))).status, 200)
  const broken = await post('/v1/messages', '{"model":')
  assert.equal(broken.status, 400)
  assert.match(await broken.text(), /^\{"type":"error"/)
})

test('pieces come one by one, and close ends what is under way', async (t) => {
  const upstream = await startDemoUpstream({ paceMs: 60_000 })
  t.after(() => upstream.close().catch(() => undefined))
  const stream = { ...bodies['/v1/messages']!('hi'), stream: true }
  const answer = await open(upstream.url + '/v1/messages', stream)
  let text = ''
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  while (!text.includes('text_delta')) await once(answer, 'data')

  const broken = once(answer, 'error')
  await upstream.close()
  await broken

  assert.equal(text.match(/text_delta/g)?.length, 1)
})

async function open(url: string, body: object): Promise<IncomingMessage> {
  const sent = request(url, { method: 'POST', agent: false })
  sent.end(JSON.stringify(body))
  return await new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
}

/** What arrived, and whether the answer ended as HTTP says it must. */
async function readAll(url: string, body: object): Promise<{ text: string; complete: boolean }> {
  const answer = await open(url, body)
  let text = ''
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  answer.on('error', () => undefined)
  await new Promise((resolve) => answer.once('close', resolve))
  return { text, complete: answer.complete }
}
