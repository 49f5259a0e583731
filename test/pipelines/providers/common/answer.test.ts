/** What a chat upstream answers, for clients that do not speak chat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { commonBody, commonTranslator } from '../../../../pipelines/providers/common/answer.ts'
import { brief, chat, chunk, content, context, cutChat, finish } from './chunks.ts'
import { only } from '../events.ts'

function thinks(field: string, text: string): JsonObject {
  return chunk({ [field]: text })
}

const detail = { type: 'reasoning.text', index: 0 }

const rows: [what: string, chunks: JsonObject[], lines: string[]][] = [
  ['content is text, one block a run', [content('a'), content('b')], ['ab', '= stop']],
  [
    'a role, an empty or absent content say nothing',
    [chunk({ role: 'assistant', content: null }), content(''), content('a')],
    ['a', '= stop'],
  ],
  [
    'content may be a list of parts',
    [content([{ type: 'text', text: 'a' }, 'b'])],
    ['ab', '= stop'],
  ],
  [
    'of several choices the first counts',
    [{ choices: [{ index: 1, delta: { content: 'x' } }] }, content('a')],
    ['a', '= stop'],
  ],
  [
    'a chunk without choices says nothing',
    [{ id: '1' }, { choices: [] }, { choices: null }, content('a')],
    ['a', '= stop'],
  ],
  [
    'a whole message is a delta',
    [chunk({}), { choices: [{ message: { content: 'ab' } }] }],
    ['ab', '= stop'],
  ],
  [
    'of a whole message only the rest is new',
    [content('a'), { choices: [{ message: { content: 'ab' } }] }],
    ['ab', '= stop'],
  ],
  ['a refusal', [chunk({ refusal: 'no' })], ['refused: no', '= stop']],
  [
    'annotations of the web',
    [
      content('abc'),
      chunk({
        annotations: [
          {
            type: 'url_citation',
            url_citation: { url: 'u', title: 't', start_index: 0, end_index: 3 },
          },
          { type: 'file' },
        ],
      }),
    ],
    ['abc', 'u 0-3', '= stop'],
  ],
  [
    'reasoning_content is reasoning',
    [thinks('reasoning_content', 'h'), thinks('reasoning_content', 'm'), content('a')],
    ['think raw: hm [reasoning_content]', 'a', '= stop'],
  ],
  [
    'reasoning and reasoning_text likewise',
    [thinks('reasoning', 'hm'), content('a')],
    ['think raw: hm [reasoning]', 'a', '= stop'],
  ],
  [
    'and reasoning_text',
    [thinks('reasoning_text', 'hm'), content('a')],
    ['think raw: hm [reasoning_text]', 'a', '= stop'],
  ],
  [
    'the first field that has text counts, whatever another says later',
    [
      chunk({ reasoning: 'hm', reasoning_content: '' }),
      chunk({ reasoning: '!', reasoning_content: 'hm!' }),
      thinks('reasoning_content', 'more'),
      content('a'),
    ],
    ['think raw: hm! [reasoning]', 'a', '= stop'],
  ],
  [
    'reasoning and content of one chunk, in this order',
    [chunk({ content: 'a', reasoning_content: 'hm' })],
    ['think raw: hm [reasoning_content]', 'a', '= stop'],
  ],
  [
    'later reasoning is another block',
    [
      thinks('reasoning_content', 'h'),
      content('a'),
      thinks('reasoning_content', 'm'),
      content('b'),
    ],
    ['think raw: h [reasoning_content]', 'a', 'think raw: m [reasoning_content]', 'b', '= stop'],
  ],
  [
    'reasoning_details are kept for the seal, and shown where nothing else is',
    [
      chunk({ reasoning_details: [{ ...detail, text: 'h' }] }),
      chunk({ reasoning_details: [{ ...detail, text: 'm' }] }),
      chunk({ reasoning_details: [{ ...detail, signature: 's' }] }),
      content('a'),
    ],
    [
      'think raw: hm [reasoning_details] [{"type":"reasoning.text","index":0,"text":"hm","signature":"s"}]',
      'a',
      '= stop',
    ],
  ],
  [
    'a whole message brings no reasoning_details once more',
    [
      chunk({ reasoning_details: [{ ...detail, text: 'h' }] }),
      content('a'),
      { choices: [{ message: { content: 'a', reasoning_details: [{ ...detail, text: 'h' }] } }] },
    ],
    [
      'think raw: h [reasoning_details] [{"type":"reasoning.text","index":0,"text":"h"}]',
      'a',
      '= stop',
    ],
  ],
  [
    'of reasoning_details another index is another entry',
    [
      chunk({ reasoning_details: [{ ...detail, text: 'h' }] }),
      chunk({ reasoning_details: [{ ...detail, index: 1, text: 'm' }] }),
      content('a'),
    ],
    [
      'think raw: hm [reasoning_details] [{"type":"reasoning.text","index":0,"text":"h"},{"type":"reasoning.text","index":1,"text":"m"}]',
      'a',
      '= stop',
    ],
  ],
  [
    'an index of reasoning_details that cannot be read is none',
    [
      chunk({ reasoning_details: [{ ...detail, index: {}, text: 'h' }] }),
      chunk({ reasoning_details: [{ ...detail, index: {}, text: 'm' }] }),
      content('a'),
    ],
    [
      'think raw: hm [reasoning_details] [{"type":"reasoning.text","index":{},"text":"hm"}]',
      'a',
      '= stop',
    ],
  ],
  [
    'beside a plain field they are not shown',
    [chunk({ reasoning: 'hm', reasoning_details: [{ ...detail, text: 'hm' }] }), content('a')],
    [
      'think raw: hm [reasoning_details] [{"type":"reasoning.text","index":0,"text":"hm"}]',
      'a',
      '= stop',
    ],
  ],
  [
    'encrypted details without text are reasoning, too',
    [chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }), content('a')],
    ['think raw:  [reasoning_details] [{"type":"reasoning.encrypted","data":"x"}]', 'a', '= stop'],
  ],
  [
    'thinking parts of Mistral are reasoning that does not go back',
    [
      content([{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }]),
      content([{ type: 'text', text: 'a' }]),
    ],
    ['think raw: hm [inline]', 'a', '= stop'],
  ],
  [
    'reasoning alone',
    [thinks('reasoning_content', 'hm'), finish('length')],
    ['think raw: hm [reasoning_content]', '= length'],
  ],
]

for (const [what, chunks, lines] of rows) {
  test(`§11.3 ${what}`, () => {
    assert.deepEqual(
      brief(chat(...chunks, ...(lines.at(-1) === '= length' ? [] : [finish('stop')]))),
      lines,
    )
  })
}

const tagged: [what: string, texts: string[], lines: string[]][] = [
  ['a text that begins with a tag', ['<think>hm</think>\n\na'], ['think raw: hm [inline]', 'a']],
  ['the other tags', ['<thinking>hm</thinking>a'], ['think raw: hm [inline]', 'a']],
  ['and the third', ['\n <thought>hm</thought>a'], ['think raw: hm [inline]', 'a']],
  [
    'tags cut by chunks',
    ['<th', 'ink>h', 'm</thi', 'nk', '>', '\n', 'a'],
    ['think raw: hm [inline]', 'a'],
  ],
  [
    'what only looks like the end',
    ['<think>a </thinking> b</think>c'],
    ['think raw: a </thinking> b [inline]', 'c'],
  ],
  [
    'a tag without an end is reasoning to the last',
    ['<think>hm</thin'],
    ['think raw: hm</thin [inline]'],
  ],
  [
    'a tag further on is text',
    ['The tag <think> is', ' </think>'],
    ['The tag <think> is </think>'],
  ],
  [
    'a tag behind the reasoning is text',
    ['<think>a</think>b<think>c</think>'],
    ['think raw: a [inline]', 'b<think>c</think>'],
  ],
  ['what begins like a tag and is none', ['<thi', 's>'], ['<this>']],
  ['white space alone', ['  ', '\n'], ['  \n']],
  ['a beginning of a tag at the end', ['<think'], ['<think']],
]

for (const [what, texts, lines] of tagged) {
  test(`§11.3 tags: ${what}`, () => {
    assert.deepEqual(brief(chat(...texts.map(content), finish('stop'))), [...lines, '= stop'])
  })
}

const ends: [begin: string, end: string][] = [
  ['<mm:think>', '</mm:think>'],
  ['<seed:think>', '</seed:think>'],
  ['[THINK]', '[/THINK]'],
  ['◁think▷', '◁/think▷'],
  ['<|START_THINKING|>', '<|END_THINKING|>'],
  ['<|channel>thought', '<channel|>'],
  ['<|channel|>analysis<|message|>', '<|end|>'],
  ['<|channel|>analysis<|message|>', '<|end|><|start|>assistant<|channel|>final<|message|>'],
  ['<|start|>assistant<|channel|>analysis<|message|>', '<|end|>\n<|channel|>final<|message|>'],
  ['<|channel|>analysis<|message|>', '<|end|><|start|>assistant<|channel|>commentary<|message|>'],
]

for (const [begin, end] of ends) {
  test(`§11.3 reasoning between ${begin} and ${end}, however it is cut`, () => {
    const text = `\n${begin}a [b] <c>${end}\nd ${begin}`
    for (const size of [1, 5, 1000]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []

      const lines = brief(chat(...pieces.map(content), finish('stop')))

      assert.deepEqual(lines, ['think raw: a [b] <c> [inline]', `d ${begin}`, '= stop'])
    }
  })
}

test('§11.3 gpt-oss may think twice, and need not think at all', () => {
  const analysis = '<|channel|>analysis<|message|>'
  const final = '<|channel|>final<|message|>'
  const twice = `${analysis}a<|end|><|start|>assistant${analysis}b<|end|>${final}c`

  assert.deepEqual(brief(chat(content(twice), finish('stop'))), [
    'think raw: ab [inline]',
    'c',
    '= stop',
  ])
  assert.deepEqual(brief(chat(content(`${final}c`), finish('stop'))), ['c', '= stop'])
  assert.deepEqual(brief(chat(content('<|channel|>other'), finish('stop'))), [
    '<|channel|>other',
    '= stop',
  ])
})

const lookUp = chunk({
  tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }],
})

for (const [what, chunks, lines] of [
  ['text', [content('\n'), content('\n\nHi\n')], ['think raw: hm [reasoning]', 'Hi\n', '= stop']],
  [
    'a call (claude-code-router #1397)',
    [content('\n\n'), lookUp],
    ['think raw: hm [reasoning]', '#0 f (c) {} !', '= tool-calls'],
  ],
  [
    'more of it',
    [content('\n'), thinks('reasoning', ' hm'), content('Hi')],
    ['think raw: hm hm [reasoning]', 'Hi', '= stop'],
  ],
] as const) {
  test(`§11.3 line ends between reasoning in a field and ${what} are none of the text`, () => {
    const deltas = chat(thinks('reasoning', 'hm'), ...chunks, finish('stop'))

    assert.deepEqual(brief(deltas), lines)
  })
}

test('§11.3 the same in a body, and where a whole message repeats a stream', () => {
  const message = { role: 'assistant', reasoning: 'hm', content: '\n\nHi' }
  const body = { id: '1', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const lines = ['think raw: hm [reasoning]', 'Hi', '= stop']

  assert.deepEqual(brief([...commonBody(body, context)]), lines)
  assert.deepEqual(brief(chat(thinks('reasoning', 'hm'), content('\n\nH'), body)), lines)
})

test('§11.3 tags are text once reasoning has come in a field', () => {
  const deltas = chat(
    thinks('reasoning_content', 'hm'),
    content('<think>a</think>'),
    finish('stop'),
  )

  assert.deepEqual(brief(deltas), [
    'think raw: hm [reasoning_content]',
    '<think>a</think>',
    '= stop',
  ])
})

test('§11.3 a tag that a call interrupts is text', () => {
  const called = chunk({
    tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }],
  })

  assert.deepEqual(brief(chat(content('<thi'), called, finish('tool_calls'))), [
    '<thi',
    '#0 f (c) {} !',
    '= tool-calls',
  ])
})

const webCitation = {
  type: 'url_citation',
  url_citation: { url: 'u', title: 't', start_index: 0, end_index: 1 },
}

test('§11.3 a refusal and a citation come behind the text that a tag might have begun with', () => {
  const cited = chunk({ annotations: [webCitation] })

  assert.deepEqual(brief(chat(content(' '), cited, finish('stop'))), [' ', 'u 0-1', '= stop'])
  assert.deepEqual(brief(chat(content(' '), chunk({ refusal: 'no' }), finish('stop'))), [
    ' ',
    'refused: no',
    '= stop',
  ])
})

test('§11.3 a body cites its text while that is open, and keeps the entries of its reasoning for the seal', () => {
  const message = {
    reasoning: 'hm',
    reasoning_details: [{ ...detail, text: 'hm', signature: 's' }],
    content: 'a',
    refusal: 'no',
    annotations: [webCitation],
  }

  assert.deepEqual(brief(commonBody({ choices: [{ message }] }, context)), [
    `think raw: hm [reasoning_details] ${JSON.stringify(message.reasoning_details)}`,
    'a',
    'u 0-1',
    'refused: no',
    '= stop',
  ])
})

test('§11.3 the first chunk names the answer', () => {
  const [start] = chat(content('a'), { ...content('b'), id: 'other' }, finish('stop'))

  assert.deepEqual(start, { type: 'start', id: 'chatcmpl-1', createdSeconds: 1_790_000_000 })
})

test('§11.3 log probabilities go with their text', () => {
  const logprobs = { content: [{ token: 'a', logprob: -1 }] }
  const deltas = chat(chunk({ content: 'a' }, { logprobs }), finish('stop'))

  assert.deepEqual(only('text', deltas), [{ type: 'text', text: 'a', logprobs: logprobs.content }])
})

test('§11.3 a delta whose answer has no readable form fails', () => {
  for (const delta of [
    { content: { odd: 1 } },
    { reasoning_content: { odd: 1 } },
    { tool_calls: 'x' },
  ]) {
    const [failure] = only('failure', chat(chunk({ role: 'assistant' }), chunk(delta)))
    assert.equal(failure?.failure.code, 'upstream_protocol_error', JSON.stringify(delta))
  }
  assert.match(brief(chat({ choices: [{ index: 0, delta: 'x' }] }))[0]!, /upstream_protocol_error/)
})

test('§11.3 a body is read like a stream of one chunk', () => {
  const message = {
    role: 'assistant',
    reasoning_content: 'hm',
    content: '<think>no</think> a',
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
  }
  const usage = { prompt_tokens: 3, completion_tokens: 4 }
  const body = {
    id: 'x',
    created: 5,
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    usage,
  }
  const deltas = commonBody(body, context)

  assert.deepEqual(brief(deltas), [
    'think raw: hm [reasoning_content]',
    '<think>no</think> a',
    '#0 f (c) {"a":1} !',
    '= tool-calls',
  ])
  assert.deepEqual(only('usage', deltas)[0]?.usage, { inputTokens: 3, outputTokens: 4 })
  assert.deepEqual(deltas[0], { type: 'start', id: 'x', createdSeconds: 5 })
})

test('§11.3 a body without a finish reason is whole, one without choices is none', () => {
  assert.deepEqual(brief(commonBody({ choices: [{ message: { content: 'a' } }] }, context)), [
    'a',
    '= stop',
  ])
  assert.match(
    brief(commonBody({ choices: [] }, context))[0]!,
    /^failed 502 .*not a chat completion/,
  )
  assert.match(
    brief(commonBody({ error: { message: 'x', code: 429 } }, context))[0]!,
    /^failed 429 null: x/,
  )
})

const finishes: [reason: unknown, stop: string, withCall: string][] = [
  ['stop', 'stop', 'tool-calls'],
  ['eos', 'stop', 'tool-calls'],
  ['end_turn', 'stop', 'tool-calls'],
  ['anything', 'stop', 'tool-calls'],
  [null, 'stop', 'tool-calls'],
  ['tool_calls', 'stop', 'tool-calls'],
  ['function_call', 'stop', 'tool-calls'],
  ['length', 'length', 'length'],
  ['max_tokens', 'length', 'length'],
  ['model_length', 'length', 'length'],
  ['content_filter', 'content-filter', 'content-filter'],
  ['sensitive', 'content-filter', 'content-filter'],
  ['content_filtered', 'content-filter', 'content-filter'],
  ['model_context_window_exceeded', 'length', 'length'],
  ['MAX_TOKENS', 'length', 'length'],
  ['STOP', 'stop', 'tool-calls'],
  ['content_filter: PROHIBITED_CONTENT', 'content-filter', 'content-filter'],
  ['guardrail_intervened', 'content-filter', 'content-filter'],
]

for (const [reason, stop, withCall] of finishes) {
  test(`§11.5 finish_reason ${String(reason)} is ${stop}, with a call ${withCall}`, () => {
    const called = chunk({
      tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }],
    })

    assert.equal(brief(chat(content('a'), finish(reason))).at(-1), `= ${stop}`)
    assert.equal(brief(chat(called, finish(reason))).at(-1), `= ${withCall}`)
  })
}

test('translation §11.5: some finish reasons mean that there is no answer (vllm #57082, hermes-agent #11171)', () => {
  for (const [reason, failure] of [
    ['error', 'failed 502 upstream_error'],
    ['network_error', 'failed 502 upstream_error'],
    ['insufficient_system_resource', 'failed 503 overloaded'],
    ['abort', 'failed 502 upstream_error'],
    ['aborted', 'failed 502 upstream_error'],
    ['timeout', 'failed 502 upstream_error'],
    ['cancelled', 'failed 502 upstream_error'],
    ['canceled', 'failed 502 upstream_error'],
    ['malformed_function_call', 'failed 502 upstream_error'],
    ['function_call_filter: MALFORMED_FUNCTION_CALL', 'failed 502 upstream_error'],
  ] as const) {
    const last = brief(chat(content('a'), finish(reason))).at(-1)
    assert.ok(last?.startsWith(failure), last)
  }
})

test('§11.5 without a finish reason an answer is whole only at [DONE], if it says something', () => {
  const truncated = /^failed 502 upstream_truncated/

  assert.deepEqual(brief(chat(content('a'))), ['a', '= stop'])
  assert.match(brief(cutChat(content('a'))).at(-1)!, truncated)
  assert.match(brief(chat(chunk({ role: 'assistant' }))).at(-1)!, truncated)
  assert.match(brief(chat()).at(-1)!, truncated)
  assert.deepEqual(brief(cutChat(content('a'), finish('stop'))), ['a', '= stop'])
})

test('§11.5 an answer that ends in the middle of a call without a finish reason is cut', () => {
  const called = chunk({
    tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a"' } }],
  })

  assert.match(brief(chat(called)).at(-1)!, /^failed 502 upstream_truncated/)
})

const usages: [what: string, usage: JsonObject, counted: JsonObject][] = [
  [
    'both counts',
    { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    { inputTokens: 3, outputTokens: 4 },
  ],
  [
    'the details of OpenAI',
    {
      prompt_tokens: 3,
      completion_tokens: 4,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 1 },
    },
    { inputTokens: 3, outputTokens: 4, cachedTokens: 2, reasoningTokens: 1 },
  ],
  [
    'the cache of DeepSeek',
    { prompt_tokens: 3, completion_tokens: 4, prompt_cache_hit_tokens: 2 },
    { inputTokens: 3, outputTokens: 4, cachedTokens: 2 },
  ],
  [
    'the cache of Kimi',
    { prompt_tokens: 3, completion_tokens: 4, cached_tokens: 2 },
    { inputTokens: 3, outputTokens: 4, cachedTokens: 2 },
  ],
  [
    'reasoning that the total counts beside the completion',
    {
      prompt_tokens: 3,
      completion_tokens: 4,
      total_tokens: 12,
      completion_tokens_details: { reasoning_tokens: 5 },
    },
    { inputTokens: 3, outputTokens: 9, reasoningTokens: 5 },
  ],
]

for (const [what, usage, counted] of usages) {
  test(`§11.5 usage: ${what}`, () => {
    assert.deepEqual(
      only('usage', chat(content('a'), finish('stop', { usage })))[0]?.usage,
      counted,
    )
  })
}

test('§11.5 the last usage counts, behind the finish, on any chunk and in a choice', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 }
  const counted = { inputTokens: 3, outputTokens: 4 }
  const first = { ...content('a'), usage: { prompt_tokens: 3, completion_tokens: 1 } }

  for (const chunks of [
    [first, finish('stop'), { choices: [], usage }],
    [first, finish('stop', { usage }), { choices: [], usage: null }],
    [first, chunk({}, { finish_reason: 'stop', usage })],
    [first, finish('stop'), { usage }],
  ]) {
    assert.deepEqual(only('usage', chat(...chunks))[0]?.usage, counted)
  }
  assert.deepEqual(only('usage', chat(content('a'), finish('stop'))), [])
})

test('§11.5 a service tier is reported with the stop', () => {
  const [stop] = only('stop', chat({ ...content('a'), service_tier: 'flex' }, finish('stop')))

  assert.equal(stop?.serviceTier, 'flex')
})

test('§11.5 nothing is said twice when a translator is asked to end once more', () => {
  const translator = commonTranslator(context)
  translator.event(content('a'))
  translator.event(finish('stop'))

  assert.deepEqual(brief(translator.end(true)), ['= stop'])
})
