/** The official `openai` client's Chat Completions straight against the demo's upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type OpenAI from 'openai'
import { startDemo, weatherSchema, withoutIds } from './start.ts'

type Ask = OpenAI.ChatCompletionCreateParamsNonStreaming

const model = 'glm-4.6'
const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city.',
      parameters: weatherSchema,
    },
  },
]

function say(content: string): Ask {
  return { model, messages: [{ role: 'user', content }] }
}

const asks: Record<string, Ask> = {
  text: say('Say hello.'),
  'a limit': { ...say('Say hello.'), max_completion_tokens: 3 },
  'a call': { ...say('What is the weather in Oslo?'), tools },
  'two calls': { ...say('The weather in Oslo and Rome, in parallel.'), tools },
  JSON: {
    ...say('A title, please.'),
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: weatherSchema } },
  },
}

for (const [what, ask] of Object.entries(asks)) {
  test(`the stream says what the body says: ${what}`, async (t) => {
    const { openai } = await startDemo(t)

    const options = { include_usage: true }
    const stream = openai.chat.completions.stream({ ...ask, stream: true, stream_options: options })
    const whole = await stream.finalChatCompletion()
    const collected = whole.choices[0]!
    const { choices, usage } = await openai.chat.completions.create(ask)

    const { message, finish_reason: finish } = choices[0]!
    assert.equal(collected.finish_reason, finish)
    assert.equal(collected.message.content, message.content)
    assert.deepEqual(calledBy(collected.message), calledBy(message))
    assert.deepEqual(whole.usage, usage)
  })
}

/** The calls without the client's parsed arguments. */
function calledBy({ tool_calls: calls }: OpenAI.ChatCompletionMessage): unknown {
  return withoutIds(
    (calls ?? []).map((call) =>
      call.type === 'function'
        ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
        : call,
    ),
  )
}

test('usage comes only when asked for, [DONE] always', async (t) => {
  const { post } = await startDemo(t)
  const read = async (more: object) => {
    const answer = await post('/v1/chat/completions', { ...say('hi'), stream: true, ...more })
    return await answer.text()
  }

  const without = await read({})
  const withUsage = await read({ stream_options: { include_usage: true } })

  assert.doesNotMatch(without, /usage/)
  assert.match(withUsage, /"choices":\[\],"usage":\{"prompt_tokens":\d+.*\n\ndata: \[DONE\]\n\n$/)
  assert.match(without, /"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/)
})

test('reasoning comes first, in reasoning_content, equal in both forms', async (t) => {
  const { post } = await startDemo(t)
  const ask = { ...say('hi'), reasoning_effort: 'low' }

  const body = await (await post('/v1/chat/completions', ask)).text()
  const stream = await (await post('/v1/chat/completions', { ...ask, stream: true })).text()

  const { choices }: { choices: { message: { reasoning_content: string } }[] } = JSON.parse(body)
  const pieces = Array.from(
    stream.matchAll(/"reasoning_content":("(?:[^"\\]|\\.)*")/g),
    ([, json]) => String(JSON.parse(json ?? '""')),
  )
  assert.ok(pieces.length > 5)
  assert.equal(pieces.join(''), choices[0]?.message.reasoning_content)
  assert.ok(stream.lastIndexOf('reasoning_content') < stream.indexOf('"content":"Hello'))
  assert.doesNotMatch(
    await (await post('/v1/chat/completions', say('hi'))).text(),
    /reasoning_content/,
  )
})

test('a tool loop ends with its result', async (t) => {
  const { openai } = await startDemo(t)
  const asked: unknown[] = []

  const runner = openai.chat.completions.runTools({
    model,
    stream: true,
    messages: [{ role: 'user', content: 'The weather in Oslo?' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather of a city.',
          parameters: weatherSchema,
          parse: JSON.parse,
          function: (input: object) => {
            asked.push(input)
            return 'snow, minus 7'
          },
        },
      },
    ],
  })

  assert.match((await runner.finalContent()) ?? '', /snow, minus 7/)
  assert.deepEqual(asked, [{ city: 'Oslo' }])
})

test('tool_choice and parallel_tool_calls are obeyed', async (t) => {
  const { openai } = await startDemo(t)
  const names = async (more: Partial<Ask>) => {
    const { choices } = await openai.chat.completions.create({ ...asks['two calls']!, ...more })
    return (choices[0]?.message.tool_calls ?? []).map((call) =>
      call.type === 'custom' ? call.custom.name : call.function.name,
    )
  }
  const custom: OpenAI.ChatCompletionTool = { type: 'custom', custom: { name: 'write_sql' } }

  assert.deepEqual(await names({}), ['get_weather', 'get_weather'])
  assert.deepEqual(await names({ tool_choice: 'none' }), [])
  assert.deepEqual(await names({ parallel_tool_calls: false }), ['get_weather'])
  assert.deepEqual(await names({ ...say('hi'), tool_choice: 'required' }), ['get_weather'])
  const forced: Partial<Ask> = {
    ...say('hi'),
    tools: [...tools, custom],
    tool_choice: { type: 'custom', custom: { name: 'write_sql' } },
  }
  assert.deepEqual(await names(forced), ['write_sql'])
})

for (const [what, body, param] of [
  ['no model', { messages: say('x').messages }, 'model'],
  ['no messages', { model }, 'messages'],
  ['an unknown role', { model, messages: [{ role: 'robot' }] }, 'messages[0].role'],
] as const) {
  test(`refuses ${what} as the provider does`, async (t) => {
    const { post } = await startDemo(t)

    const answer = await post('/v1/chat/completions', body)
    const { error }: { error: Record<string, unknown> } = JSON.parse(await answer.text())

    assert.equal(answer.status, 400)
    assert.equal(error.param, param)
  })
}

test('beside a form for the answer a call comes without a text, which clients would take for the answer', async (t) => {
  const { openai } = await startDemo(t)
  const ask = { ...asks.JSON!, ...asks['a call']! }

  const { choices } = await openai.chat.completions.create(ask)

  const { message } = choices[0]!
  assert.deepEqual([message.content, message.tool_calls?.length], [null, 1])
})
