/** Which models reason, and how hard. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReasoningLevel } from '../../../../lib/config/types.ts'
import {
  isReasoningModel,
  reasoningLevel,
} from '../../../../pipelines/requests/responses/reasoning.ts'
import type { JsonObject } from '../../../../pipelines/wire/chat.ts'
import { ask, modelEntry } from './ask.ts'

suite('§7.1 temperature: a reasoning model is known by its id', () => {
  const reasons = [
    'o1',
    'o3-mini',
    'o4-mini-2025-04-16',
    'openai/o3',
    'gpt-5',
    'gpt-5.1',
    'gpt-5-mini',
  ]
  const later = ['gpt-6', 'gpt-10-turbo', 'gpt-5-codex', 'codex-mini-latest', 'GPT-5']
  const plain = [
    'gpt-4o',
    'gpt-4.1',
    'gpt-5-chat-latest',
    'gpt-5.1-chat',
    'omni',
    'foo1',
    'gpt-3.5',
  ]
  for (const id of [...reasons, ...later]) {
    test(`${id} reasons`, () => {
      assert.ok(isReasoningModel(modelEntry({ id, reasoning: 'auto' })))
      assert.ok(isReasoningModel(modelEntry({ id, reasoning: 'off' })))
    })
  }
  for (const id of plain) {
    test(`${id} does not, unless the operator gives it a level`, () => {
      assert.ok(!isReasoningModel(modelEntry({ id, reasoning: 'auto' })))
      assert.ok(!isReasoningModel(modelEntry({ id, reasoning: 'off' })))
      assert.ok(isReasoningModel(modelEntry({ id, reasoning: 'low' })))
    })
  }

  test('the upstream id counts, not the alias', () => {
    assert.ok(!isReasoningModel(modelEntry({ id: 'gpt-5', upstream_id: 'gpt-4.1' })))
    assert.ok(isReasoningModel(modelEntry({ id: 'smart', upstream_id: 'gpt-5' })))
  })
})

suite("§1.3 the operator's level beats the client's wish", () => {
  const high = { reasoning_effort: 'high' }
  const rows: [level: ReasoningLevel, request: JsonObject, effort: string | undefined][] = [
    ['low', {}, 'low'],
    ['medium', {}, 'medium'],
    ['high', {}, 'high'],
    ['low', high, 'low'],
    ['off', high, undefined],
    ['off', { reasoning: { effort: 'high' } }, undefined],
    ['auto', {}, undefined],
    ['auto', { reasoning_effort: 'none' }, undefined],
    ['auto', { reasoning_effort: 'minimal' }, 'low'],
    ['auto', { reasoning_effort: 'medium' }, 'medium'],
    ['auto', { reasoning_effort: 'xhigh' }, 'high'],
    ['auto', { reasoning_effort: 'max' }, 'high'],
    ['auto', { reasoning: { effort: 'low' } }, 'low'],
    ['auto', { ...high, reasoning: { effort: 'low' } }, 'high'],
    ['auto', { reasoning_effort: 'somewhat' }, undefined],
    ['auto', { reasoning: 'high' }, undefined],
    ['auto', { thinking: { type: 'enabled', budget_tokens: 2048 } }, undefined],
  ]
  for (const [level, request, effort] of rows) {
    test(`${level} and ${JSON.stringify(request)}: ${effort ?? 'no reasoning field'}`, () => {
      const { body } = ask(request, { model: { id: 'gpt-5', reasoning: level } })

      assert.deepEqual(body.reasoning, effort && { effort, summary: 'auto' })
      assert.equal('reasoning' in body, effort !== undefined)
      assert.ok(!('reasoning_effort' in body) && !('thinking' in body))
    })
  }

  test('a level is told apart from nothing said', () => {
    const model = modelEntry({ reasoning: 'auto' })

    assert.equal(reasoningLevel(model, { reasoning_effort: 'none' }), 'off')
    assert.equal(reasoningLevel(model, {}), undefined)
    assert.equal(reasoningLevel(model, { thinking: {} }), undefined)
    assert.equal(reasoningLevel(modelEntry({ reasoning: 'off' }), {}), 'off')
  })
})
