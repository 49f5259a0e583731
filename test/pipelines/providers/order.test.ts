/** The order that `delta.ts` promises, whatever an upstream sends: events in order, interleaved, repeated or left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { providers, type ModelType } from '../../../pipelines/index.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { cutAtStops } from '../../../pipelines/stages/stop-sequences.ts'
import { translateAll } from '../../../pipelines/stages/translate.ts'
import {
  blockDelta,
  claude,
  context,
  messageEnd,
  messageStart,
  textBlock,
  types,
} from './events.ts'
import { Order } from './order.ts'
import { sample } from './samples.ts'

function deltasOf(provider: ModelType, events: JsonObject[]): Delta[] {
  return translateAll(providers[provider].translator(context), events)
}

test('an answer keeps the order, as a stream and as a body', () => {
  fc.assert(
    fc.property(sample, ({ provider, events, body }) => {
      const deltas = deltasOf(provider, events)
      new Order().check(deltas)
      new Order().check([...providers[provider].body(body, context)])
      new Order().check(cutAtStops(deltas, ['a', 'e ']))
    }),
    { numRuns: 500 },
  )
})

test('an answer keeps the order, too, where events come in any order, twice, or not at all', () => {
  const disorder = sample.chain(({ provider, events }) =>
    fc.record({
      provider: fc.constant(provider),
      events: fc.shuffledSubarray([...events, ...events]),
    }),
  )
  fc.assert(
    fc.property(disorder, ({ provider, events }) => {
      const deltas = deltasOf(provider, events)
      new Order('disorderly').check(deltas)
      new Order('disorderly').check(cutAtStops(deltas, ['a', 'e ']))
    }),
    { numRuns: 1000 },
  )
})

test('a block that is interrupted ends, and begins again with its next piece', () => {
  const thinking = (index: number, text: string) =>
    blockDelta(index, 'thinking_delta', { thinking: text })
  const text = (index: number, piece: string) => blockDelta(index, 'text_delta', { text: piece })
  const events = [thinking(0, 'a'), text(1, 'x'), thinking(0, 'b'), text(1, 'y')]
  const signed = blockDelta(0, 'signature_delta', { signature: 's' })
  const stopped = { type: 'content_block_stop', index: 0 }

  const deltas = deltasOf('anthropic', [
    messageStart(),
    ...events,
    signed,
    stopped,
    ...messageEnd('end_turn'),
  ])

  const at = { content: 0, tools: 0 }
  const start = { type: 'reasoning-start', kind: 'thinking', index: 0, at }
  assert.deepEqual(deltas.slice(1, -1), [
    start,
    { type: 'reasoning', text: 'a' },
    { type: 'reasoning-stop' },
    { type: 'text-start' },
    { type: 'text', text: 'x' },
    { ...start, resumed: true },
    { type: 'reasoning', text: 'b' },
    { type: 'reasoning-stop' },
    { type: 'text-start' },
    { type: 'text', text: 'y' },
    { ...start, resumed: true },
    {
      type: 'reasoning-stop',
      reasoning: {
        kind: 'thinking',
        text: 'ab',
        maker: 'anthropic-claude-v1',
        model: context.upstreamModel,
        index: 0,
        at,
        seal: { signature: 's' },
      },
    },
  ])
})

test('each block of text has a beginning of its own', () => {
  const deltas = deltasOf('anthropic', [
    messageStart(),
    ...textBlock(0, 'a', 'b'),
    ...textBlock(1, 'c'),
    ...textBlock(2),
    ...messageEnd('end_turn'),
  ])

  assert.deepEqual(types(deltas), [
    'start',
    'text-start',
    'text',
    'text',
    'text-start',
    'text',
    'stop',
  ])
})

test('a stop names the sequence that was reached', () => {
  const [ended, stopped] = messageEnd('stop_sequence', { stop_sequence: 'END' })

  assert.deepEqual(claude(messageStart(), ended, stopped).at(-1), {
    type: 'stop',
    reason: 'stop-sequence',
    sequence: 'END',
  })
})
