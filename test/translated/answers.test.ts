/** Answers that say a thing late, less or in part, as chat clients get them over the wire. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { sse } from '../helpers/provider-answers.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'
import { zstd } from '../helpers/zstd.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { ChatCompletion } from '../../pipelines/wire/chat.ts'
import { chunksOf, collected } from '../pipelines/clients/chat/chat-answers.ts'

/** The answer as a client gets it: as one body, and put together from a stream. */
async function bothForms(t: TestContext, request: object, ...answers: [Answer, Answer]) {
  const upstream = await startUpstream(t, answers)
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = (more: object) => post(`${url}/v1/chat/completions`, { ...request, ...more })
  const body = (await (await ask({ stream: false })).json()) as ChatCompletion
  const streamed = await ask({ stream: true, stream_options: { include_usage: true } })
  return { body, stream: collected(chunksOf(await streamed.text()).chunks), upstream }
}

function events(...data: (JsonObject & { type: string })[]): Answer {
  return { sse: data.map((one) => sse(one.type, one)) }
}

const messages = [{ role: 'user', content: 'Look record 7 up.' }]

test('T24: arguments that only the last event has are the arguments of the call', async (t) => {
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'lookup' }
  const response = { id: 'resp_1', object: 'response', created_at: 1_790_000_000 }
  const stream = events(
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...call, arguments: '' } },
    {
      type: 'response.completed',
      response: {
        ...response,
        status: 'completed',
        output: [{ ...call, arguments: '{"key":"7"}', status: 'completed' }],
        usage: { input_tokens: 30, output_tokens: 12, total_tokens: 42 },
      },
    },
  )

  for (const answer of Object.values(
    await bothForms(t, { model: 'gpt-5.1', messages }, stream, stream),
  ).slice(0, 2) as ChatCompletion[]) {
    const [choice] = answer.choices
    assert.deepEqual(choice?.message.tool_calls, [
      { id: 'call_1', type: 'function', function: { name: 'lookup', arguments: '{"key":"7"}' } },
    ])
    assert.equal(choice?.finish_reason, 'tool_calls')
    assert.equal(answer.usage?.total_tokens, 42)
  }
})

test('T27: a count that is zero at the end is what it was at the start', async (t) => {
  const usage = { input_tokens: 1200, cache_read_input_tokens: 800, output_tokens: 1 }
  const stream = events(
    { type: 'message_start', message: { id: 'msg_1', content: [], usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'hello' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 9 },
    },
    { type: 'message_stop' },
  )
  const request = { model: 'claude-sonnet-4-5', messages }

  const { body, stream: streamed } = await bothForms(t, request, stream, stream)

  for (const answer of [body, streamed]) {
    assert.deepEqual(answer.usage, {
      prompt_tokens: 2000,
      completion_tokens: 9,
      total_tokens: 2009,
      prompt_tokens_details: { cached_tokens: 800 },
    })
  }
})

test('T42: a turn that the API paused ends with length, and is not asked again', async (t) => {
  const content = [
    { type: 'text', text: 'I will search. ' },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
  ]
  const message = { id: 'msg_1', type: 'message', content, stop_reason: 'pause_turn' }
  const whole: Answer = { body: { ...message, usage: { input_tokens: 20, output_tokens: 15 } } }
  const stream = events(
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    ...content.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: 'pause_turn' } },
    { type: 'message_stop' },
  )
  const request = { model: 'claude-sonnet-4-5', messages, web_search_options: {} }

  const { body, stream: streamed, upstream } = await bothForms(t, request, whole, stream)

  for (const answer of [body, streamed]) {
    assert.equal(answer.choices[0]?.finish_reason, 'length')
    assert.equal(answer.choices[0]?.message.content, 'I will search. ')
  }
  assert.equal(upstream.requests.length, 2)
})

const claude = { model: 'claude-sonnet-4-5', messages }
const gpt = { model: 'gpt-5.1', messages }
const json = { 'content-type': 'application/json' }
const eventStream = { 'content-type': 'text/event-stream' }
const said = { text: ['Hel', 'lo'] }

