/** Gemini answers as deltas: §15.5 and §15.6. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { chatBody } from '../../../../pipelines/clients/chat/body.ts'
import {
  isObject,
  membersNamed,
  parseAnswer,
  type JsonObject,
} from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { googleBody, googleTranslator } from '../../../../pipelines/providers/google/answer.ts'
import { googleRefusal } from '../../../../pipelines/providers/google/error.ts'
import { translateAll } from '../../../../pipelines/stages/translate.ts'

const callInput = membersNamed('args', 'partialArgs')

const context = { upstreamModel: 'gemini-3-pro', fallbackId: 'x' }

/** One event of a stream, or a body. */
function event(parts: unknown[], more: JsonObject = {}, candidate: JsonObject = {}): JsonObject {
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...candidate }],
    responseId: 'r1',
    ...more,
  }
}

function ended(parts: unknown[], finishReason = 'STOP', candidate: JsonObject = {}): JsonObject {
  return event(parts, {}, { finishReason, ...candidate })
}

/** As it comes over the wire. */
function deltasOf(...events: JsonObject[]): Delta[] {
  const parsed = events.map((one) => parseAnswer(JSON.stringify(one), callInput))
  return translateAll(googleTranslator(context), parsed.filter(isObject))
}

function callPart(name: string, args?: JsonObject, more: JsonObject = {}): JsonObject {
  return { functionCall: { name, ...(args && { args }), ...more } }
}

function ofType<T extends Delta['type']>(deltas: Delta[], type: T) {
  return deltas.filter((delta): delta is Extract<Delta, { type: T }> => delta.type === type)
}

const origin = { kind: 'thinking', maker: 'google-gemini-v1', model: 'gemini-3-pro', text: '' }

test('text and thoughts are blocks of their own (§15.5)', () => {
  const deltas = deltasOf(
    event([{ text: 'Hm', thought: true }]),
    event([{ text: '.', thought: true }, { text: 'Hel' }]),
    ended([{ text: 'lo' }]),
  )

  const at = { content: 0, tools: 0 }
  assert.deepEqual(deltas, [
    { type: 'start', id: 'r1' },
    { type: 'reasoning-start', kind: 'thinking', index: 0, at },
    { type: 'reasoning', text: 'Hm' },
    { type: 'reasoning', text: '.' },
    { type: 'reasoning-stop', reasoning: { ...origin, text: 'Hm.', index: 0, at } },
    { type: 'text-start' },
    { type: 'text', text: 'Hel' },
    { type: 'text', text: 'lo' },
    { type: 'stop', reason: 'stop' },
  ])
})

test('a call comes whole, with its digits, its signature and the model’s id or ours (§15.5)', () => {
  const deltas = deltasOf(
    event([{ text: 'Two.' }]),
    ended([
      { ...callPart('look', { a: 1 }, { id: 'fc1' }), thoughtSignature: 'c2ln' },
      callPart('see'),
      callPart('see', {}, { id: 'fc1' }),
    ]),
  )

  const seal = { data: 'c2ln', on: 'call', id: 'fc1' }
  const reasoning = { ...origin, index: 0, at: { content: 4, tools: 0 }, seal }
  assert.deepEqual(deltas.slice(3), [
    { type: 'tool-start', index: 0, kind: 'function', id: 'fc1', name: 'look', reasoning },
    { type: 'tool-input', index: 0, text: '{"a":1}' },
    { type: 'tool-stop', index: 0 },
    { type: 'tool-start', index: 1, kind: 'function', id: 'call_r1_1', name: 'see' },
    { type: 'tool-input', index: 1, text: '{}' },
    { type: 'tool-stop', index: 1 },
    { type: 'tool-start', index: 2, kind: 'function', id: 'call_r1_2', name: 'see' },
    { type: 'tool-input', index: 2, text: '{}' },
    { type: 'tool-stop', index: 2 },
    { type: 'stop', reason: 'tool-calls' },
  ])
})

