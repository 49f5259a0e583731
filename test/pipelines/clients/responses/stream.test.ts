/** Answers in the words of a Responses client, as a stream and as a body. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { responseStream } from '../../../../pipelines/clients/responses/stream.ts'
import {
  begun,
  bodyOf,
  call,
  called,
  context,
  eventsOf,
  outputOf,
  parsed,
  stopped,
  streamOf,
  text,
} from './answers.ts'

const usage: Delta = {
  type: 'usage',
  usage: {
    inputTokens: 10,
    outputTokens: 5,
    cachedTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
  },
}

const members = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  completed_at: null,
  status: 'in_progress',
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  model: 'claude-x',
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: null,
  store: false,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: null,
  truncation: 'disabled',
  usage: null,
  user: null,
}

test('§17.5 the head has every member of the response, twice', () => {
  const [created, inProgress] = parsed(streamOf([begun, ...text('a')]))

  assert.deepEqual(created, { type: 'response.created', response: members, sequence_number: 0 })
  assert.deepEqual(inProgress, {
    type: 'response.in_progress',
    response: members,
    sequence_number: 1,
  })
})

test('§17.5 a service tier that no client knows is the default one', () => {
  const tierIn = (serviceTier: string) =>
    bodyOf([begun, ...text('a'), { type: 'stop', reason: 'stop', serviceTier }])?.service_tier

  assert.deepEqual(['on_demand', 'flex'].map(tierIn), ['default', 'flex'])
})

test('§17.5 the end has the output and the usage, in the body and in the stream', async () => {
  const deltas: Delta[] = [
    begun,
    ...text('a'),
    usage,
    { type: 'stop', reason: 'stop', serviceTier: 'default' },
  ]

  const output = await outputOf(deltas)
  assert.deepEqual(bodyOf(deltas), {
    ...members,
    status: 'completed',
    completed_at: 1_700_000_009,
    output,
    service_tier: 'default',
    usage: {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 15,
    },
  })
})

test('§17.5 usage that nobody reported is zeros', () => {
  assert.deepEqual(bodyOf([begun, stopped]).usage, {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  })
})

const ids: [upstream: string | undefined, id: string][] = [
  ['resp_a', 'resp_a'],
  ['chatcmpl-a', 'resp_a'],
  ['msg_a', 'resp_a'],
  ['a b/ü', 'resp_ab'],
  [undefined, 'resp_fallback'],
  ['', 'resp_fallback'],
]
for (const [id, own] of ids) {
  test(`§17.5 the id ${id} is ${own}`, () => {
    const body = bodyOf([{ type: 'start', id }, ...text('a'), stopped])

    assert.equal(body.id, own)
    assert.equal(body.output[0]?.id, `${own.replace('resp', 'msg')}_0`)
  })
}

const partOf = (value: string) => ({
  type: 'output_text',
  text: value,
  annotations: [],
  logprobs: [],
})
const messageOf = (index: number, status: string, ...content: object[]) => ({
  id: `msg_1_${index}`,
  type: 'message',
  status,
  role: 'assistant',
  content,
})

test('§17.6 text is a message with one part', async () => {
  const deltas = [begun, ...text('a', 'b'), ...text('c'), stopped]
  const at = { item_id: 'msg_1_0', output_index: 0, content_index: 0 }
  const events = eventsOf(deltas).map(({ sequence_number: _number, ...event }) => event)

  assert.deepEqual(events.slice(0, -1), [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: messageOf(0, 'in_progress'),
    },
    { type: 'response.content_part.added', ...at, part: partOf('') },
    { type: 'response.output_text.delta', ...at, delta: 'a', logprobs: [] },
    { type: 'response.output_text.delta', ...at, delta: 'b', logprobs: [] },
    { type: 'response.output_text.delta', ...at, delta: 'c', logprobs: [] },
    { type: 'response.output_text.done', ...at, text: 'abc', logprobs: [] },
    { type: 'response.content_part.done', ...at, part: partOf('abc') },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: messageOf(0, 'completed', partOf('abc')),
    },
  ])
  assert.equal(events.at(-1)?.type, 'response.completed')
  assert.deepEqual(await outputOf(deltas), [messageOf(0, 'completed', partOf('abc'))])
})

test('§17.6 empty text is no item', async () => {
  assert.deepEqual(
    await outputOf([begun, { type: 'text-start' }, { type: 'text', text: '' }, stopped]),
    [],
  )
})

test('§17.6 log probabilities go to the client that asked', () => {
  const logprobs = [{ token: 'a' }]
  const deltas: Delta[] = [
    begun,
    { type: 'text-start' },
    { type: 'text', text: 'a', logprobs },
    stopped,
  ]
  const seen = (wanted: boolean) =>
    eventsOf(deltas, { logprobs: wanted }).map((event) => event.logprobs)

  assert.deepEqual(seen(true), [
    undefined,
    undefined,
    logprobs,
    logprobs,
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(seen(false).slice(2, 4), [[], []])
})

test('§17.6 citations count from the beginning of their part, in code points', async () => {
  const [message] = (
    await outputOf([
      begun,
      ...text('😀x'),
      ...call(0, 'f', '{}'),
      ...text('ab'),
      { type: 'annotations', citations: [{ url: 'u', title: 't', start: 3, end: 4 }] },
      called,
    ])
  ).slice(2)
  const annotation = { type: 'url_citation', start_index: 1, end_index: 2, title: 't', url: 'u' }

  assert.deepEqual(message?.content, [{ ...partOf('ab'), annotations: [annotation] }])
})

test('§17.6 a citation is an event of its own', () => {
  const event = eventsOf([
    begun,
    ...text('ab'),
    { type: 'annotations', citations: [{ url: 'u', title: 't', start: 0, end: 1 }] },
    stopped,
  ]).find(({ type }) => type === 'response.output_text.annotation.added')

  assert.deepEqual(event?.annotation_index, 0)
})

test('§17.6 a refusal is a part of the message', async () => {
  const deltas: Delta[] = [begun, ...text('a'), { type: 'refusal', text: 'no' }, stopped]

  assert.deepEqual(await outputOf(deltas), [
    messageOf(0, 'completed', partOf('a'), { type: 'refusal', refusal: 'no' }),
  ])
  const types = eventsOf(deltas).map(({ type }) => type)
  assert.deepEqual(types.slice(5, -2), [
    'response.content_part.added',
    'response.refusal.delta',
    'response.refusal.done',
    'response.content_part.done',
  ])
})

test('§17.6 a call of a function, with its namespace', async () => {
  const deltas: Delta[] = [
    begun,
    {
      type: 'tool-start',
      index: 0,
      kind: 'function',
      id: 'functions.get:0',
      name: 'get',
      namespace: 'mcp__x',
    },
    { type: 'tool-input', index: 0, text: '{"a"' },
    { type: 'tool-input', index: 0, text: ':1}' },
    { type: 'tool-stop', index: 0 },
    called,
  ]
  const item = {
    id: 'fc_1_0',
    type: 'function_call',
    call_id: 'functions.get:0',
    name: 'get',
    namespace: 'mcp__x',
    arguments: '{"a":1}',
    status: 'completed',
  }
  const at = { item_id: 'fc_1_0', output_index: 0 }
  const events = eventsOf(deltas).map(({ sequence_number: _number, ...event }) => event)

  assert.deepEqual(events.slice(0, -1), [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, arguments: '', status: 'in_progress' },
    },
    { type: 'response.function_call_arguments.delta', ...at, delta: '{"a"' },
    { type: 'response.function_call_arguments.delta', ...at, delta: ':1}' },
    {
      type: 'response.function_call_arguments.done',
      ...at,
      name: 'get',
      arguments: '{"a":1}',
    },
    { type: 'response.output_item.done', output_index: 0, item },
  ])
  assert.deepEqual(await outputOf(deltas), [item])
})

test('§17.6 a call without arguments has an empty object', async () => {
  const [item] = await outputOf([begun, ...call(0, 'f'), called])

  assert.equal(item?.arguments, '{}')
})

test('§17.6 a call with free text is a custom_tool_call', async () => {
  const deltas: Delta[] = [
    begun,
    { type: 'tool-start', index: 0, kind: 'custom', id: 'c', name: 'apply_patch' },
    { type: 'tool-input', index: 0, text: '*** Begin' },
    { type: 'tool-stop', index: 0 },
    called,
  ]

  assert.deepEqual(await outputOf(deltas), [
    {
      id: 'ctc_1_0',
      type: 'custom_tool_call',
      call_id: 'c',
      name: 'apply_patch',
      input: '*** Begin',
      status: 'completed',
    },
  ])
  assert.deepEqual(
    eventsOf(deltas)
      .slice(1, 3)
      .map(({ sequence_number: _number, ...event }) => event),
    [
      {
        type: 'response.custom_tool_call_input.delta',
        item_id: 'ctc_1_0',
        output_index: 0,
        call_id: 'c',
        delta: '*** Begin',
      },
      {
        type: 'response.custom_tool_call_input.done',
        item_id: 'ctc_1_0',
        output_index: 0,
        input: '*** Begin',
      },
    ],
  )
})

function builtIn(name: string, ...input: string[]): Delta[] {
  const [start, ...rest] = call(0, name, ...input)
  return [{ ...start, builtIn: name } as Delta, ...rest]
}

test('§17.6 a call of a tool of §12.4 is its own item, at its end', async () => {
  const deltas = [begun, ...builtIn('local_shell', '{"command":', '["ls"]}'), called]

  assert.deepEqual(await outputOf(deltas), [
    {
      id: 'lsh_1_0',
      type: 'local_shell_call',
      call_id: 'call_0',
      status: 'completed',
      action: { type: 'exec', command: ['ls'], env: {} },
    },
  ])
  assert.deepEqual(
    eventsOf(deltas).map(({ type }) => type),
    ['response.output_item.added', 'response.output_item.done', 'response.completed'],
  )
})

test('§17.6 with arguments that are no such call it is a function_call', async () => {
  const [item] = await outputOf([begun, ...builtIn('local_shell', '{"command":"ls"}'), called])

  assert.deepEqual(
    [item?.type, item?.name, item?.arguments],
    ['function_call', 'local_shell', '{"command":"ls"}'],
  )
})

test('§17.6 calls may be open together, and beside text', async () => {
  const [start0, input0, stop0] = call(0, 'f', '{}') as [Delta, Delta, Delta]
  const [start1, input1, stop1] = call(1, 'g', '{"a":1}') as [Delta, Delta, Delta]
  const output = await outputOf([
    begun,
    ...text('a'),
    start0,
    start1,
    input1,
    input0,
    ...text('b'),
    stop1,
    stop0,
    called,
  ])

  assert.deepEqual(
    output.map((item) => [item.type, item.name, item.arguments]),
    [
      ['message', undefined, undefined],
      ['function_call', 'f', '{}'],
      ['function_call', 'g', '{"a":1}'],
      ['message', undefined, undefined],
    ],
  )
})

test('§17.6 a call ends when more of the answer comes', () => {
  const types = eventsOf([begun, ...call(0, 'f', '{}'), ...call(1, 'g', '{}')]).map(
    ({ type, output_index: index }) => `${type.replace('response.', '')} ${String(index)}`,
  )

  assert.deepEqual(types, [
    'output_item.added 0',
    'function_call_arguments.delta 0',
    'function_call_arguments.done 0',
    'output_item.done 0',
    'output_item.added 1',
    'function_call_arguments.delta 1',
  ])
})

const search: Delta = {
  type: 'search',
  id: 's',
  query: 'q',
  sources: [{ url: 'u', title: 't' }],
}

test('§17.6 a search is an item, with its sources where the client wants them', async () => {
  const item = {
    id: 'ws_1_0',
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'q', queries: ['q'] },
  }

  assert.deepEqual(await outputOf([begun, search, stopped], { searches: true }), [item])
  const [shown] = await outputOf([begun, search, stopped], { searches: true, showsSources: true })
  assert.deepEqual(shown?.action, { ...item.action, sources: [{ type: 'url', url: 'u' }] })
  const [failed] = await outputOf([begun, { ...search, failed: true }, stopped], { searches: true })
  assert.equal(failed?.status, 'failed')
  assert.deepEqual(
    eventsOf([begun, search, stopped], { searches: true }).map(({ type }) => type),
    [
      'response.output_item.added',
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
      'response.output_item.done',
      'response.completed',
    ],
  )
})

test('§17.6 a client that declared no search gets none', async () => {
  assert.deepEqual(await outputOf([begun, search, stopped]), [])
})

test('§17.8 at a stop sequence the answer is complete', () => {
  assert.equal(
    bodyOf([begun, ...text('a'), { type: 'stop', reason: 'stop-sequence' }]).status,
    'completed',
  )
})

const atLimit: Delta = { type: 'stop', reason: 'length' }

test('§17.8 at the limit the answer and the open message are incomplete', async () => {
  const deltas = [begun, ...text('a'), atLimit]

  assert.deepEqual(await outputOf(deltas), [messageOf(0, 'incomplete', partOf('a'))])
  const body = bodyOf(deltas)
  assert.deepEqual(
    [body.status, body.incomplete_details, body.completed_at],
    ['incomplete', { reason: 'max_output_tokens' }, null],
  )
  assert.equal(eventsOf(deltas).at(-1)?.type, 'response.incomplete')
})

const behindText: [what: string, deltas: Delta[]][] = [
  [
    'a signature',
    [
      { type: 'reasoning-start', kind: 'thinking', index: 0, at: { content: 1, tools: 0 } },
      {
        type: 'reasoning-stop',
        reasoning: { kind: 'thinking', text: '', index: 0, seal: { data: 's', on: 'text' } },
      },
    ],
  ],
  ['a search', [{ type: 'search', id: 's', query: 'q', sources: [] }]],
]
for (const [what, deltas] of behindText) {
  test(`§17.8 at the limit a message is incomplete, also with ${what} behind it`, async () => {
    const asked = { sealsReasoning: true, searches: true }
    const statuses = async (...more: Delta[]) => {
      const output = await outputOf([begun, ...text('a'), ...deltas, ...more], asked)
      return output.map(({ type, status }) => (type === 'message' ? status : type))
    }
    const [, item] = await statuses(atLimit)

    assert.deepEqual(await statuses(atLimit), ['incomplete', item])
    assert.deepEqual(await statuses(stopped), ['completed', item])
    assert.deepEqual(await statuses(...text('b'), atLimit), ['completed', item, 'incomplete'])
    assert.match(String(item), /^(reasoning|web_search_call)$/)
  })
}

test('§17.8 citations that come behind a signature are those of the text in front of it', async () => {
  const [, signature] = behindText[0]!
  const cited: Delta = {
    type: 'annotations',
    citations: [{ url: 'u', title: 't', start: 0, end: 1 }],
  }
  const asked = { sealsReasoning: true, searches: true }

  const output = await outputOf([begun, ...text('a'), ...signature, cited, stopped], asked)

  const annotation = { type: 'url_citation', url: 'u', title: 't', start_index: 0, end_index: 1 }
  const [message, reasoning] = output
  assert.deepEqual(message?.content, [{ ...partOf('a'), annotations: [annotation] }])
  assert.equal(reasoning?.type, 'reasoning')
})

const cuts: [what: string, deltas: Delta[]][] = [
  ['without its end', call(0, 'f', '{"a":').slice(0, -1)],
  ['with its end', call(0, 'f', '{"a":')],
  ['before its first piece', call(0, 'f').slice(0, -1)],
  [
    'in free text',
    [
      { type: 'tool-start', index: 0, kind: 'custom', id: 'c', name: 'p' },
      { type: 'tool-input', index: 0, text: '*** Beg' },
      { type: 'tool-stop', index: 0 },
    ],
  ],
  ["of the API's own", builtIn('shell', '{"comm')],
]
for (const [what, deltas] of cuts) {
  test(`§17.8 a call that was cut ${what} has no end, and is incomplete in the output`, () => {
    const whole = [begun, ...deltas, atLimit]

    assert.deepEqual(
      eventsOf(whole).filter(({ type }) => type.endsWith('.done')),
      [],
    )
    assert.deepEqual(
      bodyOf(whole).output.map(({ status }) => status),
      ['incomplete'],
    )
    assert.deepEqual(eventsOf(whole).at(-1)?.response, bodyOf(whole))
  })
}

test('§17.8 a call that is whole ends, though the answer was cut behind it', async () => {
  const output = await outputOf([begun, ...call(0, 'f', '{"a":1}'), ...call(1, 'g', '{}'), atLimit])

  assert.deepEqual(
    output.map(({ status }) => status),
    ['completed', 'completed'],
  )
})

test('§17.8 a filter ends the answer, with the words of the upstream as a refusal', async () => {
  const deltas: Delta[] = [
    begun,
    ...text('a'),
    { type: 'stop', reason: 'content-filter', explanation: 'unsafe' },
  ]

  assert.deepEqual(await outputOf(deltas), [
    messageOf(0, 'completed', partOf('a'), { type: 'refusal', refusal: 'unsafe' }),
  ])
  const { status, incomplete_details } = bodyOf(deltas)
  assert.deepEqual([status, incomplete_details], ['incomplete', { reason: 'content_filter' }])
})

test('§17.9 a failure has what has ended, and no more comes', () => {
  const serialiser = responseStream(context)
  const deltas = [begun, ...text('a'), ...call(0, 'f', '{"a"').slice(0, -1)]
  const written = deltas.map((delta) => serialiser.write(delta)).join('')
  const failure = serialiser.failure!({
    status: 502,
    code: 'upstream_truncated',
    message: 'cut',
    type: 'upstream_error',
    param: null,
    isUpstreams: false,
    headers: {},
  })
  const [broken, last] = parsed(serialiser.head() + written + failure).slice(-2)

  assert.deepEqual(
    [broken?.type, broken?.error],
    ['error', { type: 'upstream_error', code: 'upstream_truncated', message: 'cut', param: null }],
  )
  assert.equal(last?.type, 'response.failed')
  assert.deepEqual(last.response, {
    ...members,
    status: 'failed',
    error: { code: 'upstream_truncated', message: 'cut' },
    output: [messageOf(0, 'completed', partOf('a'))],
  })
})

test('§17.9 three silences in a row get a comment, the fourth an event', () => {
  const serialiser = responseStream(context)
  const head = serialiser.write(begun) + serialiser.head()
  const written = text('a')
    .map((delta) => serialiser.write(delta))
    .join('')
  const silences = Array.from({ length: 5 }, () => serialiser.keepAlive())
  const more = serialiser.write({ type: 'text', text: 'b' })
  const after = Array.from({ length: 4 }, () => serialiser.keepAlive())
  const isEvent = (one: string) => one.startsWith('event: keepalive\n')

  assert.deepEqual(silences.map(isEvent), [false, false, false, true, false])
  assert.deepEqual(after.map(isEvent), [false, false, false, true])
  assert.deepEqual(silences[0], ': keep-alive\n\n')
  assert.ok(parsed(head + written + [...silences, more, ...after].join('')))
})

const piece = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(''))

function reasoningOf(pieces: string[]): Delta[] {
  const parts = pieces.map((one): Delta[] => [
    { type: 'reasoning', text: one },
    { type: 'reasoning-part' },
  ])
  const start = { kind: 'thinking', index: 0, at: { content: 0, tools: 0 } } as const
  return [{ type: 'reasoning-start', ...start }, ...parts.flat(), { type: 'reasoning-stop' }]
}

/** Blocks of an answer, in the order that `delta.ts` promises. */
const block = fc.oneof(
  fc.array(piece).map((pieces) => text(...pieces)),
  fc.array(piece).map(reasoningOf),
  fc.tuple(fc.constantFrom('f', 'local_shell'), fc.array(piece)),
  fc.constant<Delta[]>([{ type: 'refusal', text: 'no' }]),
  fc.constant<Delta[]>([search]),
)

