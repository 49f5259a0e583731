/** Values of another JSON type than the API promises, whose meaning is plain all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { anthropicBody } from '../../../pipelines/providers/anthropic/answer.ts'
import { googleBody } from '../../../pipelines/providers/google/answer.ts'
import { responsesBody } from '../../../pipelines/providers/openai/answer.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import { chat, chunk, finish } from './common/chunks.ts'
import {
  added,
  at,
  blockDelta,
  blockStart,
  blockStop,
  claude,
  completed,
  context,
  created,
  done,
  functionCall,
  messageEnd,
  messageItem,
  messageStart,
  only,
  openai,
  outputText,
  textOf,
} from './events.ts'

const text = { type: 'text', text: '' }
const tool = { type: 'tool_use', id: 't', name: 'f', input: {} }

function message(body: JsonObject): Delta[] {
  return anthropicBody({ id: 'msg_1', stop_reason: 'end_turn', ...body }, context)
}

function response(...output: unknown[]): Delta[] {
  return responsesBody({ id: 'resp_1', status: 'completed', output }, context)
}

function stream(...events: JsonObject[]): Delta[] {
  return claude(messageStart(), ...events, ...messageEnd('end_turn'))
}

const texts: [what: string, deltas: Delta[], said: string][] = [
  ['content as a string', message({ content: 'Hi' }), 'Hi'],
  ['content as one block', message({ content: { type: 'text', text: 'Hi' } }), 'Hi'],
  ['a block as a string', message({ content: ['H', { type: 'text', text: 'i' }] }), 'Hi'],
  ['text as a number', message({ content: [{ type: 'text', text: 42 }] }), '42'],
  ['text as parts', message({ content: [{ type: 'text', text: ['H', { text: 'i' }] }] }), 'Hi'],
  [
    'an index as a string',
    stream(blockStart(0, text), {
      ...blockDelta(0, 'text_delta', { text: 'Hi' }),
      index: '0',
    }),
    'Hi',
  ],
  [
    'a delta without a type',
    stream(blockStart(0, text), { type: 'content_block_delta', index: 0, delta: { text: 'Hi' } }),
    'Hi',
  ],
  ['a block without a type', stream(blockStart(0, { text: 'Hi' })), 'Hi'],
  ['an item’s content as a string', response({ type: 'message', content: 'Hi' }), 'Hi'],
  ['an item as a string', response('Hi'), 'Hi'],
  ['a part as it is called in chat', response(messageItem({ type: 'text', text: 'Hi' })), 'Hi'],
  ['text as an object', response(messageItem(outputText('', { text: { value: 'Hi' } }))), 'Hi'],
  [
    'an output_index as a string',
    openai(
      created(),
      at(0, 'output_text.delta', { output_index: '0', delta: 'H' }),
      done(0, messageItem(outputText('Hi'))),
      completed(),
    ),
    'Hi',
  ],
  [
    'the response’s members in the last event itself',
    openai({ type: 'response.completed', output: [messageItem(outputText('Hi'))] }),
    'Hi',
  ],
]

for (const [what, deltas, said] of texts) {
  test(`KT9: ${what} is text`, () => {
    assert.equal(textOf('text', deltas), said)
    assert.equal(deltas.at(-1)?.type, 'stop')
  })
}

const args = { key: '7' }

const calls: [what: string, deltas: Delta[], id: string][] = [
  ['an object', response({ ...functionCall(''), arguments: args }), 'call_1'],
  [
    'an object in a delta',
    openai(
      created(),
      added(0, functionCall('')),
      at(0, 'function_call_arguments.delta', { delta: args }),
      completed(),
    ),
    'call_1',
  ],
  [
    'an object in Claude’s piece',
    stream(
      blockStart(0, tool),
      blockDelta(0, 'input_json_delta', { partial_json: args }),
      blockStop(0),
    ),
    't',
  ],
  ['JSON text in Claude’s block', message({ content: [{ ...tool, input: '{"key":"7"}' }] }), 't'],
  ['under a numeric id', response({ ...functionCall('{"key":"7"}'), call_id: 12 }), '12'],
]

for (const [what, deltas, id] of calls) {
  test(`KT9: arguments as ${what} are the arguments`, () => {
    assert.equal(textOf('tool-input', deltas), '{"key":"7"}')
    assert.equal(only('tool-start', deltas)[0]?.id, id)
    assert.equal(only('stop', deltas)[0]?.reason, 'tool-calls')
  })
}

const endings: [what: string, deltas: Delta[], reason: string][] = [
  [
    'stop_reason as an object',
    message({ content: [], stop_reason: { type: 'max_tokens' } }),
    'length',
  ],
  [
    'incomplete_details as a string',
    openai({
      type: 'response.incomplete',
      response: { incomplete_details: 'content_filter', output: [] },
    }),
    'content-filter',
  ],
  [
    'a completed response with incomplete_details',
    openai(completed({ incomplete_details: { reason: 'max_output_tokens' } })),
    'length',
  ],
]

for (const [what, deltas, reason] of endings) {
  test(`KT9: ${what} tells how the answer ended`, () => {
    assert.equal(only('stop', deltas)[0]?.reason, reason)
  })
}

const unreadable: [what: string, deltas: Delta[]][] = [
  ['a stop_reason that is a number', message({ content: [], stop_reason: 7 })],
  [
    'a finish_reason that is a list',
    chat(chunk({ content: 'a' }), finish('stop'), finish(['length'])),
  ],
  [
    'a finishReason that is a number',
    [
      ...googleBody(
        { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 2 }] },
        context,
      ),
    ],
  ],
  ['a status that is a list', openai(completed({ status: ['completed'] }))],
  ['an error beside a completed answer', openai(completed({ error: 'no' }))],
  ['text that is an object', message({ content: [{ type: 'text', text: { odd: 1 } }] })],
  ['arguments that are a number', response({ ...functionCall(''), arguments: 7 })],
  ['input that is no JSON', message({ content: [{ ...tool, input: 'key 7' }] })],
  [
    'an object among the pieces of arguments',
    stream(
      blockStart(0, tool),
      blockDelta(0, 'input_json_delta', { partial_json: '{"a' }),
      blockDelta(0, 'input_json_delta', { partial_json: args }),
    ),
  ],
]

for (const [what, deltas] of unreadable) {
  test(`KT9: ${what} ends in a failure`, () => {
    assert.equal(deltas.at(-1)?.type, 'failure')
  })
}
