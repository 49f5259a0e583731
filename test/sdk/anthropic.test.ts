/** The official `@anthropic-ai/sdk` on /v1/messages, and what Claude Code needs of it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { demoConfig } from '../../lib/cli/demo-config.ts'
import { startDemoUpstream } from '../../lib/demo/upstream.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'

async function demoClient(t: TestContext): Promise<Anthropic> {
  const upstream = await startDemoUpstream({ paceMs: 0 })
  t.after(() => upstream.close())
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  proxy.app.config = demoConfig(proxy.app.config, upstream.url)
  return new Anthropic({ baseURL: proxy.url, apiKey: 'any', maxRetries: 0 })
}

const model = 'claude-sonnet-4-5'
const say = (content: string) => ({
  model,
  max_tokens: 4000,
  messages: [{ role: 'user' as const, content }],
})
const tools = [
  {
    name: 'get_weather',
    description: 'The weather of a city.',
    input_schema: {
      type: 'object' as const,
      properties: { city: { type: 'string' } },
      required: ['city'],
    },
  },
]

test('the stream helper collects what create answers', async (t) => {
  const client = await demoClient(t)

  const texts: string[] = []
  const stream = client.messages.stream(say('Say hello.'))
  stream.on('text', (text) => texts.push(text))
  const collected = await stream.finalMessage()
  const body = await client.messages.create(say('Say hello.'))

  assert.ok(texts.length > 1)
  assert.deepEqual(collected.content, body.content)
  assert.equal(collected.stop_reason, 'end_turn')
})

test('a tool is called and its result answered, with thinking kept', async (t) => {
  const client = await demoClient(t)
  const ask = {
    ...say('What is the weather in Oslo?'),
    tools,
    thinking: { type: 'enabled' as const, budget_tokens: 2000 },
  }

  const first = await client.messages.stream(ask).finalMessage()
  const call = first.content.find((block) => block.type === 'tool_use')
  assert.ok(call)
  const second = await client.messages.create({
    ...ask,
    messages: [
      ...ask.messages,
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: call.id, content: 'snow, minus 7' }],
      },
    ],
  })

  assert.equal(first.stop_reason, 'tool_use')
  assert.equal(first.content[0]?.type, 'thinking')
  const text = second.content.find((block) => block.type === 'text')
  assert.match(text?.text ?? '', /snow, minus 7/)
})

test('countTokens counts', async (t) => {
  const client = await demoClient(t)

  const { max_tokens: _, ...ask } = say('Count me.')
  const count = await client.messages.countTokens(ask)

  assert.ok(count.input_tokens > 0)
})

test('an upstream’s status becomes the client’s error class, body and all', async (t) => {
  const client = await demoClient(t)
  const classes: [number, new (...args: never[]) => Error][] = [
    [400, Anthropic.BadRequestError],
    [401, Anthropic.AuthenticationError],
    [404, Anthropic.NotFoundError],
    [429, Anthropic.RateLimitError],
    [529, Anthropic.InternalServerError],
  ]

  for (const [status, errorClass] of classes) {
    await assert.rejects(client.messages.create(say(`error ${status}`)), (error: unknown) => {
      assert.ok(error instanceof errorClass, `${status}: ${String(error)}`)
      const { error: body } = error as { error?: { type?: string } }
      assert.equal(body?.type, 'error')
      return true
    })
  }
})

test('an error in mid-stream and a broken stream are raised, not swallowed', async (t) => {
  const client = await demoClient(t)

  await assert.rejects(client.messages.stream(say('error midstream')).finalMessage())
  await assert.rejects(client.messages.stream(say('cut')).finalMessage())
})

test('the errors of the proxy itself are in the dialect the client reads', async (t) => {
  const client = await demoClient(t)

  await assert.rejects(
    client.messages.create({ ...say('x'), model: 'claude-sonet-4-5' }),
    (error: unknown) => {
      assert.ok(error instanceof Anthropic.NotFoundError)
      assert.match(error.message, /claude-sonnet-4-5/)
      return true
    },
  )
})