test('numbers in arguments keep their digits (§15.5)', () => {
  const text =
    '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":12345678901234567890,"x":1.0}}}]},"finishReason":"STOP"}]}'

  const deltas = translateAll(
    googleTranslator(context),
    [parseAnswer(text, callInput)].filter(isObject),
  )

  assert.equal(ofType(deltas, 'tool-input')[0]?.text, '{"n":12345678901234567890,"x":1.0}')
})

test('a signature of text stands behind it, also in an empty last part (§15.5)', () => {
  const forms = [
    [event([{ text: 'Hi.', thoughtSignature: 'c2ln' }]), ended([])],
    [event([{ text: 'Hi.' }]), ended([{ text: '', thoughtSignature: 'c2ln' }])],
    [event([{ text: 'Hi.' }]), ended([{ thoughtSignature: 'c2ln' }])],
  ]

  const at = { content: 3, tools: 0 }
  const seal = { data: 'c2ln', on: 'text' }
  for (const events of forms) {
    assert.deepEqual(deltasOf(...events).slice(1), [
      { type: 'text-start' },
      { type: 'text', text: 'Hi.' },
      { type: 'reasoning-start', kind: 'thinking', index: 0, at },
      { type: 'reasoning-stop', reasoning: { ...origin, index: 0, at, seal } },
      { type: 'stop', reason: 'stop' },
    ])
  }
})

test('a signature of a thought is not lost (§15.5)', () => {
  const deltas = deltasOf(
    event([{ text: 'Hm', thought: true, thoughtSignature: 'c2ln' }]),
    ended([{ text: 'Hi.' }]),
  )

  const seals = ofType(deltas, 'reasoning-stop').map(({ reasoning }) => reasoning?.seal)
  assert.deepEqual(seals, [undefined, { data: 'c2ln', on: 'text' }])
})

test('arguments in pieces are put together by their paths (§15.5)', () => {
  const piece = (jsonPath: string, value: JsonObject, more = true) => ({
    functionCall: { partialArgs: [{ jsonPath, ...value }], willContinue: more },
  })
  const deltas = deltasOf(
    event([{ functionCall: { name: 'f', willContinue: true }, thoughtSignature: 'c2ln' }]),
    event([piece('$.a.b[0]', { stringValue: 'on', willContinue: true })]),
    event([piece('$.a.b[0]', { stringValue: 'e' }), piece("$['c d']", { numberValue: 2 })]),
    event([piece('$.e', { boolValue: false }), piece('$.f', { nullValue: 'NULL_VALUE' })]),
    ended([{ functionCall: {} }, callPart('g')]),
  )

  const inputs = ofType(deltas, 'tool-input').map(({ text }) => JSON.parse(text) as unknown)
  assert.deepEqual(inputs, [{ a: { b: ['one'] }, 'c d': 2, e: false, f: null }, {}])
  assert.equal(ofType(deltas, 'tool-start').length, 2)
  assert.ok(ofType(deltas, 'tool-start')[0]?.reasoning)
})

test('a call that is cut does not look whole, and one that never ends is an error (§15.5)', () => {
  const open = event([
    {
      functionCall: {
        name: 'f',
        partialArgs: [{ jsonPath: '$.a', stringValue: 'x' }],
        willContinue: true,
      },
    },
  ])

  const cut = deltasOf(open, ended([], 'MAX_TOKENS'))
  const broken = deltasOf(open, ended([]))

  assert.equal(ofType(cut, 'tool-input')[0]?.text, '{"a":"x"')
  assert.deepEqual(ofType(cut, 'stop'), [{ type: 'stop', reason: 'length' }])
  assert.equal(ofType(broken, 'failure')[0]?.failure.code, 'upstream_protocol_error')
})

test('paths that nobody can follow, and calls without a name, are errors (§15.5)', () => {
  const paths = ['', '$', '$..a', '$.a[999999999]', 'x y', '$[*]']
  for (const jsonPath of paths) {
    const call = { functionCall: { name: 'f', partialArgs: [{ jsonPath, stringValue: 'x' }] } }
    const [failure] = ofType(deltasOf(ended([call])), 'failure')
    assert.equal(failure?.failure.code, 'upstream_protocol_error', jsonPath)
  }
  const [nameless] = ofType(deltasOf(ended([{ functionCall: { args: {} } }])), 'failure')
  assert.equal(nameless?.failure.code, 'upstream_protocol_error')
})