const mislabelled: [what: string, request: object, answer: Answer][] = [
  ['Claude’s stream called JSON', claude, { body: anthropicStream(said).join(''), headers: json }],
  ['GPT’s stream called JSON', gpt, { body: responsesStream(said).join(''), headers: json }],
  [
    'a stream called nothing, with CRLF and a BOM',
    gpt,
    { body: `\ufeff${responsesStream(said).join('').replaceAll('\n', '\r\n')}`, headers: {} },
  ],
  [
    'Claude’s body called a stream',
    claude,
    { body: JSON.stringify(anthropicMessage(said)), headers: eventStream },
  ],
  [
    'GPT’s body called a stream, on several lines',
    gpt,
    { body: JSON.stringify(responsesBody(said), null, 2), headers: eventStream },
  ],
  [
    'events with names but no types, and no blank after the colon',
    claude,
    {
      body: anthropicStream(said)
        .join('')
        .replaceAll(/"type":"(?:message|content_block)_\w+",?/g, '')
        .replaceAll(': {', ':{'),
      headers: eventStream,
    },
  ],
  [
    'a body with a BOM',
    claude,
    { body: `\uFEFF${JSON.stringify(anthropicMessage(said))}`, headers: json },
  ],
  ...(zstd
    ? ([
        [
          'a body in zstd',
          claude,
          {
            body: zstd(JSON.stringify(anthropicMessage(said))),
            headers: { ...json, 'content-encoding': 'zstd' },
          },
        ],
      ] satisfies typeof mislabelled)
    : []),
  [
    'a compressed stream, its encoding in capitals',
    claude,
    {
      body: gzipSync(anthropicStream(said).join('')),
      headers: { ...eventStream, 'content-encoding': 'identity, GZIP' },
    },
  ],
]

for (const [what, request, answer] of mislabelled) {
  test(`KT9: ${what} is the answer that it is`, async (t) => {
    const { body, stream } = await bothForms(t, request, answer, answer)

    assert.equal(body.choices[0]?.message.content, 'Hello')
    assert.equal(stream.choices[0]?.message.content, 'Hello')
  })
}

const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Too busy.' } }

const refusals: [what: string, answer: Answer, status: number, message: RegExp][] = [
  ['an error as JSON', { body: overloaded }, 529, /^Too busy\.$/],
  ['an error in words', { body: { type: 'error', error: 'Too busy.' } }, 500, /^Too busy\.$/],
  ['an error with a status alone', { body: { error: { code: '429', x: 1 } } }, 429, /without/],
  ['a list of errors', { body: { error: [{ message: 'One' }, 'Two'] } }, 500, /^One; Two$/],
  [
    'an error called a stream',
    { body: JSON.stringify(overloaded), headers: eventStream },
    529,
    /^Too busy\.$/,
  ],
  ['a flat error event', events({ type: 'error', message: 'Too busy.' }), 500, /^Too busy\.$/],
  [
    'a gateway’s own words',
    { body: { success: false, message: 'No channel for this model.' } },
    502,
    /not a message, but says: No channel for this model\.$/,
  ],
  ['nothing', { body: '', headers: json }, 502, /not with a JSON object/],
  ['a page', { body: '<html>Sign in</html>', headers: json }, 502, /not with a JSON object/],
  [
    'an encoding that nobody asked for',
    { body: 'x', headers: { ...json, 'content-encoding': 'compress' } },
    502,
    /encoded its answer as compress/,
  ],
]

for (const [what, answer, status, message] of refusals) {
  test(`KT9: 200 with ${what} is an error, as a body and as a stream`, async (t) => {
    const upstream = await startUpstream(t, [answer, answer])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (const stream of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- the answers are for one request after the other
      const back = await post(`${url}/v1/chat/completions`, { ...claude, stream })
      // oxlint-disable-next-line no-await-in-loop
      const { error } = (await back.json()) as { error: { message: string } }

      assert.equal(back.status, status)
      assert.match(error.message, message)
    }
  })
}

test('answers that the upstream gave no id have one each', async (t) => {
  const nameless: Answer = { body: { ...anthropicMessage({ text: ['Hi'] }), id: undefined } }

  const { body, stream } = await bothForms(
    t,
    { model: 'claude-sonnet-4-5', messages },
    nameless,
    nameless,
  )

  for (const { id } of [body, stream]) assert.match(id, /^chatcmpl-[\da-z]{29}$/)
  assert.notEqual(body.id, stream.id)
})
