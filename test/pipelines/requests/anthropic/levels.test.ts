import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReasoningLevel } from '../../../../lib/config/types.ts'
import { betaHeader } from '../../../../pipelines/requests/anthropic/thinking.ts'
import { levelOf } from '../../../../pipelines/requests/level.ts'
import { ask } from './ask.ts'

const interleaved = 'interleaved-thinking-2025-05-14'

suite('§1.3 the level of a request', () => {
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const rows: [entry: ReasoningLevel, request: object, expected: unknown][] = [
    ['auto', {}, undefined],
    ['auto', { reasoning_effort: null, reasoning: null, thinking: null }, undefined],
    ['auto', { reasoning_effort: 'none' }, 'off'],
    ['auto', { reasoning_effort: 'minimal' }, 'low'],
    ['auto', { reasoning_effort: 'low' }, 'low'],
    ['auto', { reasoning_effort: 'medium' }, 'medium'],
    ['auto', { reasoning_effort: 'high' }, 'high'],
    ['auto', { reasoning_effort: 'xhigh' }, 'high'],
    ['auto', { reasoning_effort: 'max' }, 'high'],
    ['auto', { reasoning: { effort: 'medium' } }, 'medium'],
    ['auto', { reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'low'],
    ['auto', { thinking }, { thinking }],
    ['auto', { reasoning_effort: 'low', thinking }, 'low'],
    ['auto', { reasoning_effort: 'strange', thinking: 'yes' }, undefined],
    ['off', { reasoning_effort: 'high' }, 'off'],
    ['medium', { thinking }, 'medium'],
  ]
  for (const [reasoning, request, expected] of rows) {
    test(`${reasoning} with ${JSON.stringify(request)}`, () => {
      assert.deepEqual(levelOf({ reasoning }, { ...request }), expected)
    })
  }

  test('the operator overrules the client, and says so', () => {
    const { body, dropped } = ask({ reasoning_effort: 'high' }, { model: { reasoning: 'off' } })

    assert.equal(body.thinking, undefined)
    assert.deepEqual(dropped, ['reasoning_effort'])
  })
})

suite('§5.1 the beta header', () => {
  const rows: [level: ReasoningLevel, client: string | undefined, expected: string | undefined][] =
    [
      ['low', undefined, interleaved],
      ['low', `a, ${interleaved}`, `a,${interleaved}`],
      ['off', `a, ${interleaved},b`, 'a,b'],
      ['off', interleaved, undefined],
      ['auto', interleaved, interleaved],
      ['auto', undefined, undefined],
    ]
  for (const [reasoning, client, expected] of rows) {
    test(`${reasoning} with ${client}`, () => {
      const headers = client === undefined ? {} : { 'anthropic-beta': client }

      assert.equal(ask({}, { model: { reasoning }, headers }).headers['anthropic-beta'], expected)
    })
  }

  test('a list that came as several headers is one list', () => {
    assert.equal(betaHeader(['a,b', ' b , c'], { add: ['d'], remove: ['a'] }), 'b,c,d')
  })

  test('a fast model asks for its mode unless the client chose one', () => {
    const model = { fast: true }
    const chosen = { 'anthropic-beta': 'fast-mode-2027-01-01' }

    assert.equal(ask({}, { model }).headers['anthropic-beta'], 'fast-mode-2026-02-01')
    assert.equal(
      ask({}, { model, headers: chosen }).headers['anthropic-beta'],
      'fast-mode-2027-01-01',
    )
  })
})
