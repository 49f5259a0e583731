/** What the last event of a response shows whole, and its stream did not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../../../pipelines/neutral/delta.ts'
import { responsesBody } from '../../../../../pipelines/providers/openai/answer.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import {
  added,
  at,
  completed,
  context,
  created,
  details,
  done,
  functionCall,
  messageItem,
  only,
  openai,
  outputText,
  textOf,
  types,
} from '../../events.ts'

const args = 'function_call_arguments'

/** The calls that the deltas tell: id, name and arguments. */
function callsOf(deltas: Delta[]): [id: string, name: string, input: string][] {
  return only('tool-start', deltas).map(({ id, name, index }) => {
    const pieces = only('tool-input', deltas).filter((piece) => piece.index === index)
    return [id, name, pieces.map(({ text }) => text).join('')]
  })
}

function call(id: string, text: string, rest: JsonObject = {}): JsonObject {
  return functionCall(text, { id: `fc_${id}`, call_id: id, ...rest })
}

const callRows: [row: string, events: JsonObject[], output: JsonObject[], calls: unknown][] = [
  [
    'the arguments of an announced call',
    [added(0, call('a', ''))],
    [call('a', '{"key":"7"}')],
    [['a', 'f', '{"key":"7"}']],
  ],
  [
    'also of one that its own events called done with none',
    [
      added(0, call('a', '')),
      at(0, `${args}.done`, { arguments: '' }),
      done(0, call('a', '', { status: 'completed' })),
    ],
    [call('a', '{"key":"7"}')],
    [['a', 'f', '{"key":"7"}']],
  ],
  [
    'the rest of arguments that deltas began',
    [added(0, call('a', '')), at(0, `${args}.delta`, { delta: '{"key"' })],
    [call('a', '{"key":"7"}')],
    [['a', 'f', '{"key":"7"}']],
  ],
  [
    'the rest of arguments that a done event had in part',
    [added(0, call('a', '')), done(0, call('a', '{"key"'))],
    [call('a', '{"key":"7"}')],
    [['a', 'f', '{"key":"7"}']],
  ],
  [
    'a call that nothing else spoke of',
    [added(0, call('a', '')), done(0, call('a', '{"a":1}'))],
    [call('a', '{"a":1}'), call('b', '{"b":2}')],
    [
      ['a', 'f', '{"a":1}'],
      ['b', 'f', '{"b":2}'],
    ],
  ],
  [
    'each call at its own place, where the list has another order',
    [added(1, call('a', '')), added(4, call('b', ''))],
    [call('b', '{"b":2}'), call('a', '{"a":1}')],
    [
      ['a', 'f', '{"a":1}'],
      ['b', 'f', '{"b":2}'],
    ],
  ],
  [
    'the item of a call whose ids have changed, by its name and order',
    [added(0, call('a', ''))],
    [call('z', '{"a":1}')],
    [['a', 'f', '{"a":1}']],
  ],
  [
    'another call where neither id nor name are the same',
    [added(0, call('a', '')), done(0, call('a', '{}'))],
    [call('z', '{"z":1}', { name: 'g' })],
    [
      ['a', 'f', '{}'],
      ['z', 'g', '{"z":1}'],
    ],
  ],
  [
    'nothing against what was told',
    [added(0, call('a', '')), done(0, call('a', '{"a":1}'))],
    [call('a', '{"a": 2}')],
    [['a', 'f', '{"a":1}']],
  ],
  [
    'nothing where its list is empty',
    [added(0, call('a', '')), done(0, call('a', '{"a":1}'))],
    [],
    [['a', 'f', '{"a":1}']],
  ],
  [
    'the name and id of a call that was announced without',
    [
      added(0, { type: 'function_call', id: 'fc_a', arguments: '' }),
      at(0, `${args}.delta`, { delta: '{"key"' }),
      done(0, { type: 'function_call', id: 'fc_a' }),
    ],
    [call('a', '{"key":"7"}')],
    [['a', 'f', '{"key":"7"}']],
  ],
]