test('parts of other kinds and further candidates add nothing to the answer (§15.5)', () => {
  const others = [
    'inlineData',
    'executableCode',
    'codeExecutionResult',
    'toolCall',
    'toolResponse',
    'x',
  ]
  const deltas = deltasOf(
    { candidates: [{ index: 1, content: { parts: [{ text: 'B' }] } }], responseId: 'r1' },
    ended(others.map((name) => ({ [name]: {} }))),
  )

  assert.deepEqual(
    deltas.map(({ type }) => type),
    ['start', 'stop'],
  )
})

test('a search gives citations in code points, and counts one search a query (§15.5)', () => {
  const groundingMetadata = {
    webSearchQueries: ['fox', 'dog'],
    groundingChunks: [
      { web: { uri: 'https://a.test', title: 'A' } },
      { other: {} },
      { web: { uri: 'https://b.test' } },
    ],
    groundingSupports: [
      { segment: { endIndex: 9 }, groundingChunkIndices: [0, 2, 1, 7] },
      { segment: { startIndex: 10, endIndex: 14, partIndex: 0 }, groundingChunkIndices: [2] },
      { segment: { partIndex: 9, endIndex: 1 }, groundingChunkIndices: [0] },
    ],
  }
  // ä has two bytes, 你 three, the fox four
  const deltas = deltasOf(
    event([{ text: 'ä你' }]),
    event([{ text: '🦊 then' }]),
    ended([{ text: '!' }], 'STOP', { groundingMetadata }),
  )

  const a = { url: 'https://a.test', title: 'A' }
  const b = { url: 'https://b.test', title: '' }
  assert.deepEqual(ofType(deltas, 'annotations'), [
    {
      type: 'annotations',
      citations: [
        { ...a, start: 0, end: 3 },
        { ...b, start: 0, end: 3 },
        { ...b, start: 4, end: 8 },
      ],
    },
  ])
  assert.deepEqual(ofType(deltas, 'search'), [
    { type: 'search', id: 'search_r1_0', query: 'fox', sources: [a, b] },
    { type: 'search', id: 'search_r1_1', query: 'dog', sources: [] },
  ])
})

test('offsets of a part of a body begin behind the parts before it (§15.5)', () => {
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }],
    groundingSupports: [
      { segment: { partIndex: 2, startIndex: 2, endIndex: 4 }, groundingChunkIndices: [0] },
    ],
  }
  const parts = [{ text: 'Hm', thought: true }, { text: 'öne ' }, { text: 'ütwo' }]

  const deltas = googleBody(ended(parts, 'STOP', { groundingMetadata }), context)

  const [annotations] = ofType(deltas, 'annotations')
  assert.deepEqual(
    annotations?.citations.map(({ start, end }) => [start, end]),
    [[5, 7]],
  )
})

test('log probabilities have OpenAI’s words (§15.5)', () => {
  const logprobsResult = {
    chosenCandidates: [{ token: 'Hi', logProbability: -0.5 }],
    topCandidates: [{ candidates: [{ token: 'Hi', logProbability: -0.5 }] }],
  }

  const deltas = deltasOf(ended([{ text: 'Hi' }], 'STOP', { logprobsResult }))

  const token = { token: 'Hi', logprob: -0.5, bytes: [72, 105] }
  assert.deepEqual(ofType(deltas, 'text')[0]?.logprobs, [{ ...token, top_logprobs: [token] }])
})

const finishReasons: Record<string, string> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  ESCALATION: 'content-filter',
  PUP_LIMITED_DISABLED: 'content-filter',
  UNEXPECTED_TOOL_CALL: 'stop',
  TOO_MANY_TOOL_CALLS: 'stop',
  NO_IMAGE: 'stop',
  OTHER: 'stop',
  SOMETHING_NEW: 'stop',
}

