import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { call, hello, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask, turns } from './ask.ts'

const mark = { cache_control: { type: 'ephemeral' } }
const marked = (text: string) => ({ type: 'text', text, ...mark })

/** Texts and names of the marked places of a request, in the order in which the API reads them. */
function marks(request: JsonObject): unknown[] {
  const { tools = [], system = [], messages } = ask(request).body
  return [...tools, ...system, ...messages.flatMap(({ content }) => content)]
    .filter((holder: JsonObject) => holder.cache_control !== undefined)
    .map((holder: JsonObject) => holder.name ?? holder.text ?? holder.tool_use_id)
}

suite('§5.4 cache_control', () => {
  test('of a whole message goes to its last block', () => {
    const [turn] = turns([{ role: 'user', content: ['a', 'b', ' '], ...mark }])

    assert.deepEqual(turn?.content, [{ type: 'text', text: 'a' }, marked('b')])
  })

  test('of an assistant message goes to its last call, never to thinking', () => {
    const thinking = { type: 'thinking', thinking: 't', signature: 's', ...mark }
    const [, turn] = turns([
      ...hello,
      {
        role: 'assistant',
        content: [thinking, { type: 'text', text: 'a' }],
        tool_calls: [call('c1')],
        ...mark,
      },
    ])

    assert.deepEqual(
      turn?.content.map((block) => block.cache_control !== undefined),
      [false, false, true],
    )
  })

  const request = {
    tools: [{ ...tool('f'), ...mark }],
    messages: [
      { role: 'system', content: [marked('s')] },
      { role: 'user', content: [marked('a'), marked('b')] },
      { role: 'assistant', content: null, tool_calls: [call('c1', 'f')] },
      { role: 'tool', tool_call_id: 'c1', content: 'r', ...mark },
      { role: 'user', content: [marked('c')] },
    ],
  }

  test('more than four: the last four stay', () => {
    assert.deepEqual(marks(request), ['a', 'b', 'c1', 'c'])
  })

  test('a mark at top level takes one of the four', () => {
    assert.deepEqual(marks({ ...request, ...mark }), ['b', 'c1', 'c'])
  })

  test('marks inside a result count, and the request keeps its own', () => {
    const result = { type: 'tool_result', tool_use_id: 'c1', content: [marked('1'), marked('2')] }
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [call('c1')] },
      { role: 'user', content: [result, marked('3'), marked('4'), marked('5')] },
    ]
    const before = structuredClone(messages)

    const [sent] = turns(messages)[2]?.content ?? []

    assert.deepEqual(sent?.content, [{ type: 'text', text: '1' }, marked('2')])
    assert.deepEqual(messages, before)
  })

  test('four cache marks of the client stay as they are', () => {
    const messages = request.messages.slice(1)

    assert.deepEqual(marks({ ...request, tools: [tool('f')], messages }), ['a', 'b', 'c1', 'c'])
  })
})
