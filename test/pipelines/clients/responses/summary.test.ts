/** A conversation that a Responses client has summed up: how it asks, what it gets, and how that is read again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { sealReasoning } from '../../../../pipelines/neutral/seal.ts'
import { openSummary, sealSummary } from '../../../../pipelines/neutral/summary.ts'
import { begun, bodyOf, call, called, eventsOf, stopped, text } from './answers.ts'
import { ask, heard, refusal } from './ask.ts'

const trigger = { type: 'compaction_trigger' }
const user = { role: 'user', content: 'Fix the bug.' }
const compacts = { compacts: true }

test('§17.2 a compaction_trigger asks for a summary as the last word, without calls and in no format', () => {
  const look = { type: 'function', name: 'look', parameters: { type: 'object' } }
  const format = { type: 'json_schema', name: 'x', schema: { type: 'object' } }
  const { request, answer } = ask({ input: [user, trigger], tools: [look], text: { format } })
  const { turns, tools, toolChoice, format: asked } = request
  const [piece] = turns.at(-1)?.pieces ?? []

  assert.equal(answer.compacts, true)
  assert.deepEqual([turns.length, turns.at(-1)?.role], [2, 'user'])
  assert.match(piece?.type === 'text' ? piece.text : '', /summary/)
  assert.deepEqual([tools.length, toolChoice?.type, asked], [1, 'none', undefined])
  assert.equal(ask({ input: [user, trigger] }).request.toolChoice, undefined)
  assert.equal(ask({ input: [user] }).answer.compacts, false)
})

test('§17.2 an item behind a compaction_trigger is a 400, as is one alone', () => {
  const behind = refusal({ input: [user, trigger, user] })

  assert.deepEqual([behind.code, behind.param], ['invalid_value', 'input[2]'])
  assert.equal(refusal({ input: [trigger] }).param, 'input')
})

for (const type of ['compaction', 'compaction_summary', 'context_compaction']) {
  test(`§17.2 a ${type} of ours is read as the words of the user`, () => {
    const [[role, piece] = []] = heard({ type, encrypted_content: sealSummary('Half is done. 🦊') })

    assert.equal(role, 'user')
    assert.match(String((piece as JsonObject | undefined)?.text), /Half is done\. 🦊/)
  })

  test(`§17.2 a ${type} of another provider is a 400, as is any other seal of ours in it`, () => {
    const thought = sealReasoning(
      { kind: 'raw', text: 'hm', seal: { field: 'reasoning' } },
      'e',
      true,
    )
    const nested = sealSummary(sealSummary('x'))
    for (const encrypted_content of ['gAAA', thought, nested, `${sealSummary('x')}!`, undefined]) {
      const error = refusal({ input: [user, { type, encrypted_content }] })

      assert.deepEqual([error.code, error.param], ['unsupported_content', 'input[1]'])
    }
  })
}

const summed: Delta[] = [
  begun,
  { type: 'reasoning-start', kind: 'raw', index: 0, at: { content: 0, tools: 0 } },
  { type: 'reasoning', text: 'hm' },
  { type: 'reasoning-stop' },
  ...text('Half ', 'is done.'),
  ...text('The rest is not.'),
  stopped,
]

test('§17.6 a summary is one item, and nothing else is in its answer', () => {
  const wish = { ...compacts, showsReasoning: true, sealsReasoning: true }
  const events = eventsOf(summed, wish)
  const [added, done, completed] = events as unknown as [JsonObject, JsonObject, JsonObject]

  assert.deepEqual(
    events.map(({ type }) => type),
    ['response.output_item.added', 'response.output_item.done', 'response.completed'],
  )
  assert.deepEqual(added.item, done.item)
  const { id, type, encrypted_content: seal } = done.item as JsonObject
  assert.deepEqual([id, type], ['cmp_1_0', 'compaction'])
  assert.equal(openSummary(seal), 'Half is done.\n\nThe rest is not.')
  assert.deepEqual((completed.response as JsonObject).output, [done.item])
  assert.deepEqual(bodyOf(summed, wish).output, [done.item])
})

test('§17.6 without a summary the answer has failed, also where the model called a tool', () => {
  for (const deltas of [
    [begun, stopped],
    [begun, ...text(' \n'), stopped],
    [begun, ...call(0, 'look', '{}'), called],
  ]) {
    const events = eventsOf(deltas, compacts)
    const body = bodyOf(deltas, compacts)

    assert.deepEqual(
      events.map(({ type }) => type),
      ['error', 'response.failed'],
    )
    assert.equal(body.status, 'failed')
    assert.match(JSON.stringify(body.error), /wrote none/)
  }
})

test('§17.6 a summary that was cut stands for nothing', () => {
  const cut: Delta[] = [begun, ...text('Half is'), { type: 'stop', reason: 'length' }]

  assert.deepEqual(
    eventsOf(cut, compacts).map(({ type }) => type),
    ['response.incomplete'],
  )
  assert.deepEqual(bodyOf(cut, compacts).output, [])
})