for (const [row, events, output, calls] of callRows) {
  test(`T24: the last event adds ${row}`, () => {
    const deltas = openai(created(), ...events, completed({ output }))

    assert.deepEqual(callsOf(deltas), calls)
    assert.equal(deltas.at(-1)?.type, 'stop')
    assert.equal(only('tool-stop', deltas).length, callsOf(deltas).length)
  })
}

test('T24: a call that no event shows whole is no whole answer', () => {
  const begun = [created(), added(0, call('a', '')), at(0, `${args}.delta`, { delta: '{"key"' })]

  const deltas = openai(...begun, completed())

  assert.deepEqual(types(deltas), ['start', 'tool-start', 'tool-input', 'failure'])
})

test('T24: a call in an answer that was cut gets what the last event has, and nothing made up', () => {
  const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  const output = [call('a', '{"k', { status: 'incomplete' }), call('b', '', { status: undefined })]
  const events = [created(), added(0, call('a', ''))]

  const deltas = openai(...events, {
    type: 'response.incomplete',
    response: { ...incomplete, output },
  })

  assert.deepEqual(callsOf(deltas), [
    ['a', 'f', '{"k'],
    ['b', 'f', ''],
  ])
  assert.equal(only('stop', deltas)[0]?.reason, 'length')
})

const message = { type: 'message', id: 'msg_1', content: [] }

const textRows: [row: string, events: JsonObject[], output: JsonObject[], text: string][] = [
  [
    'the text of a message that was only announced',
    [added(0, message)],
    [messageItem(outputText('Hello'))],
    'Hello',
  ],
  [
    'the rest of a text',
    [at(0, 'output_text.delta', { delta: 'Hel' })],
    [messageItem(outputText('Hello'))],
    'Hello',
  ],
  [
    'the rest of a text that its done event had in part',
    [added(0, message), done(0, messageItem(outputText('Hel')))],
    [messageItem(outputText('Hello'))],
    'Hello',
  ],
  [
    'a message that nothing else spoke of',
    [done(0, messageItem(outputText('One. ')))],
    [messageItem(outputText('One. ')), { ...messageItem(outputText('Two.')), id: 'msg_2' }],
    'One. Two.',
  ],
  [
    'nothing twice where the list has the parts of two messages in one',
    [at(0, 'output_text.delta', { delta: 'One. ' }), at(1, 'output_text.delta', { delta: 'Two.' })],
    [{ ...messageItem(outputText('One. '), outputText('Two.')), id: 'other' }],
    'One. Two.',
  ],
  [
    'nothing twice where deltas had two parts under one index',
    [at(0, 'output_text.delta', { delta: 'One. Tw' })],
    [messageItem(outputText('One. '), outputText('Two.'))],
    'One. Two.',
  ],
  [
    'nothing against what was told',
    [at(0, 'output_text.delta', { delta: 'Hello' })],
    [messageItem(outputText('Good day'))],
    'Hello',
  ],
  [
    'what is missing in the middle, behind what was told',
    [at(0, 'output_text.delta', { delta: 'a' }), at(1, 'output_text.delta', { delta: 'c' })],
    [
      { ...messageItem(outputText('ab')), id: 'm' },
      { ...messageItem(outputText('c')), id: 'n' },
    ],
    'acb',
  ],
  [
    'nothing to text that only its announcement had',
    [added(0, messageItem(outputText('Hi')))],
    [],
    'Hi',
  ],
]

for (const [row, events, output, text] of textRows) {
  test(`KT7: the last event adds ${row}`, () => {
    const deltas = openai(created(), ...events, completed({ output }))

    assert.equal(textOf('text', deltas), text)
    assert.equal(deltas.at(-1)?.type, 'stop')
  })
}

