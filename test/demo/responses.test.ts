/** The official `openai` client's Responses straight against the demo's upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type OpenAI from 'openai'
import { startDemo, weatherSchema, withoutIds } from './start.ts'

type Ask = OpenAI.Responses.ResponseCreateParamsNonStreaming

const model = 'gpt-5.1'
const tools: OpenAI.Responses.Tool[] = [
  {
    type: 'function',
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: weatherSchema,
    strict: false,
  },
]
/** As Codex offers those of MCP servers. */
const namespaces: OpenAI.Responses.Tool[] = [
  {
    type: 'namespace',
    name: 'mcp__w',
    description: 'A server.',
    tools: [{ type: 'function', name: 'get_weather', parameters: weatherSchema, strict: false }],
  },
]
const custom: OpenAI.Responses.Tool[] = [{ type: 'custom', name: 'write_sql' }]

const asks: Record<string, Ask> = {
  text: { model, input: 'Say hello.' },
  'a limit': { model, input: 'Say hello.', max_output_tokens: 3 },
  'reasoning and a call': {
    model,
    input: 'What is the weather in Oslo?',
    tools,
    reasoning: { effort: 'low', summary: 'auto' },
    include: ['reasoning.encrypted_content'],
  },
  'two calls': { model, input: 'The weather in Oslo and Rome, in parallel.', tools },
  'a tool in a namespace': { model, input: 'weather', tools: namespaces },
  'a custom tool': { model, input: 'SELECT 1', tools: custom },
  JSON: {
    model,
    input: 'A title, please.',
    text: { format: { type: 'json_schema', name: 'x', schema: weatherSchema } },
  },
}

test('any-client §5.2: a call names the namespace of its tool', async (t) => {
  const { openai } = await startDemo(t)

  const { output } = await openai.responses.create(asks['a tool in a namespace']!)

  const called = output.flatMap((item) => (item.type === 'function_call' ? item : []))
  assert.deepEqual(
    called.map(({ name, namespace }) => [namespace, name]),
    [['mcp__w', 'get_weather']],
  )
})

for (const [what, ask] of Object.entries(asks)) {
  test(`the stream says what the body says: ${what}`, async (t) => {
    const { openai } = await startDemo(t)

    const stream = await openai.responses.create({ ...ask, stream: true })
    const events = []
    for await (const event of stream) events.push(event)
    const body = await openai.responses.create(ask)

    const last = events.at(-1)
    const response = last && 'response' in last ? last.response : undefined
    const { output_text: _, ...wire } = body
    assert.deepEqual(withoutIds(response), withoutIds(wire))
    const done = events.filter((event) => event.type === 'response.output_item.done')
    assert.deepEqual(withoutIds(done.map(({ item }) => item)), withoutIds(body.output))
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      events.map((_event, index) => index),
    )
    for (const event of events) {
      if (event.type === 'response.output_text.done') {
        assert.equal(event.text, pieces(events, 'response.output_text.delta', event.item_id))
      }
      if (event.type === 'response.function_call_arguments.done') {
        const name = 'response.function_call_arguments.delta'
        assert.equal(event.arguments, pieces(events, name, event.item_id))
      }
    }
  })
}

function pieces(
  events: OpenAI.Responses.ResponseStreamEvent[],
  type: 'response.output_text.delta' | 'response.function_call_arguments.delta',
  itemId: string,
): string {
  return events
    .map((event) => (event.type === type && event.item_id === itemId ? event.delta : ''))
    .join('')
}

test('the whole life of an answer is told', async (t) => {
  const { openai } = await startDemo(t)

  const stream = await openai.responses.create({ ...asks['reasoning and a call']!, stream: true })
  const seen: string[] = []
  for await (const { type } of stream) if (seen.at(-1) !== type) seen.push(type)

  assert.deepEqual(
    seen.map((type) => type.replace('response.', '')),
    [
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ],
  )
})

test('the stream helper of the client collects the answer', async (t) => {
  const { openai } = await startDemo(t)

  const response = await openai.responses.stream({ model, input: 'Say hello.' }).finalResponse()

  assert.equal(response.status, 'completed')
  assert.match(response.output_text, /Say hello\./)
  assert.match(response.output_text, /demo/)
})

test('reasoning is sealed only when include asks for it', async (t) => {
  const { openai } = await startDemo(t)
  const ask: Ask = { model, input: 'hi', reasoning: { effort: 'low' } }
  const [plain] = (await openai.responses.create(ask)).output
  const include: Ask['include'] = ['reasoning.encrypted_content']
  const [sealed] = (await openai.responses.create({ ...ask, include })).output
  const none = await openai.responses.create({ ...ask, reasoning: { effort: 'none' } })

  assert.equal(plain?.type, 'reasoning')
  assert.ok(plain.type === 'reasoning' && plain.encrypted_content === undefined)
  assert.ok(sealed?.type === 'reasoning' && (sealed.encrypted_content ?? '') !== '')
  assert.deepEqual(
    none.output.map(({ type }) => type),
    ['message'],
  )
})

