/** The official `@anthropic-ai/sdk` straight against the demo's upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Anthropic from '@anthropic-ai/sdk'
import { startDemo, weatherSchema, withoutIds } from './start.ts'

const model = 'claude-opus-4-8'
const tools = [
  { name: 'get_weather', description: 'The weather of a city.', input_schema: weatherSchema },
]

function say(content: string): Anthropic.MessageCreateParamsNonStreaming {
  return { model, max_tokens: 4000, messages: [{ role: 'user', content }] }
}

const asks: Record<string, Anthropic.MessageCreateParamsNonStreaming> = {
  text: say('Say hello.'),
  'a limit': { ...say('Say hello.'), max_tokens: 3 },
  'thinking and a call': {
    ...say('What is the weather in Oslo?'),
    tools,
    thinking: { type: 'enabled', budget_tokens: 2000 },
  },
  'two calls': { ...say('The weather in Oslo and Rome, in parallel.'), tools },
  JSON: {
    ...say('A title, please.'),
    output_config: { format: { type: 'json_schema', schema: weatherSchema } },
  },
}

for (const [what, ask] of Object.entries(asks)) {
  test(`the stream says what the body says: ${what}`, async (t) => {
    const { anthropic } = await startDemo(t)

    const collected = await anthropic.messages.stream(ask).finalMessage()
    const body = await anthropic.messages.create(ask)

    // the member is the client's own
    const parsed = { parsed_output: null }
    assert.deepEqual(withoutIds({ ...collected, ...parsed }), withoutIds({ ...body, ...parsed }))
  })
}

test('events come in the order of the API, text word by word', async (t) => {
  const { anthropic } = await startDemo(t)
  const ask = { ...asks['thinking and a call']!, stream: true as const }

  const stream = await anthropic.messages.create(ask)
  const seen: string[] = []
  let deltas = 0
  for await (const event of stream) {
    if (event.type === 'content_block_delta') deltas += 1
    const kind = event.type === 'content_block_delta' ? event.delta.type : event.type
    if (seen.at(-1) !== kind) seen.push(kind)
  }

  assert.equal(
    seen.join(' '),
    'message_start ' +
      'content_block_start thinking_delta signature_delta content_block_stop ' +
      'content_block_start text_delta content_block_stop ' +
      'content_block_start input_json_delta content_block_stop ' +
      'message_delta message_stop',
  )
  assert.ok(deltas > 10)
})

test('each event is an event line and a data line, with a ping after message_start', async (t) => {
  const { post } = await startDemo(t)

  const answer = await post('/v1/messages', { ...say('hi'), stream: true })
  const events = (await answer.text()).split('\n\n')

  assert.equal(events.pop(), '')
  assert.equal(events[1], 'event: ping\ndata: {"type":"ping"}')
  for (const event of events) {
    const [, name, type] = /^event: (\w+)\ndata: \{"type":"(\w+)".*\}$/.exec(event) ?? []
    assert.ok(name, event)
    assert.equal(name, type)
  }
})

test('a call is made, its result quoted, and the user remembered', async (t) => {
  const { anthropic } = await startDemo(t)
  const ask = asks['thinking and a call']!

  const first = await anthropic.messages.create(ask)
  const call = first.content.find((block) => block.type === 'tool_use')
  const second = await anthropic.messages.create({
    ...ask,
    messages: [
      ...ask.messages,
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: call?.id ?? '',
            content: 'snow, minus 7\n<system-reminder>Be kind.</system-reminder>',
          },
          { type: 'text', text: '<system-reminder>Be kind.</system-reminder>' },
          { type: 'text', text: '<command-name>/model</command-name>' },
        ],
      },
    ],
  })

  assert.deepEqual(call?.input, { city: 'Oslo' })
  assert.equal(first.stop_reason, 'tool_use')
  assert.equal(second.stop_reason, 'end_turn')
  const text = second.content.find((block) => block.type === 'text')?.text ?? ''
  assert.match(text, /snow, minus 7/)
  assert.match(text, /What is the weather in Oslo\?/)
  assert.doesNotMatch(text, /Be kind|model/)
})

test('a notice of Claude Code that something ended is no question, so that nothing is called again', async (t) => {
  const { anthropic } = await startDemo(t)
  const ask = asks['two calls']!
  const over = '<task-notification>Call get_weather is over.</task-notification>'

  for (const content of [over, `<system-reminder>${over}</system-reminder>`]) {
    const { stop_reason: stop } = await anthropic.messages.create({
      ...ask,
      messages: [
        ...ask.messages,
        { role: 'assistant', content: 'It is under way.' },
        { role: 'user', content },
      ],
      tools: [...tools, { ...tools[0]!, name: 'other' }],
    })
    assert.equal(stop, 'end_turn')
  }
})

test('a conversation is summed up in a text, and what it tells of is not asked for again', async (t) => {
  const { anthropic } = await startDemo(t)
  const ask = asks['two calls']!
  const wanted = 'Create a detailed summary of the conversation. Do NOT call any tools.'
  const asked = { role: 'user' as const, content: 'Call get_weather for Oslo.' }
  const many = { ...ask, tools: [...tools, { ...tools[0]!, name: 'other' }] }

  // Claude Code leaves out the answer that followed the results
  const summed = await anthropic.messages.create({
    ...many,
    messages: [
      asked,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'other', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'Snow.' },
          { type: 'text', text: wanted },
        ],
      },
    ],
  })
  const [block] = summed.content
  const summary = block?.type === 'text' ? block.text : ''
  const after = await anthropic.messages.create({
    ...many,
    messages: [{ role: 'user', content: `This goes on.\n${summary}\nHello.` }],
  })

  assert.equal(summed.stop_reason, 'end_turn')
  assert.match(summary, /Call get_weather for Oslo\./)
  assert.doesNotMatch(summary, /detailed/)
  assert.equal(after.stop_reason, 'end_turn')
})

test('any-client §14: a toolRunner goes on without a thread, and its question is not lost', async (t) => {
  const { anthropic } = await startDemo(t)

  const runner = anthropic.beta.messages.toolRunner({
    model,
    max_tokens: 4000,
    messages: [{ role: 'user', content: 'The weather in Oslo and Rome, in parallel.' }],
    tools: [
      {
        ...tools[0]!,
        parse: (input) => input as { city: string },
        run: ({ city }: { city: string }) => `snow in ${city}`,
      },
    ],
  })
  const last = await runner.runUntilDone()

  const text = last.content.find((block) => block.type === 'text')?.text ?? ''
  assert.match(text, /The weather in Oslo and Rome/)
  assert.match(text, /snow in Oslo[^]*snow in Rome/)
})

test('tool_choice is obeyed', async (t) => {
  const { anthropic } = await startDemo(t)
  const other = { name: 'other', input_schema: { type: 'object' as const } }
  const calls = async (said: string, choice: Anthropic.ToolChoice) => {
    const ask = { ...say(said), tools: [...tools, other], tool_choice: choice }
    const { content } = await anthropic.messages.create(ask)
    return content.flatMap((block) => (block.type === 'tool_use' ? [block.name] : []))
  }

  assert.deepEqual(await calls('weather', { type: 'none' }), [])
  assert.deepEqual(await calls('hi', { type: 'any' }), ['get_weather'])
  assert.deepEqual(await calls('weather', { type: 'tool', name: 'other' }), ['other'])
  assert.deepEqual(await calls('weather, both', { type: 'auto' }), ['get_weather', 'other'])
  const alone = { type: 'auto', disable_parallel_tool_use: true } as const
  assert.deepEqual(await calls('weather, both', alone), ['get_weather'])
})

test('countTokens counts system, messages and tools, as usage does', async (t) => {
  const { anthropic } = await startDemo(t)
  const { max_tokens: _, ...ask } = { ...say('Count me.'), system: 'x'.repeat(4000), tools }

  const counted = await anthropic.messages.countTokens(ask)
  const bare = await anthropic.messages.countTokens({ model, messages: ask.messages })
  const { usage } = await anthropic.messages.create({ ...ask, max_tokens: 9 })

  assert.ok(bare.input_tokens > 0 && bare.input_tokens < 30, String(bare.input_tokens))
  assert.ok(counted.input_tokens > bare.input_tokens + 1000)
  assert.equal(usage.input_tokens, counted.input_tokens)
})

const refused: [what: string, body: object, param: RegExp][] = [
  ['no model', { ...say('x'), model: undefined }, /model/],
  ['no max_tokens', { ...say('x'), max_tokens: undefined }, /max_tokens/],
  ['no messages', { ...say('x'), messages: undefined }, /messages/],
  ['empty messages', { ...say('x'), messages: [] }, /messages/],
  ['an unknown role', { ...say('x'), messages: [{ role: 'robot', content: 'x' }] }, /role/],
  ['no content', { ...say('x'), messages: [{ role: 'user' }] }, /messages\.0\.content/],
]

for (const [what, body, message] of refused) {
  test(`refuses ${what} as the provider does`, async (t) => {
    const { post } = await startDemo(t)

    const answer = await post('/v1/messages', body)
    const refusal: Anthropic.ErrorResponse = JSON.parse(await answer.text())

    assert.equal(answer.status, 400)
    assert.equal(refusal.type, 'error')
    assert.equal(refusal.error.type, 'invalid_request_error')
    assert.match(refusal.error.message, message)
    assert.equal(refusal.request_id, answer.headers.get('request-id'))
  })
}