test('each finish reason of Gemini becomes a stop reason (§15.6)', () => {
  for (const [reason, wanted] of Object.entries(finishReasons)) {
    const [stop] = ofType(deltasOf(ended([{ text: 'A' }], reason)), 'stop')
    assert.equal(stop?.reason, wanted, reason)
  }
  const [stop] = ofType(
    deltasOf(ended([{ text: 'A' }], 'SAFETY', { finishMessage: 'Not this.' })),
    'stop',
  )
  assert.equal(stop?.explanation, 'Not this.')
})

test('the reason may stand in every event; the last counts (§15.6)', () => {
  const unspecified = event([{ text: 'A' }], {}, { finishReason: 'FINISH_REASON_UNSPECIFIED' })

  const deltas = deltasOf(ended([{ text: 'A' }]), ended([{ text: 'B' }], 'MAX_TOKENS'))
  const [cut] = ofType(deltasOf(unspecified), 'failure')

  assert.deepEqual(deltas.at(-1), { type: 'stop', reason: 'length' })
  assert.equal(cut?.failure.code, 'upstream_truncated')
})

test('translation §15.5: a tool is called by its own name, also where Gemini names the space that it keeps it in', () => {
  for (const name of ['default_api:look', 'default_api.look', 'look']) {
    const [call] = ofType(deltasOf(ended([{ functionCall: { name, args: {} } }])), 'tool-start')
    assert.equal(call?.name, 'look')
  }
  const [other] = ofType(
    deltasOf(ended([{ functionCall: { name: 'default_api_look', args: {} } }])),
    'tool-start',
  )
  assert.equal(other?.name, 'default_api_look')
})

test('translation §15.5: a call without arguments waits for those in a part behind it (vscode-unify-chat-provider #48)', () => {
  const part = (called: JsonObject, more: JsonObject = {}) => ({ functionCall: called, ...more })
  const named = part({ name: 'look', args: {} }, { thoughtSignature: 'c2ln' })
  const calls = (deltas: Delta[]) => {
    const names = ofType(deltas, 'tool-start').map(({ name, index }) => `${index} ${name}`)
    return [names, ofType(deltas, 'tool-input').map(({ text }) => text)]
  }

  const two = [part({ name: 'see' }), part({ args: { b: 2 } })]
  assert.deepEqual(calls(deltasOf(event([named]), event([part({ args: { a: 1 } })]), ended(two))), [
    ['0 look', '1 see'],
    ['{"a":1}', '{"b":2}'],
  ])
  for (const behind of [[part({ name: 'see', args: { b: 2 } })], [{ text: 'Done.' }], []]) {
    const deltas = deltasOf(event([named]), ended(behind))
    const [names, inputs] = calls(deltas)
    assert.deepEqual([names?.[0], inputs?.[0]], ['0 look', '{}'])
    assert.equal(ofType(deltas, 'failure').length, 0)
    assert.equal(deltas.at(-1)?.type, 'stop')
  }
})

test('translation §15.6: a call that the API could not read is an error, whatever it could read before (hermes-agent #83886)', () => {
  const call = { functionCall: { name: 'look', args: {} } }
  for (const parts of [[], [{ text: 'I will look.' }], [call]]) {
    for (const reason of [
      'MALFORMED_FUNCTION_CALL',
      'MALFORMED_RESPONSE',
      'MISSING_THOUGHT_SIGNATURE',
    ]) {
      const deltas = deltasOf(ended(parts, reason, { finishMessage: 'print(' }))

      const last = deltas.at(-1)
      assert.ok(last?.type === 'failure')
      assert.equal(last.failure.status, 502)
      assert.ok(last.failure.message.endsWith(`${reason}: print(`))
      assert.equal(ofType(deltas, 'stop').length, 0)
    }
  }
})

test('translation §15.6: an empty answer is one with STOP, at a limit or blocked, else an error that names the reason (litellm #40477)', () => {
  for (const reason of [
    'NO_IMAGE',
    'OTHER',
    'TOO_MANY_TOOL_CALLS',
    'UNEXPECTED_TOOL_CALL',
    'SOMETHING_NEW',
  ]) {
    const [failure] = ofType(deltasOf(ended([{ text: 'Hm.', thought: true }], reason)), 'failure')
    assert.equal(failure?.failure.status, 502)
    assert.match(failure?.failure.message ?? '', new RegExp(reason))
  }
  for (const [reason, wanted] of [
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
  ] as const) {
    const [stop] = ofType(deltasOf(ended([], reason)), 'stop')
    assert.equal(stop?.reason, wanted)
  }
})

