import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import {
  block,
  claude,
  details,
  messageEnd,
  messageStart,
  readable,
  textBlock,
  textOf,
  toolBlock,
} from '../../events.ts'

const end = messageEnd('end_turn')

function thinking(index: number, texts: string[], signatures: string[]): JsonObject[] {
  return block(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...texts.map((text): [string, JsonObject] => ['thinking_delta', { thinking: text }]),
    ...signatures.map((signature): [string, JsonObject] => ['signature_delta', { signature }]),
  )
}

function detailsOf(events: JsonObject[]) {
  return details(claude(messageStart(), ...events, ...end)).flat()
}

test('§9.1 thinking is readable as it comes and handed over whole at the end of its block', () => {
  const deltas = claude(messageStart(), ...thinking(0, ['a', '', 'b'], ['sig']), ...end)

  assert.deepEqual(deltas.slice(1, -1), [
    { type: 'reasoning-start', kind: 'thinking', index: 0, at: { content: 0, tools: 0 } },
    { type: 'reasoning', text: 'a' },
    { type: 'reasoning', text: 'b' },
    {
      type: 'reasoning-stop',
      reasoning: {
        kind: 'thinking',
        text: 'ab',
        seal: { signature: 'sig' },
        maker: 'anthropic-claude-v1',
        index: 0,
        model: 'up-1',
        at: { content: 0, tools: 0 },
      },
    },
  ])
  assert.deepEqual(details(deltas), [
    [
      {
        type: 'reasoning.text',
        text: 'ab',
        signature: 'sig',
        format: 'anthropic-claude-v1',
        index: 0,
        model: 'up-1',
        at: { content: 0, tools: 0 },
      },
    ],
  ])
})

test('§9.1 thinking whose text is withheld still hands over its signature', () => {
  const [detail] = detailsOf(thinking(0, [], ['si', 'g']))

  assert.deepEqual([detail?.text, detail?.signature], ['', 'sig'])
})

test('§9.1 thinking that was cut before its signature has no entry', () => {
  assert.deepEqual(detailsOf(thinking(0, ['a'], [])), [])
})

test('§9.1 redacted thinking is an encrypted entry and never readable', () => {
  const redacted = block(2, { type: 'redacted_thinking', data: 'xyz' })
  const deltas = claude(messageStart(), ...redacted, ...end)

  assert.equal(textOf('reasoning', deltas), '')
  assert.deepEqual(detailsOf(redacted), [
    {
      type: 'reasoning.encrypted',
      data: 'xyz',
      format: 'anthropic-claude-v1',
      index: 2,
      model: 'up-1',
      at: { content: 0, tools: 0 },
    },
  ])
})

test('§9.1 `at` counts the code points of content and the tool calls before the block', () => {
  const entries = detailsOf([
    ...thinking(0, ['a'], ['s']),
    ...textBlock(1, 'e\u0301', '\ud83d', '\ude00!'),
    ...thinking(2, ['b'], ['s']),
    ...toolBlock(3, 't', '{}'),
    ...thinking(4, ['c'], ['s']),
  ])

  assert.deepEqual(
    entries.map((detail) => detail.at),
    [
      { content: 0, tools: 0 },
      { content: 4, tools: 0 },
      { content: 4, tools: 1 },
    ],
  )
})

test('§9 two thinking blocks are parted by a blank line in front of the second text', () => {
  const events = [
    ...thinking(0, ['a'], ['s']),
    ...thinking(1, [], ['s']),
    ...thinking(2, ['b'], ['t']),
  ]
  const deltas = claude(messageStart(), ...events, ...end)

  assert.deepEqual(readable(deltas), ['a', '\n\nb'])
  assert.equal(detailsOf(events)[2]?.text, 'b')
})
