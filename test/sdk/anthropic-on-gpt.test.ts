/** The official `@anthropic-ai/sdk` on models of other APIs, over real sockets. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import Anthropic, { APIError, BadRequestError, NotFoundError } from '@anthropic-ai/sdk'
import type { MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { isSealed } from '../../pipelines/neutral/seal.ts'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  responsesBody,
  responsesStream,
  startUpstream,
  type Script,
} from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

type Body = JsonObject & { input: JsonObject[]; messages: JsonObject[] }

const gpt = { model: 'gpt-5.1', max_tokens: 2000 }
const glm = { model: 'glm-4.6', max_tokens: 2000 }
const hello: MessageParam[] = [{ role: 'user', content: 'hello' }]
const look: Tool = { name: 'look', input_schema: { type: 'object', properties: {} } }
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

async function setting(t: TestContext, script: Script, more: Record<string, unknown> = {}) {
  const upstream = await startUpstream(t, script)
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, more) })
  const client = new Anthropic({ baseURL: proxy.url, apiKey: 'caller', maxRetries: 0 })
  const sent = (index = -1) => upstream.requests.at(index)?.json() as Body
  return { upstream, proxy, client, sent }
}

/** A chat stream of such deltas. */
function chatStream(finish: string, ...deltas: object[]): { sse: string[] } {
  const chunks = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }))
  const end = { choices: [{ index: 0, delta: {}, finish_reason: finish }] }
  const usage = { choices: [], usage: { prompt_tokens: 30, completion_tokens: 4 } }
  const data = [...chunks, end, usage].map((chunk) => JSON.stringify(chunk))
  return { sse: [...data, '[DONE]'].map((one) => `data: ${one}\n\n`) }
}

function fault(type: string) {
  return (error: unknown) => {
    assert.ok(error instanceof APIError)
    const { error: body } = error.error as { error: { type: string; message: string } }
    assert.equal(body.type, type)
    return true
  }
}

suite('§16.6 answers of GPT', () => {
  const said = { text: ['Hel', 'lo.'], usage: { input_tokens: 10, output_tokens: 7 } }

  test('`create` gives a message', async (t) => {
    const { client, upstream } = await setting(t, [{ body: responsesBody(said) }])

    const { data: message, request_id: id } = await client.messages
      .create({ ...gpt, messages: hello })
      .withResponse()

    assert.deepEqual(message.content, [{ type: 'text', text: 'Hello.' }])
    assert.deepEqual([message.stop_reason, message.model], ['end_turn', 'gpt-5.1'])
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [10, 7])
    assert.equal(message.id, 'msg_scripted')
    assert.match(String(id), /[\w-]{8}/)
    assert.equal(upstream.requests[0]?.url, '/v1/responses')
  })

  test('`stream` gives the same, piece by piece', async (t) => {
    const { client, sent } = await setting(t, [{ sse: responsesStream(said) }])
    const stream = client.messages.stream({ ...gpt, messages: hello, system: 'Be short.' })
    const pieces: string[] = []
    stream.on('text', (piece) => pieces.push(piece))

    const message = await stream.finalMessage()

    assert.deepEqual(pieces, ['Hel', 'lo.'])
    assert.deepEqual(message.content, [{ type: 'text', text: 'Hello.' }])
    assert.equal(message.usage.input_tokens, 10)
    assert.equal(sent().instructions, 'Be short.')
    assert.equal(sent().max_output_tokens, 2000)
  })

  test('nothing of the client’s own headers for Anthropic goes up', async (t) => {
    const { client, upstream } = await setting(t, [{ body: responsesBody(said) }])

    await client.beta.messages.create({ ...gpt, messages: hello, betas: ['context-1m-2025-08-07'] })

    const names = Object.keys(upstream.requests[0]?.headers ?? {})
    assert.deepEqual(
      names.filter((name) => name.startsWith('anthropic')),
      [],
    )
  })

  test('a stop sequence that the upstream does not take ends the answer', async (t) => {
    const { client } = await setting(t, [{ sse: responsesStream({ text: ['one EN', 'D two'] }) }])

    const message = await client.messages
      .stream({ ...gpt, messages: hello, stop_sequences: ['END'] })
      .finalMessage()

    assert.deepEqual(message.content, [{ type: 'text', text: 'one ' }])
    assert.deepEqual([message.stop_reason, message.stop_sequence], ['stop_sequence', 'END'])
  })

  test('structured outputs are asked for and parsed', async (t) => {
    const { client, sent } = await setting(t, [
      { body: responsesBody({ text: ['{"city":"Bern"}'] }) },
    ])
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }

    const message = await client.messages.create({
      ...gpt,
      messages: hello,
      output_config: { format: { type: 'json_schema', schema } },
    })

    const [block] = message.content
    assert.ok(block?.type === 'text' && JSON.parse(block.text))
    assert.deepEqual(sent().text, {
      format: { type: 'json_schema', name: 'answer', schema, strict: true },
    })
  })

  test('a limit of 0 is answered at once, in both forms, and nobody is asked', async (t) => {
    const { client, upstream } = await setting(t, [])
    const ask = { ...gpt, max_tokens: 0, messages: hello }

    for (const message of [
      await client.messages.create(ask),
      await client.messages.stream(ask).finalMessage(),
    ]) {
      assert.deepEqual([message.content, message.stop_reason], [[], 'max_tokens'])
      assert.equal(message.usage.output_tokens, 0)
    }
    assert.equal(upstream.requests.length, 0)
  })

  test('a silent stream is kept alive by pings', { timeout: 30_000 }, async (t) => {
    const heard = deferred()
    const events = responsesStream(said)
    const script: Script = [
      { sse: [...events.slice(0, 5), { until: heard.promise }, ...events.slice(5)] },
    ]
    const { proxy } = await setting(t, script, { keep_alive_s: 1 })

    const answer = await post(`${proxy.url}/v1/messages`, { ...gpt, messages: hello, stream: true })
    let text = ''
    const pings = () => text.split('event: ping\ndata: {"type":"ping"}\n\n').length - 1
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      // the first belongs to the beginning
      if (pings() > 1) heard.resolve()
    }

    assert.equal(pings(), 2)
    assert.match(text, /event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/)
    assert.equal(answer.headers.get('request-id'), answer.headers.get('x-request-id'))
  })
})