test('a prompt that is blocked is refused with the reason (§15.6)', () => {
  const blocked = (feedback: JsonObject) => deltasOf({ promptFeedback: feedback }).at(-1)

  assert.deepEqual(blocked({ blockReason: 'SAFETY' }), {
    type: 'stop',
    reason: 'content-filter',
    explanation: 'SAFETY',
  })
  assert.deepEqual(blocked({ blockReason: 'OTHER', blockReasonMessage: 'No.' }), {
    type: 'stop',
    reason: 'content-filter',
    explanation: 'No.',
  })
  const [body] = ofType(googleBody({ promptFeedback: { blockReason: 'SAFETY' } }, context), 'stop')
  assert.equal(body?.reason, 'content-filter')
})

test('input that ends without a reason is cut, whatever it says of usage (§15.6)', () => {
  const deltas = deltasOf(event([{ text: 'A' }], { usageMetadata: { promptTokenCount: 1 } }))

  assert.equal(ofType(deltas, 'failure')[0]?.failure.code, 'upstream_truncated')
})

test('usage is the last that was given (§15.6)', () => {
  const deltas = deltasOf(
    event([{ text: 'A' }], { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1 } }),
    {
      ...ended([]),
      usageMetadata: {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 3,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 7,
        cachedContentTokenCount: 4,
      },
    },
  )

  assert.deepEqual(ofType(deltas, 'usage'), [
    {
      type: 'usage',
      usage: { inputTokens: 13, outputTokens: 12, cachedTokens: 4, reasoningTokens: 7 },
    },
  ])
})

test('a candidate of which nothing is known is no empty part of the answer (§15.5)', () => {
  for (const candidate of [{ content: { pieces: ['A'] } }, { said: 'A' }]) {
    const [failure] = ofType(
      deltasOf({ candidates: [candidate] }, ended([{ text: 'B' }])),
      'failure',
    )
    assert.equal(failure?.failure.code, 'upstream_protocol_error', JSON.stringify(candidate))
  }
  for (const candidate of [{}, { content: {} }, { content: { role: 'model' } }]) {
    const deltas = deltasOf({ candidates: [candidate] }, ended([{ text: 'B' }]))
    assert.equal(ofType(deltas, 'failure').length, 0, JSON.stringify(candidate))
  }
})

/** The body that a chat client gets. */
function chatAnswer(deltas: Delta[]) {
  const serialiser = chatBody({
    requestedModel: 'm',
    fallbackId: 'x',
    createdSeconds: 1,
    includeUsage: true,
    logprobs: false,
    legacyFunctions: false,
  })
  for (const delta of deltas) serialiser.add(delta)
  return serialiser.body()
}

test('the usage of Gemini is told in the words of chat (§15.6)', () => {
  const usageMetadata = {
    promptTokenCount: 10,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 7,
    cachedContentTokenCount: 4,
  }

  const answer = chatAnswer(deltasOf({ ...ended([{ text: 'A' }]), usageMetadata }))

  assert.deepEqual(answer?.usage, {
    prompt_tokens: 10,
    completion_tokens: 12,
    total_tokens: 22,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 7 },
  })
})

test('a signature is in the chat answer twice: as an entry, and at its call (§15.5)', () => {
  const signed = { ...callPart('look'), thoughtSignature: 'c2ln' }

  const message = chatAnswer(deltasOf(ended([{ text: 'A' }, signed])))?.choices[0]?.message

  assert.deepEqual(message?.tool_calls, [
    {
      id: 'call_r1_0',
      type: 'function',
      function: { name: 'look', arguments: '{}' },
      extra_content: { google: { thought_signature: 'c2ln' } },
    },
  ])
  assert.deepEqual(message?.reasoning_details, [
    {
      type: 'reasoning.encrypted',
      data: 'c2ln',
      format: 'google-gemini-v1',
      index: 0,
      id: 'call_r1_0',
      model: 'gemini-3-pro',
      at: { content: 1, tools: 0 },
    },
  ])
})