test('§17.6 whatever comes, the official package puts together what the body says', async () => {
  const reason = fc.constantFrom<'stop' | 'tool-calls'>('stop', 'tool-calls')
  await fc.assert(
    fc.asyncProperty(fc.array(block), reason, fc.boolean(), async (blocks, end, isWished) => {
      let index = 0
      const deltas = blocks.flatMap((one): Delta[] => {
        if (typeof one[0] !== 'string') return one as Delta[]
        const [name, pieces] = one as [string, string[]]
        index += 1
        return call(index - 1, name, ...pieces)
      })
      const more = { showsReasoning: isWished, sealsReasoning: isWished, searches: isWished }
      await outputOf([begun, ...deltas, { type: 'stop', reason: end }], more)
    }),
    { numRuns: 200 },
  )
})

test('§17.6 stream and body hold the same text, whole pairs and halves of surrogates', () => {
  const pieces = ['a\ud83d', '\ude00"', '\\n\u2028', '\udc00']
  const body = bodyOf([begun, ...text(...pieces), stopped])
  const [message] = body.output as [JsonObject & { content: JsonObject[] }]

  assert.equal(message.content[0]?.text, pieces.join(''))
  assert.deepEqual(eventsOf([begun, ...text(...pieces), stopped]).at(-1)?.response, body)
})
