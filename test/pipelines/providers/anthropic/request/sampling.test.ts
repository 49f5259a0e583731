import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusal } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'
import type { Asked } from './ask.ts'

const newVersion = { headers: { 'anthropic-version': '2026-10-21' } }
const refusing = { model: { id: 'claude-opus-4-8' } }
const thinking = { model: { reasoning: 'low' } } as const

suite('§5.6 sampling', () => {
  type Row = [row: string, request: object, asked: Asked, sent: object, dropped: string[]]
  const rows: Row[] = [
    ['as it is', { temperature: 0.5, top_k: 3 }, {}, { temperature: 0.5, top_k: 3 }, []],
    ['zero', { temperature: 0 }, {}, { temperature: 0 }, []],
    ['above 1', { temperature: 1.5 }, {}, { temperature: 1 }, ['temperature']],
    ['top_p alone', { top_p: 0.9 }, {}, { top_p: 0.9 }, []],
    ['the pair', { temperature: 0.5, top_p: 0.9 }, {}, { temperature: 0.5 }, ['top_p']],
    ['the pair, top_p 1', { temperature: 0.5, top_p: 1 }, {}, { temperature: 0.5 }, []],
    [
      'refused by the model',
      { temperature: 0.5, top_k: 3 },
      refusing,
      {},
      ['temperature', 'top_k'],
    ],
    [
      'refused by the version',
      { temperature: 0.5, top_p: 0.9 },
      newVersion,
      {},
      ['temperature', 'top_p'],
    ],
    ['thinking', { temperature: 0.5 }, thinking, {}, ['temperature']],
    ['thinking, temperature 1', { temperature: 1 }, thinking, {}, []],
    [
      'thinking by adaptive effort',
      { temperature: 0.5 },
      { model: { id: 'claude-opus-4-6', reasoning: 'low' } },
      {},
      ['temperature'],
    ],
    ['nulls', { temperature: null, top_p: null, top_k: null }, {}, {}, []],
  ]
  for (const [row, request, asked, sent, dropped] of rows) {
    test(row, () => {
      const mapped = ask({ ...request }, asked)
      const { temperature, top_p, top_k } = mapped.body

      assert.deepEqual(
        Object.entries({ temperature, top_p, top_k }).filter(([, value]) => value !== undefined),
        Object.entries(sent),
      )
      assert.deepEqual(mapped.dropped, dropped)
    })
  }

  test('a top_p outside 0 to 1 is refused', () => {
    assert.throws(() => ask({ top_p: 1.1 }), refusal('top_p', 'invalid_value'))
    assert.throws(() => ask({ top_p: -0.1 }), refusal('top_p', 'invalid_value'))
  })
})