suite('§16.8 thinking of GPT', () => {
  const thinking = { type: 'adaptive', display: 'summarized' } as const
  const thought = {
    thinking: ['Look ', 'first.'],
    encrypted_content: 'gAAA',
    tools: [{ id: 'call_1', name: 'look', input: ['{"a":', '1}'] }],
  }
  const reasoning = {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'Look first.' }],
    encrypted_content: 'gAAA',
  }

  async function secondTurn(t: TestContext, ask: object, model = 'gpt-5.1') {
    const done = [{ sse: responsesStream(thought) }, { body: responsesBody({ text: ['Done.'] }) }]
    const claude = { body: anthropicMessage({ text: ['Done.'] }) }
    const made = await setting(t, [done[0]!, model.startsWith('claude') ? claude : done[1]!])
    const first = await made.client.messages
      .stream({ ...gpt, ...ask, messages: hello, tools: [look] })
      .finalMessage()
    const messages: MessageParam[] = [
      ...hello,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'seen' }] },
    ]
    const second = { ...gpt, ...ask, model, messages, tools: [look] }
    await made.client.messages.create(second as Anthropic.MessageCreateParamsNonStreaming)
    return { ...made, first }
  }

  test('reasoning is a block with a seal, which comes back to the same model as it was', async (t) => {
    const { first, sent } = await secondTurn(t, { thinking, output_config: { effort: 'high' } })

    const [block, call] = first.content
    assert.ok(block?.type === 'thinking' && isSealed(block.signature))
    assert.equal(block.thinking, 'Look first.')
    assert.deepEqual(call, { type: 'tool_use', id: 'call_1', name: 'look', input: { a: 1 } })
    assert.equal(first.stop_reason, 'tool_use')
    assert.deepEqual(sent(0).reasoning, { effort: 'high', summary: 'auto' })
    assert.deepEqual(
      sent().input.map(({ type }) => type),
      ['message', 'reasoning', 'function_call', 'function_call_output'],
    )
    assert.deepEqual(sent().input[1], reasoning)
  })

  test('omitted, the block has no text, and comes back all the same', async (t) => {
    const omitted = { type: 'adaptive', display: 'omitted' }
    const { first, sent } = await secondTurn(t, { thinking: omitted })

    assert.ok(first.content[0]?.type === 'thinking' && first.content[0].thinking === '')
    assert.deepEqual(sent().input[1], { ...reasoning, summary: [] })
  })

  test('without `thinking` the client gets none; the memory hands it back', async (t) => {
    const { first, sent } = await secondTurn(t, {})

    assert.deepEqual(
      first.content.map(({ type }) => type),
      ['tool_use'],
    )
    assert.deepEqual(sent().input[1], reasoning)
  })

  test('§13.3 a model of Anthropic’s never gets a seal, and gives thinking up in such a loop', async (t) => {
    const budget = { type: 'enabled', budget_tokens: 1024 }
    const { upstream, sent } = await secondTurn(t, { thinking: budget }, 'claude-sonnet-4-5')

    assert.equal(upstream.requests[1]?.url, '/v1/messages')
    assert.doesNotMatch(upstream.requests[1].body.toString(), /d2a1/)
    assert.equal(sent().thinking, undefined)
    const call = { type: 'tool_use', id: 'call_1', name: 'look', input: { a: 1 } }
    assert.deepEqual(sent().messages[1], { role: 'assistant', content: [call] })
  })
})