test('KT7: a refusal, and citations, that only the last event has', () => {
  const url = { type: 'url_citation', url: 'https://a', title: 'A', start_index: 0, end_index: 1 }
  const output = [
    messageItem(outputText('x', { annotations: [url] }), { type: 'refusal', refusal: 'I cannot.' }),
  ]
  const begun = at(0, 'output_text.delta', { delta: 'x' })
  const refused = at(0, 'refusal.delta', { content_index: 1, delta: 'I c' })

  const deltas = openai(created(), begun, refused, completed({ output }))

  assert.equal(textOf('refusal', deltas), 'I cannot.')
  assert.equal(only('annotations', deltas)[0]?.citations[0]?.url, 'https://a')
})

test('KT7: reasoning, and its encrypted content, that only the last event has', () => {
  const begun = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'partial' }
  const summary = [{ type: 'summary_text', text: 'Thought.' }]
  const output = [{ ...begun, summary, encrypted_content: 'whole' }]
  const { encrypted_content: _none, ...withoutEncrypted } = { ...begun, summary }

  for (const events of [
    [added(0, begun)],
    [added(0, begun), done(0, withoutEncrypted)],
    [added(0, begun), at(0, 'reasoning_summary_text.delta', { delta: 'Tho' })],
  ]) {
    const deltas = openai(created(), ...events, completed({ output }))
    const entries = details(deltas).flat()

    assert.equal(textOf('reasoning', deltas), 'Thought.')
    assert.deepEqual(
      entries.map(({ type, summary: text, data }) => [type, text ?? data]),
      [
        ['reasoning.summary', 'Thought.'],
        ['reasoning.encrypted', 'whole'],
      ],
    )
  }
})

test('KT7: an answer that its last event completes is the same as the body', () => {
  const output = [
    { type: 'reasoning', id: 'rs', summary: [{ text: 'T' }], encrypted_content: 'x' },
    messageItem(outputText('Hello')),
    call('a', '{"a":1}'),
    call('b', ''),
  ]
  const stream = openai(
    created(),
    added(1, message),
    added(2, call('a', '')),
    completed({ output }),
  )
  const body = responsesBody({ id: 'resp_1', status: 'completed', output }, context)

  for (const type of ['text', 'reasoning'] as const) {
    assert.equal(textOf(type, stream), textOf(type, body))
  }
  assert.deepEqual(callsOf(stream), callsOf(body))
})

test('KT8: whole arguments in an announcement are a placeholder where others follow', () => {
  const announced = added(0, call('a', '{}'))
  const delta = at(0, `${args}.delta`, { delta: '{"a":1}' })

  assert.deepEqual(callsOf(openai(created(), announced, delta, completed())), [
    ['a', 'f', '{"a":1}'],
  ])
  assert.deepEqual(callsOf(openai(created(), added(0, call('a', '{"a":1}')), completed())), [
    ['a', 'f', '{"a":1}'],
  ])
})

test('KT8: a call that nobody names fails, one without an id gets one that no other answer has', () => {
  const unnamed = at(0, `${args}.delta`, { delta: '{}' })
  assert.equal(openai(created(), unnamed, completed()).at(-1)?.type, 'failure')

  const withoutId = { type: 'function_call', name: 'f', arguments: '{}' }
  assert.deepEqual(callsOf(openai(created(), done(0, withoutId), completed())), [
    ['call_resp_1_0', 'f', '{}'],
  ])
})

test('KT8: counts that an earlier event had and the last one has not, are kept', () => {
  const usage = { input_tokens: 9, output_tokens: 5, input_tokens_details: { cached_tokens: 3 } }
  const begun = { type: 'response.in_progress', response: { id: 'resp_1', usage } }
  const ended = completed({ usage: { input_tokens: 0, output_tokens: 7 } })

  assert.deepEqual(only('usage', openai(begun, ended))[0]?.usage, {
    inputTokens: 9,
    outputTokens: 7,
    cachedTokens: 3,
  })
})
