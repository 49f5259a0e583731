/** What the assistant said, as commentary or final answer. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { keyOfPhases } from '../../../../../pipelines/neutral/phases.ts'
import type { Phase, PlacedPhase } from '../../../../../pipelines/neutral/reasoning.ts'
import { call } from '../../../clients/chat/chat-pieces.ts'
import { input, type Asked } from './ask.ts'

const user = { role: 'user', content: 'Go' }
const result = { role: 'tool', tool_call_id: 'a', content: 'r' }
const looks = { role: 'assistant', content: 'I look.', tool_calls: [call('a')] }
const answers = { role: 'assistant', content: 'Done.' }
const knowing = { id: 'gpt-5.4' }

/** Type, text and phase of what the assistant did. */
function told(messages: unknown[], asked: Asked = { model: knowing }): unknown[] {
  return input(messages, asked)
    .filter(
      ({ role, type }) =>
        role === 'assistant' || !['message', 'function_call_output'].includes(type),
    )
    .map(({ type, content, phase }) =>
      type === 'message' ? [(content as { text: string }[])[0]!.text, phase] : type,
    )
}

suite('T20: text before a tool call goes up as commentary, an answer as the final answer', () => {
  test('each text of a tool loop gets its phase', () => {
    assert.deepEqual(told([user, looks, result, answers, user]), [
      ['I look.', 'commentary'],
      'function_call',
      ['Done.', 'final_answer'],
    ])
  })

  for (const id of ['gpt-5.3-codex', 'gpt-5.4-mini', 'gpt-5.5', 'openai/gpt-5.6-sol', 'gpt-7']) {
    test(`${id} knows phases`, () => {
      assert.deepEqual(told([user, answers], { model: { id } }), [['Done.', 'final_answer']])
    })
  }

  for (const id of ['gpt-4.1', 'gpt-5', 'gpt-5.2', 'gpt-5.2-codex', 'gpt-5.3-chat-latest', 'o3']) {
    test(`${id} knows none`, () => {
      assert.ok(
        input([user, looks, result, answers], { model: { id } }).every(
          (item) => !('phase' in item),
        ),
      )
    })
  }

  test('a turn whose client made two messages of it', () => {
    const calls = { role: 'assistant', content: null, tool_calls: [call('a')] }

    assert.deepEqual(told([user, { ...looks, tool_calls: undefined }, calls, result, answers]), [
      ['I look.', 'commentary'],
      'function_call',
      ['Done.', 'final_answer'],
    ])
  })

  test('reasoning, text and call in one message', () => {
    const entry = (data: string, content: number) => ({
      type: 'reasoning.encrypted',
      format: 'openai-responses-v1',
      data,
      at: { content, tools: 0 },
    })
    const reasoning_details = [entry('e1', 0), entry('e2', 2)]

    assert.deepEqual(told([user, { ...looks, reasoning_details }, result]), [
      'reasoning',
      ['I ', 'commentary'],
      'reasoning',
      ['look.', 'commentary'],
      'function_call',
    ])
  })

  test('a user, a developer and a tool have none', () => {
    const messages = [user, looks, result, { role: 'system', content: 's' }, user]

    const others = input(messages, { model: knowing }).filter(({ role }) => role !== 'assistant')

    assert.ok(others.every((item) => !('phase' in item)))
  })
})

suite('T20: the phase that was seen goes before the rule', () => {
  test('a known phase that the client hands back is kept', () => {
    const commented = { ...answers, phase: 'commentary' }
    const unknown = { ...answers, phase: 'overture' }

    assert.deepEqual(told([user, commented, user, unknown]), [
      ['Done.', 'commentary'],
      ['Done.', 'final_answer'],
    ])
  })

  test('as it is remembered, by the first tool call or by the text, each at its place', () => {
    const begins = (phase: Phase, content: number): PlacedPhase => ({
      phase,
      at: { content, tools: 0 },
    })
    const memory = new Map([
      [keyOfPhases('a', ''), { phases: [begins('final_answer', 0)] }],
      [
        keyOfPhases(undefined, 'Now. Done.'),
        { phases: [begins('commentary', 0), begins('final_answer', 5)] },
      ],
    ])
    const messages = [user, looks, result, { role: 'assistant', content: 'Now. Done.' }, user]

    assert.deepEqual(told(messages, { model: knowing, recall: (key) => memory.get(key) }), [
      ['I look.', 'final_answer'],
      'function_call',
      ['Now. ', 'commentary'],
      ['Done.', 'final_answer'],
    ])
  })
})