suite('§16.4 a tool loop on a chat server', () => {
  test('parallel calls, ids of any form, an image in a result', async (t) => {
    const call = (index: number, id: string) => ({
      tool_calls: [{ index, id, type: 'function', function: { name: 'look', arguments: '{}' } }],
    })
    const { client, sent } = await setting(t, [
      chatStream('tool_calls', { reasoning_content: 'hm' }, call(0, 'look:0'), call(1, 'look:1')),
      chatStream('stop', { content: 'Done.' }),
    ])
    const ask = { ...glm, tools: [look], thinking: { type: 'adaptive' } as const }

    const first = await client.messages.stream({ ...ask, messages: hello }).finalMessage()
    assert.deepEqual(
      first.content.map(({ type }) => type),
      ['thinking', 'tool_use', 'tool_use'],
    )
    assert.equal(first.usage.input_tokens, 30)
    const image = { type: 'base64', media_type: 'image/png', data: png } as const
    const messages: MessageParam[] = [
      ...hello,
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'look:1', content: 'no', is_error: true },
          {
            type: 'tool_result',
            tool_use_id: 'look:0',
            content: [{ type: 'image', source: image }],
          },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ]
    const second = await client.messages.stream({ ...ask, messages }).finalMessage()

    assert.deepEqual(second.content, [{ type: 'text', text: 'Done.' }])
    const [, assistant, ...rest] = sent().messages
    assert.equal(assistant?.reasoning_content, 'hm')
    assert.deepEqual(
      rest.map(({ role, tool_call_id }) => [role, tool_call_id]),
      [
        ['tool', 'look:0'],
        ['tool', 'look:1'],
        ['user', undefined],
      ],
    )
    assert.equal(rest[1]?.content, 'Error: no')
    assert.match(JSON.stringify(rest[2]?.content), /data:image\/png;base64,iVBOR.*Go on\./)
  })

  test('the toolRunner opens a thread by itself, and goes on without one', async (t) => {
    const calls = [
      { index: 0, id: 'c1', type: 'function', function: { name: 'add', arguments: '{}' } },
    ]
    const { client, upstream } = await setting(t, (request) =>
      JSON.stringify(request.json()).includes('"role":"tool"')
        ? { body: { choices: [{ message: { content: 'Done.' }, finish_reason: 'stop' }] } }
        : { body: { choices: [{ message: { tool_calls: calls }, finish_reason: 'tool_calls' }] } },
    )

    const runner = client.beta.messages.toolRunner({
      ...glm,
      messages: [{ role: 'user', content: 'Add.' }],
      tools: [
        {
          ...look,
          name: 'add',
          input_schema: { type: 'object' },
          run: () => '3',
          parse: (x: unknown) => x,
        },
      ],
    })
    const message = await runner

    assert.deepEqual(message.content.at(-1), { type: 'text', text: 'Done.' })
    assert.equal(upstream.requests.length, 2)
  })
})

