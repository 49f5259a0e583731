/** What a conversation is that a request goes on with by the id of its last answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import { conversationBefore } from '../../../pipelines/neutral/kept-answers.ts'

const said = { id: 'msg_a_0', type: 'message', status: 'completed', content: [] }

function before(asked: JsonObject): unknown[] {
  let looks = 0
  return conversationBefore({ previous_response_id: 'resp_a' }, (_tail, part) => {
    looks += 1
    if (looks > 50_000) throw new Error('nobody ended this')
    return part === 'asked' ? asked : { output: [said] }
  })
}

test('§17.10 the wish for a summary is no part of what goes on: its answer was the summary', () => {
  const opening = { role: 'user', content: 'Hi' }
  const input = [opening, { type: 'compaction_trigger' }]

  assert.deepEqual(before({ input }), [opening, said])
})

test('§17.10 a chain of answers without an end is refused', () => {
  const asked = { input: 'Hi', previous_response_id: 'resp_a' }

  assert.throws(() => before(asked), { code: 'previous_response_not_found' })
})
