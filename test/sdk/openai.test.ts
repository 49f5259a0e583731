/** The official `openai` client against the proxy over both kinds of model, with the demo's upstream behind it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import type { RunnableToolFunctionWithParse } from 'openai/lib/RunnableFunction'
import { demoConfig } from '../../lib/cli/demo-config.ts'
import { startDemoUpstream } from '../../lib/demo/upstream.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicStream, responsesStream, startUpstream } from '../helpers/upstream.ts'

async function demoClient(t: TestContext): Promise<OpenAI> {
  const upstream = await startDemoUpstream({ paceMs: 0 })
  t.after(() => upstream.close())
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  proxy.app.config = demoConfig(proxy.app.config, upstream.url)
  return new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'any', maxRetries: 0 })
}

const weather = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
}

/** The tool as the client runs it; what it was asked goes into `asked`. */
function weatherTool(asked: { city: string }[]): RunnableToolFunctionWithParse<{ city: string }> {
  return {
    type: 'function',
    function: {
      ...weather,
      parse: (input) => JSON.parse(input) as { city: string },
      function: (input) => {
        asked.push(input)
        return 'snow, minus 7'
      },
    },
  }
}

for (const model of ['claude-sonnet-4-5', 'gpt-5.1', 'glm-4.6']) {
  test(`${model}: create answers with text, a finish reason and usage`, async (t) => {
    const client = await demoClient(t)

    const completion = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Say hello.' }],
    })

    const [choice] = completion.choices
    assert.equal(completion.object, 'chat.completion')
    assert.equal(completion.model, model)
    assert.equal(choice?.finish_reason, 'stop')
    assert.ok((choice?.message.content ?? '').length > 0)
    assert.ok((completion.usage?.total_tokens ?? 0) > 0)
  })

  test(`${model}: the stream helper collects what create answers`, async (t) => {
    const client = await demoClient(t)
    const ask = { model, messages: [{ role: 'user' as const, content: 'Say hello.' }] }

    const pieces: string[] = []
    const stream = client.chat.completions.stream({
      ...ask,
      stream_options: { include_usage: true },
    })
    stream.on('content', (piece) => pieces.push(piece))
    const collected = await stream.finalChatCompletion()
    const body = await client.chat.completions.create(ask)

    assert.ok(pieces.length > 1)
    assert.equal(pieces.join(''), collected.choices[0]?.message.content)
    assert.equal(collected.choices[0]?.message.content, body.choices[0]?.message.content)
    assert.equal(collected.choices[0]?.finish_reason, body.choices[0]?.finish_reason)
    assert.deepEqual(await stream.totalUsage(), {
      ...(await stream.totalUsage()),
      total_tokens: body.usage?.total_tokens,
    })
  })

  test(`${model}: runTools calls the tool and answers with its result, streamed and not`, async (t) => {
    const client = await demoClient(t)
    for (const stream of [false, true]) {
      const asked: { city: string }[] = []
      const options = {
        model,
        messages: [{ role: 'user' as const, content: 'What is the weather in Oslo?' }],
        tools: [weatherTool(asked)],
      }
      const runner = stream
        ? client.chat.completions.runTools({ ...options, stream })
        : client.chat.completions.runTools({ ...options, stream })

      const text = await runner.finalContent()

      assert.equal(asked.length, 1)
      assert.equal(typeof asked[0]?.city, 'string')
      assert.match(text ?? '', /snow, minus 7/)
    }
  })

  test(`${model}: two calls at once are answered together`, async (t) => {
    const client = await demoClient(t)
    const ask = {
      model,
      tools: [weather, { ...weather, name: 'get_time' }].map((tool) => ({
        type: 'function' as const,
        function: tool,
      })),
      messages: [{ role: 'user' as const, content: 'parallel: weather and time, both please' }],
    }

    const stream = client.chat.completions.stream(ask)
    const { message, finish_reason: finish } = (await stream.finalChatCompletion()).choices[0]!
    const calls = message.tool_calls ?? []
    const answer = await client.chat.completions.create({
      ...ask,
      messages: [
        ...ask.messages,
        message,
        ...calls.map((call) => ({
          role: 'tool' as const,
          tool_call_id: call.id,
          content: `result of ${call.id}`,
        })),
      ],
    })

    assert.equal(finish, 'tool_calls')
    assert.equal(calls.length, 2)
    assert.notEqual(calls[0]?.id, calls[1]?.id)
    for (const call of calls) {
      assert.equal(call.type, 'function')
      if (call.type === 'function') JSON.parse(call.function.arguments)
      assert.ok((answer.choices[0]?.message.content ?? '').includes(`result of ${call.id}`))
    }
  })

  test(`${model}: usage comes in the stream only when asked for`, async (t) => {
    const client = await demoClient(t)
    const usages = async (includeUsage: boolean) => {
      const stream = await client.chat.completions.create({
        model,
        stream: true,
        messages: [{ role: 'user', content: 'Hi' }],
        ...(includeUsage && { stream_options: { include_usage: true } }),
      })
      const found = []
      for await (const chunk of stream) if (chunk.usage) found.push(chunk)
      return found
    }

    const asked = await usages(true)
    const unasked = await usages(false)

    assert.equal(asked.length, 1)
    assert.deepEqual(asked[0]?.choices, [])
    assert.equal(unasked.length, 0)
  })

  test(`${model}: an upstream's status becomes the client's error class`, async (t) => {
    const client = await demoClient(t)
    const classes: [number, new (...args: never[]) => Error][] = [
      [400, OpenAI.BadRequestError],
      [401, OpenAI.AuthenticationError],
      [403, OpenAI.PermissionDeniedError],
      [404, OpenAI.NotFoundError],
      [422, OpenAI.UnprocessableEntityError],
      [429, OpenAI.RateLimitError],
      [500, OpenAI.InternalServerError],
      [529, OpenAI.InternalServerError],
    ]

    for (const [status, errorClass] of classes) {
      for (const stream of [false, true]) {
        const asked = client.chat.completions.create({
          model,
          stream,
          messages: [{ role: 'user', content: `error ${status}` }],
        })
        await assert.rejects(asked, (error: unknown) => {
          assert.ok(error instanceof errorClass, `${status}: ${String(error)}`)
          assert.equal((error as { status?: number }).status, status)
          return true
        })
      }
    }
  })

  test(`${model}: an error in mid-stream is raised, not swallowed`, async (t) => {
    const client = await demoClient(t)
    for (const content of ['error midstream', 'cut']) {
      const stream = await client.chat.completions.create({
        model,
        stream: true,
        messages: [{ role: 'user', content }],
      })
      await assert.rejects(async () => {
        for await (const chunk of stream) assert.ok(chunk.choices)
      }, OpenAI.APIError)
    }
  })
}

const slow = {
  'claude-sonnet-4-5': anthropicStream({ text: ['one ', 'two '] }).slice(0, -2),
  'gpt-5.1': responsesStream({ text: ['one ', 'two '] }).slice(0, -4),
}

for (const [model, begun] of Object.entries(slow)) {
  test(`${model}: abort() stops the upstream`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: [...begun, 'hang'] }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })

    const stream = client.chat.completions.stream({
      model,
      messages: [{ role: 'user', content: 'x' }],
    })
    stream.once('content', () => stream.abort())

    await assert.rejects(stream.done(), OpenAI.APIUserAbortError)
    await upstream.whenClosed(0)
    assert.equal(upstream.closedEarly, 1)
  })
}