suite('§16.9 failures', () => {
  test('an upstream’s refusal has its status, and its code in words', async (t) => {
    const error = { message: 'No such thing.', type: 'x', code: 'bad_thing', param: 'input[0]' }
    const { client } = await setting(t, [{ status: 422, body: { error } }])

    await assert.rejects(client.messages.create({ ...gpt, messages: hello }), (thrown) => {
      assert.ok(thrown instanceof APIError && thrown.status === 422)
      assert.match(thrown.message, /No such thing\. \(code bad_thing, param input\[0\]\)/)
      return fault('invalid_request_error')(thrown)
    })
  })

  test('a context that is too long, before and inside a stream', async (t) => {
    const error = {
      code: 'context_length_exceeded',
      message: 'Your input exceeds the context window.',
    }
    const failed = { type: 'response.failed', response: { id: 'r', status: 'failed', error } }
    const { client } = await setting(t, [
      { status: 400, body: { error } },
      { sse: [`data: ${JSON.stringify(failed)}\n\n`] },
    ])

    for (const ask of [
      async () => await client.messages.create({ ...gpt, messages: hello }),
      async () => await client.messages.stream({ ...gpt, messages: hello }).finalMessage(),
    ]) {
      await assert.rejects(ask, (thrown) => {
        assert.ok(thrown instanceof BadRequestError)
        assert.match(thrown.message, /prompt is too long: Your input exceeds/)
        return true
      })
    }
  })

  test('a spent quota asks for no other try; a rate limit keeps its `retry-after`', async (t) => {
    const quota = { error: { code: 'insufficient_quota', message: 'Pay.' } }
    const { proxy } = await setting(t, [
      { status: 429, body: quota },
      { status: 429, body: quota, headers: { 'x-should-retry': 'true' } },
      { status: 429, body: { error: { message: 'Slow.' } }, headers: { 'retry-after': '7' } },
    ])
    const ask = () => post(`${proxy.url}/v1/messages`, { ...gpt, messages: hello })

    const answers = [await ask(), await ask(), await ask()]
    assert.deepEqual(
      answers.map(({ headers }) => headers.get('x-should-retry')),
      ['false', 'true', null],
    )
    assert.equal(answers[2]?.headers.get('retry-after'), '7')
    for (const answer of answers) {
      const { error } = (await answer.json()) as { error: { type: string } }
      assert.equal(error.type, 'rate_limit_error')
    }
  })

  test('a stream that breaks off never looks complete', async (t) => {
    const events = responsesStream({ text: ['Hel', 'lo.'] })
    const { proxy, client, upstream } = await setting(t, (_request, reply) =>
      reply.send({ sse: [...events.slice(0, 5), 'hang-up'] }),
    )

    const answer = await post(`${proxy.url}/v1/messages`, { ...gpt, messages: hello, stream: true })
    const text = await answer.text()
    assert.match(text, /event: error\ndata: \{"type":"error","error":\{"type":"api_error"/)
    assert.doesNotMatch(text, /message_delta|message_stop/)
    await assert.rejects(
      client.messages.stream({ ...gpt, messages: hello }).finalMessage(),
      APIError,
    )
    await assert.rejects(client.messages.create({ ...gpt, messages: hello }), fault('api_error'))
    assert.equal(upstream.requests.length, 3)
  })

  test('a client that leaves cancels the upstream', async (t) => {
    const { client, upstream } = await setting(t, [
      { sse: [...responsesStream({ text: ['a'] }).slice(0, 5), 'hang'] },
    ])
    const stream = client.messages.stream({ ...gpt, messages: hello })
    stream.on('text', () => stream.abort())

    await assert.rejects(stream.finalMessage())
    await until(() => upstream.closedEarly === 1)
  })

  test('tokens are counted where the API of the model can, and else nowhere', async (t) => {
    const { client, upstream } = await setting(t, [{ body: { input_tokens: 55 } }])

    const counted = await client.messages.countTokens({ model: 'gpt-5.1', messages: hello })
    const refused = client.messages.countTokens({ model: 'glm-4.6', messages: hello })

    assert.equal(counted.input_tokens, 55)
    await assert.rejects(refused, (thrown) => {
      assert.ok(thrown instanceof NotFoundError)
      assert.match(thrown.message, /Token counting is not available for the model \\"glm-4\.6\\"\./)
      return fault('not_found_error')(thrown)
    })
    assert.equal(upstream.requests.length, 1)
  })

  test('dropped parameters have the client’s own names', async (t) => {
    const { proxy } = await setting(t, [{ body: responsesBody({ text: ['x'] }) }])

    const answer = await post(`${proxy.url}/v1/messages`, {
      ...gpt,
      messages: hello,
      top_k: 4,
      container: 'c',
      output_config: { task_budget: { type: 'tokens', total: 9 } },
      tools: [look, { type: 'web_fetch_20250910', name: 'web_fetch' }],
    })
    const names = answer.headers.get('x-droid2api-dropped')?.split(', ').toSorted()
    assert.deepEqual(names, ['container', 'output_config.task_budget', 'tools.web_fetch', 'top_k'])
  })
})
