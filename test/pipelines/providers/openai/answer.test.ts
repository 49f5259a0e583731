import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlCitation } from '../../../../pipelines/clients/chat/answer.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import {
  added,
  at,
  completed,
  created,
  done,
  functionCall,
  messageItem,
  only,
  openai,
  outputText,
  types,
} from '../events.ts'

function text(value: string): Delta {
  return { type: 'text', text: value }
}

function refusal(value: string): Delta {
  return { type: 'refusal', text: value }
}

const rows: [row: string, events: JsonObject[], deltas: Delta[]][] = [
  [
    'deltas only',
    [at(0, 'output_text.delta', { delta: 'a' }), at(0, 'output_text.delta', { delta: 'b' })],
    [text('a'), text('b')],
  ],
  [
    'done events only',
    [
      added(0, messageItem()),
      at(0, 'output_text.done', { text: 'ab' }),
      at(0, 'content_part.done', { part: outputText('ab') }),
      done(0, messageItem(outputText('ab'))),
    ],
    [text('ab')],
  ],
  [
    'deltas and done events: nothing twice',
    [
      at(0, 'output_text.delta', { delta: 'ab' }),
      at(0, 'output_text.done', { text: 'ab' }),
      at(0, 'content_part.done', { part: outputText('ab') }),
      done(0, messageItem(outputText('ab'))),
    ],
    [text('ab')],
  ],
  [
    'a done event adds what the deltas left out',
    [at(0, 'output_text.delta', { delta: 'a' }), at(0, 'output_text.done', { text: 'abc' })],
    [text('a'), text('bc')],
  ],
  [
    'a done event that says something else adds nothing',
    [at(0, 'output_text.delta', { delta: 'a' }), at(0, 'output_text.done', { text: 'xyz' })],
    [text('a')],
  ],
  [
    'refusal: deltas and done events',
    [
      at(0, 'refusal.delta', { delta: 'N' }),
      at(0, 'refusal.done', { refusal: 'No' }),
      done(0, messageItem({ type: 'refusal', refusal: 'No.' })),
    ],
    [refusal('N'), refusal('o'), refusal('.')],
  ],
  [
    'parts and items follow each other with nothing between',
    [done(0, messageItem(outputText('a'), outputText('b'))), done(2, messageItem(outputText('c')))],
    [text('a'), text('b'), text('c')],
  ],
  [
    'a phase is told once, with the place where its text begins',
    [
      added(0, { ...messageItem(), phase: 'commentary' }),
      at(0, 'output_text.delta', { delta: 'a' }),
      done(0, { ...messageItem(outputText('a')), phase: 'commentary' }),
      done(2, { ...messageItem(outputText('b')), phase: 'final_answer' }),
      done(3, { ...messageItem(outputText('c')), phase: null }),
    ],
    [
      { type: 'phase', phase: 'commentary', at: { content: 0, tools: 0 } },
      text('a'),
      { type: 'phase', phase: 'final_answer', at: { content: 1, tools: 0 } },
      text('b'),
      text('c'),
    ],
  ],
  [
    'item ids that change in every event do not matter',
    [
      added(0, { ...messageItem(), id: 'x1' }),
      at(0, 'output_text.delta', { delta: 'a', item_id: 'x2' }),
      at(0, 'output_text.done', { text: 'a', item_id: 'x3' }),
      done(0, { ...messageItem(outputText('a')), id: 'x4' }),
    ],
    [text('a')],
  ],
  [
    'log probabilities go with the text they belong to',
    [
      at(0, 'output_text.delta', { delta: 'a', logprobs: [{ token: 'a' }] }),
      at(0, 'output_text.done', { text: 'ab', logprobs: [{ token: 'a' }, { token: 'b' }] }),
    ],
    [
      { type: 'text', text: 'a', logprobs: [{ token: 'a' }] },
      { type: 'text', text: 'b', logprobs: [{ token: 'b' }] },
    ],
  ],
  [
    'hosted tools and unknown events say nothing',
    [
      added(0, { type: 'web_search_call', id: 'w' }),
      at(0, 'web_search_call.searching', {}),
      done(0, { type: 'mcp_call', id: 'm', arguments: '{}' }),
      done(1, { type: 'file_search_call', id: 'f', results: [] }),
      done(2, { type: 'code_interpreter_call', id: 'c', code: 'x' }),
      done(3, { type: 'image_generation_call', id: 'i', result: 'x' }),
      done(4, { type: 'compaction', id: 'k', encrypted_content: 'x' }),
      done(5, { type: 'program', id: 'p', code: 'x' }),
      { type: 'response.queued', response: { id: 'resp_1' } },
      { type: 'response.of_the_future' },
      { type: 'keepalive' },
      {},
    ],
    [],
  ],
  [
    'an empty delta is not told',
    [at(0, 'output_text.delta', { delta: '' }), at(0, 'refusal.delta', { delta: '' })],
    [],
  ],
]