test('results of two calls are quoted, given back as Codex does', async (t) => {
  const { openai } = await startDemo(t)
  const ask = asks['two calls']!
  const { output } = await openai.responses.create(ask)
  const calls = output.filter((item) => item.type === 'function_call')

  const answer = await openai.responses.create({
    ...ask,
    input: [
      { role: 'developer', content: 'Be kind.' },
      {
        role: 'user',
        content: [{ type: 'input_text', text: 'The weather in Oslo and Rome, in parallel.' }],
      },
      ...calls.flatMap((call) => [
        call,
        {
          type: 'function_call_output' as const,
          call_id: call.call_id,
          output: `result of ${call.call_id}`,
        },
      ]),
    ],
  })

  assert.deepEqual(
    calls.map((call) => call.arguments),
    ['{"city":"Oslo"}', '{"city":"Rome"}'],
  )
  for (const { call_id: id } of calls) assert.ok(answer.output_text.includes(`result of ${id}`))
  assert.ok(answer.output.every(({ type }) => type === 'message'))
})

test('tool_choice and parallel_tool_calls are obeyed', async (t) => {
  const { openai } = await startDemo(t)
  const types = async (more: Partial<Ask>) => {
    const { output } = await openai.responses.create({ ...asks['two calls']!, ...more })
    return output.map(({ type }) => type)
  }

  assert.deepEqual(await types({ tool_choice: 'none' }), ['message'])
  assert.deepEqual(await types({ parallel_tool_calls: false }), ['message', 'function_call'])
  assert.deepEqual(await types({ input: 'hi', tool_choice: 'required' }), ['function_call'])
  const forced: Partial<Ask> = {
    input: 'hi',
    tools: [...tools, ...custom],
    tool_choice: { type: 'custom', name: 'write_sql' },
  }
  assert.deepEqual(await types(forced), ['custom_tool_call'])
})

test('compact keeps the user’s messages and one item for the rest', async (t) => {
  const { openai } = await startDemo(t)

  const compacted = await openai.responses.compact({
    model,
    input: [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
    ],
  })

  assert.equal(compacted.object, 'response.compaction')
  assert.deepEqual(
    compacted.output.map(({ type }) => type),
    ['message', 'compaction'],
  )
})

test('a compaction_trigger is answered with one item', async (t) => {
  const { openai } = await startDemo(t)
  const input = [{ role: 'user' as const, content: 'one' }, { type: 'compaction_trigger' as const }]

  const { output } = await openai.responses.stream({ model, input }).finalResponse()

  assert.deepEqual(
    output.map(({ type }) => type),
    ['compaction'],
  )
})

for (const [what, body, param] of [
  ['no model', { input: 'x' }, 'model'],
  ['no input', { model }, 'input'],
  ['empty input', { model, input: [] }, 'input'],
] as const) {
  test(`refuses ${what} as the provider does`, async (t) => {
    const { post } = await startDemo(t)

    const answer = await post('/v1/responses', body)
    const { error }: { error: Record<string, unknown> } = JSON.parse(await answer.text())

    assert.equal(answer.status, 400)
    assert.equal(error.type, 'invalid_request_error')
    assert.equal(error.param, param)
    assert.ok('code' in error)
  })
}

test('a failure in mid-stream is an error, then a failed response, numbered on', async (t) => {
  const { post } = await startDemo(t)

  const answer = await post('/v1/responses', { model, input: 'error midstream', stream: true })
  const text = await answer.text()

  const numbers = Array.from(text.matchAll(/"sequence_number":(\d+)/g), ([, number]) => number)
  assert.deepEqual(
    numbers,
    numbers.map((_number, index) => String(index)),
  )
  const names = Array.from(text.matchAll(/^event: (.*)$/gm), ([, name]) => name)
  assert.deepEqual(names.slice(-3), ['response.output_text.delta', 'error', 'response.failed'])
  assert.match(text, /^data: \{"type":"error","error":\{"type":"server_error",/m)
})

test('tokens are counted as the answer counts them', async (t) => {
  const { openai } = await startDemo(t)
  const ask = { model, input: 'Say hello.', instructions: 'Be brief.' }

  const counted = await openai.responses.inputTokens.count(ask)
  const { usage } = await openai.responses.create(ask)

  assert.ok(counted.input_tokens > 0)
  assert.equal(counted.input_tokens, usage?.input_tokens)
})