test('errors: the status by code or by word, a code, and when to come back (§15.6)', () => {
  const retry = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.8s' }]
  const invalidKey = [{ reason: 'API_KEY_INVALID' }]
  const tooLong =
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1).'
  const rows: [JsonObject, unknown[]][] = [
    [
      { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow.', details: retry },
      [429, 'rate_limit_exceeded', { 'retry-after': '1' }],
    ],
    [{ status: 'UNAVAILABLE', message: 'Later.' }, [503, 'overloaded', {}]],
    [{ status: 'UNAUTHENTICATED', message: 'Who?' }, [401, 'invalid_api_key', {}]],
    [{ status: 'PERMISSION_DENIED', message: 'No.' }, [403, 'permission_denied', {}]],
    [{ status: 'FAILED_PRECONDITION', message: 'No.' }, [400, 'failed_precondition', {}]],
    [{ status: 'DEADLINE_EXCEEDED', message: 'Long.' }, [504, 'deadline_exceeded', {}]],
    [{ status: 'INTERNAL', message: 'Oh.' }, [500, 'internal', {}]],
    [
      { code: 404, status: 'NOT_FOUND', message: 'models/x is not found' },
      [404, 'model_not_found', {}],
    ],
    [
      { code: 400, status: 'INVALID_ARGUMENT', message: tooLong },
      [400, 'context_length_exceeded', {}],
    ],
    [
      { code: 400, status: 'INVALID_ARGUMENT', message: 'API key not valid.', details: invalidKey },
      [400, 'invalid_api_key', {}],
    ],
    [{ message: 'Odd.' }, [500, null, {}]],
  ]
  for (const [error, wanted] of rows) {
    const [failure] = ofType(deltasOf({ error }), 'failure')
    const { status, code, headers } = failure!.failure
    assert.deepEqual([status, code, headers], wanted, String(error.message))
  }
})

test('a refusal over HTTP keeps its status, as an object or a list of one (§15.6)', () => {
  const error = { code: 400, status: 'INVALID_ARGUMENT', message: 'Bad.' }
  for (const body of [{ error }, [{ error }]]) {
    const { status, code, message, type } = googleRefusal(400, JSON.stringify(body))
    assert.deepEqual(
      [status, code, message, type],
      [400, 'invalid_argument', 'Bad.', 'invalid_request_error'],
    )
  }
  assert.equal(
    googleRefusal(502, '<html>Bad gateway</html>').message,
    'Upstream answered HTTP 502: Bad gateway',
  )
  assert.equal(googleRefusal(429, '{"error":{"message":"m","code":"c"}}').code, 'c')
})

test('a body that is no response is an error (§15.6)', () => {
  const [failure] = ofType(googleBody({ message: 'What?' }, context), 'failure')

  assert.equal(failure?.failure.code, 'upstream_protocol_error')
  assert.match(failure?.failure.message ?? '', /What\?/)
})

test('a stream and a body of the same parts say the same, however the stream is cut (§15.5)', () => {
  const part = fc.oneof(
    fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 6 }) }),
    fc.record({ text: fc.string({ maxLength: 6 }), thought: fc.constant(true) }),
    fc.record({ text: fc.constant(''), thoughtSignature: fc.constantFrom('a', 'b') }),
    fc.record({
      functionCall: fc.record({
        name: fc.constantFrom('f', 'g'),
        args: fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true, maxKeys: 2 }),
      }),
    }),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.infiniteStream(fc.nat(3)), (parts, cuts) => {
      const events: JsonObject[] = []
      for (let at = 0; at < parts.length;) {
        const count = cuts.next().value! + 1
        events.push(event(parts.slice(at, at + count)))
        at += count
      }
      const stream = deltasOf(...events, ended([]))
      const body = googleBody(
        parseAnswer(JSON.stringify(ended(parts)), callInput) as JsonObject,
        context,
      )
      assert.deepEqual(stream, body)
    }),
    { numRuns: 1000 },
  )
})