for (const [row, events, expected] of rows) {
  test(`§8.3 ${row}`, () => {
    const deltas = openai(created(), ...events, completed())

    assert.deepEqual(deltas.slice(1, -1), expected)
  })
}

test('§8.3 the start has the id and the whole second, once', () => {
  const again = { type: 'response.in_progress', response: { id: 'resp_1', created_at: 5 } }
  const deltas = openai(created(), again, completed())

  assert.deepEqual(deltas, [
    { type: 'start', id: 'resp_1', createdSeconds: 1_790_000_000 },
    { type: 'stop', reason: 'stop' },
  ])
})

test('§10.4 a second response inside the first is an error', () => {
  const deltas = openai(created(), created('resp_2'), completed())

  assert.deepEqual(types(deltas), ['start', 'failure'])
})

const annotation = {
  type: 'url_citation',
  start_index: 0,
  end_index: 1,
  title: 'T',
  url: 'https://a',
}

test('§8.1 annotations are shifted by the code points before their part', () => {
  const deltas = openai(
    created(),
    done(0, messageItem(outputText('😀b'), outputText('c', { annotations: [annotation] }))),
    completed(),
  )

  assert.deepEqual(only('annotations', deltas)[0]?.citations.map(urlCitation), [
    {
      type: 'url_citation',
      url_citation: { start_index: 2, end_index: 3, title: 'T', url: 'https://a' },
    },
  ])
})

test('§8.3 an annotation is told once, though it comes again in done events', () => {
  const cited = outputText('a', { annotations: [{ type: 'file_citation' }, annotation] })
  const deltas = openai(
    created(),
    at(0, 'output_text.delta', { delta: 'a' }),
    at(0, 'output_text.annotation.added', { annotation, annotation_index: 1 }),
    at(0, 'output_text.annotation.added', { annotation, annotation_index: 1 }),
    at(0, 'content_part.done', { part: cited }),
    done(0, messageItem(cited)),
    completed(),
  )

  assert.deepEqual(types(deltas), ['start', 'text', 'annotations', 'stop'])
})

test('§8.1 citations of files are left out', () => {
  const cited = outputText('a', { annotations: [{ type: 'file_citation' }] })

  assert.equal(
    only('annotations', openai(created(), done(0, messageItem(cited)), completed())).length,
    0,
  )
})

test('§8.3 the output of the last event is told where no other event told it', () => {
  const output = [messageItem(outputText('a')), functionCall('{"b":1}')]
  const told = ['start', 'text', 'tool-start', 'tool-input', 'tool-stop', 'stop']

  assert.deepEqual(types(openai(created(), completed({ output }))), told)
  const search = added(0, { type: 'web_search_call' })
  assert.deepEqual(types(openai(created(), search, completed({ output }))), told)
})

test('events without an output_index are found by item id, else they mean the latest item', () => {
  const { output_index: _first, ...one } = added(0, { ...functionCall(''), id: 'a' })
  const { output_index: _second, ...two } = added(0, {
    ...functionCall(''),
    id: 'b',
    call_id: 'call_2',
  })
  const piece = { type: 'response.function_call_arguments.delta' }
  const deltas = openai(
    created(),
    one,
    two,
    { ...piece, item_id: 'a', delta: '{"n":1}' },
    { ...piece, delta: '{"n":2}' },
    completed(),
  )

  assert.deepEqual(
    only('tool-input', deltas).map(({ index, text: input }) => [index, input]),
    [
      [0, '{"n":1}'],
      [1, '{"n":2}'],
    ],
  )
})

test('§8.3 an input that ends before the last event is truncated, whatever was done', () => {
  const deltas = openai(created(), done(0, messageItem(outputText('a'))))

  assert.deepEqual(types(deltas), ['start', 'text', 'failure'])
  assert.equal(only('failure', deltas)[0]?.failure.code, 'upstream_truncated')
})
