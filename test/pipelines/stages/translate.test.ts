import { membersNamed } from '../../../pipelines/json/value.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import type { SseEvent } from '../../../pipelines/stages/sse-events.ts'
import { anthropicTranslator } from '../../../pipelines/providers/anthropic/answer.ts'
import { responsesTranslator } from '../../../pipelines/providers/openai/answer.ts'
import { translate, type Translator } from '../../../pipelines/stages/translate.ts'
import {
  context,
  created,
  messageEnd,
  messageStart,
  only,
  textBlock,
  types,
} from '../providers/events.ts'

/** What the stage gives for these events, until its output ends. */
async function deltasOf(events: SseEvent[], translator = anthropicTranslator(context)) {
  const stage = translate(translator, membersNamed('input'))
  for (const event of events) stage.write([event])
  stage.end()
  const deltas: Delta[][] = await stage.toArray()
  return deltas.flat()
}

function data(...events: object[]): SseEvent[] {
  return events.map((event) => ({ data: JSON.stringify(event) }))
}

const [stopReason, stop] = messageEnd('end_turn')

const rows: [rule: string, events: SseEvent[], expected: string[]][] = [
  ['§2.6 events without names', data(messageStart(), stopReason, stop), ['start', 'stop']],
  [
    '§2.6 the name counts where the data has no type',
    [...data(messageStart(), stopReason), { event: 'message_stop', data: '{}' }],
    ['start', 'stop'],
  ],
  [
    '§2.6 a name is not trusted over the type',
    [...data(messageStart()), { event: 'message_stop', data: '{"type":"ping"}' }],
    ['start', 'failure'],
  ],
  [
    '§2.7 [DONE] ends the stream',
    [...data(messageStart(), stopReason), { data: '[DONE]' }, ...data(...textBlock(0, 'x'))],
    ['start', 'stop'],
  ],
  [
    '§2.7 [DONE] is no proof of completion',
    [...data(messageStart()), { data: '[DONE]' }, ...data(stopReason, stop)],
    ['start', 'failure'],
  ],
  ['§2.8 data that is not JSON', [...data(messageStart()), { data: '{"a' }], ['start', 'failure']],
  ['blank data is skipped', [{ data: '' }, ...data(messageStart(), stopReason)], ['start', 'stop']],
  [
    'JSON that is no object is skipped',
    [{ data: '7' }, { data: 'null' }, { data: '[]' }, ...data(messageStart(), stopReason)],
    ['start', 'stop'],
  ],
  [
    '§2.9 an oversized event',
    [...data(messageStart()), { data: '', oversized: true }],
    ['start', 'failure'],
  ],
  [
    'an answer that starts with its text has a start',
    data(...textBlock(0, 'x'), stop),
    ['start', 'text-start', 'text', 'stop'],
  ],
  ['no events at all', [], ['failure']],
]

for (const [rule, events, expected] of rows) {
  test(rule, async () => {
    assert.deepEqual(types(await deltasOf(events)), expected)
  })
}

test('§10.4 not JSON and oversized are protocol errors, and what came before them is told', async () => {
  for (const broken of [{ data: '<html>' }, { data: '', oversized: true } as const]) {
    const deltas = await deltasOf([...data(messageStart(), ...textBlock(0, 'x')), broken])

    assert.deepEqual(types(deltas), ['start', 'text-start', 'text', 'failure'])
    assert.equal(only('failure', deltas)[0]?.failure.code, 'upstream_protocol_error')
  }
})

test('[DONE] alone does not complete a response either', async () => {
  const deltas = await deltasOf(
    [...data(created()), { data: '[DONE]' }],
    responsesTranslator(context),
  )

  assert.equal(only('failure', deltas)[0]?.failure.code, 'upstream_truncated')
})

test('contract §1.2: the output ends with the answer, though the upstream goes on', async () => {
  const stage = translate(anthropicTranslator(context), membersNamed('input'))
  for (const event of data(messageStart(), stopReason, stop)) stage.write([event])

  assert.deepEqual(types((await stage.toArray()).flat() as Delta[]), ['start', 'stop'])
})

test('a translator that throws fails the stage, in the middle and at the end', async () => {
  const broken = new Error('a bug')
  const translator: Translator = {
    event: () => {
      throw broken
    },
    end: () => {
      throw broken
    },
  }

  await assert.rejects(deltasOf(data({}), translator), broken)
  await assert.rejects(deltasOf([], translator), broken)
})
