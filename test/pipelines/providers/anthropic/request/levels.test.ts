import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReasoningLevel } from '../../../../../lib/config/types.ts'
import { betaHeader } from '../../../../../pipelines/providers/anthropic/thinking.ts'
import { reasoningWish } from '../../../../../pipelines/clients/chat/fields.ts'
import { asLevel, nearestEffort, overruledNames, wishFor } from '../../../../../pipelines/model.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { ask } from './ask.ts'

const interleaved = 'interleaved-thinking-2025-05-14'

function overruled(model: { reasoning: ReasoningLevel }, request: JsonObject): string[] {
  return overruledNames(model, reasoningWish(request))
}

suite('§1.3 the level of a request', () => {
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const own = { own: { api: 'anthropic', value: thinking }, budgetTokens: 2000 }
  const by = (level: string) => ({ level, parameter: 'reasoning_effort' })
  const off = { level: 'off', parameter: 'reasoning' }
  const rows: [entry: ReasoningLevel, request: object, expected: object][] = [
    ['auto', {}, {}],
    ['auto', { reasoning_effort: null, reasoning: null, thinking: null }, {}],
    ['auto', { reasoning_effort: 'none' }, by('off')],
    ['auto', { reasoning_effort: 'minimal' }, by('minimal')],
    ['auto', { reasoning_effort: 'low' }, by('low')],
    ['auto', { reasoning_effort: 'medium' }, by('medium')],
    ['auto', { reasoning_effort: 'high' }, by('high')],
    ['auto', { reasoning_effort: 'xhigh' }, by('xhigh')],
    ['auto', { reasoning_effort: 'max' }, by('max')],
    ['auto', { reasoning: { effort: 'medium' } }, by('medium')],
    ['auto', { reasoning: { effort: 'none' } }, off],
    ['auto', { reasoning: { enabled: false, effort: 'high', max_tokens: 9 } }, off],
    ['auto', { reasoning: { max_tokens: 0 } }, off],
    ['auto', { reasoning: { enabled: true } }, { level: 'medium', parameter: 'reasoning' }],
    ['auto', { reasoning: { max_tokens: 99 } }, { budgetTokens: 99, parameter: 'reasoning' }],
    [
      'auto',
      { reasoning: { enabled: true, effort: 'low', max_tokens: 99 } },
      { level: 'low', budgetTokens: 99, parameter: 'reasoning' },
    ],
    ['auto', { reasoning: { exclude: true } }, {}],
    ['auto', { reasoning_effort: 'low', reasoning: { effort: 'high' } }, by('low')],
    ['auto', { thinking }, { ...own, parameter: 'thinking' }],
    ['auto', { thinking: { type: 'disabled' } }, { level: 'off', parameter: 'thinking' }],
    ['auto', { reasoning: { exclude: true }, thinking }, { ...own, parameter: 'thinking' }],
    [
      'auto',
      { output_config: { effort: 'max' } },
      { effort: 'max', parameter: 'output_config.effort' },
    ],
    [
      'auto',
      { thinking, output_config: { effort: 'low' } },
      { ...own, effort: 'low', parameter: 'thinking' },
    ],
    ['auto', { output_config: { effort: 'strange' } }, {}],
    ['auto', { reasoning_effort: 'low', thinking }, by('low')],
    ['auto', { reasoning_effort: 'strange', thinking: 'yes' }, {}],
    ['off', { reasoning_effort: 'high' }, { level: 'off' }],
    ['medium', { thinking }, { level: 'medium' }],
    ['max', { output_config: { effort: 'low' } }, { level: 'max' }],
  ]
  for (const [reasoning, request, expected] of rows) {
    test(`${reasoning} with ${JSON.stringify(request)}`, () => {
      const client = reasoningWish({ ...request })
      const {
        names: _names,
        hidden: _hidden,
        isUnknownWord: _unknown,
        ...wish
      } = wishFor({ reasoning }, client)

      assert.deepEqual(wish, expected)
    })
  }

  test('the nearest effort that a model knows is the highest below, else the lowest', () => {
    const four = ['low', 'medium', 'high', 'max'] as const

    assert.equal(nearestEffort('max', four), 'max')
    assert.equal(nearestEffort('xhigh', four), 'high')
    assert.equal(nearestEffort('minimal', four), 'low')
    assert.equal(nearestEffort('high', []), undefined)
  })

  test('a wish of any kind is a level for models that take nothing else', () => {
    const budget = (budget_tokens: number) =>
      reasoningWish({ thinking: { type: 'enabled', budget_tokens } })
    const adaptive = { type: 'adaptive' }

    assert.equal(asLevel({}), undefined)
    assert.equal(asLevel({ level: 'off', budgetTokens: 9 }), 'off')
    assert.equal(asLevel({ budgetTokens: 4096 }), 'low')
    assert.equal(asLevel(budget(12_288)), 'medium')
    assert.equal(asLevel(budget(12_289)), 'high')
    assert.equal(
      asLevel(reasoningWish({ thinking: adaptive, output_config: { effort: 'xhigh' } })),
      'xhigh',
    )
  })

  test('the names of all that the operator overrules are told', () => {
    const asked = {
      reasoning_effort: 'low',
      reasoning: { enabled: true },
      output_config: { effort: 'high' },
    }

    assert.deepEqual(overruled({ reasoning: 'max' }, asked), [
      'reasoning_effort',
      'reasoning',
      'output_config.effort',
    ])
    assert.deepEqual(overruled({ reasoning: 'max' }, { reasoning: { exclude: true } }), [])
  })

  test('a word that nobody knows is not said, and named', () => {
    const auto = { reasoning: 'auto' } as const

    assert.deepEqual(overruled(auto, { reasoning_effort: 'ultra' }), ['reasoning_effort'])
    assert.deepEqual(overruled(auto, { reasoning: { effort: 3 } }), ['reasoning_effort'])
    assert.deepEqual(overruled(auto, { reasoning_effort: '', reasoning: {} }), [])
    assert.deepEqual(overruled(auto, { reasoning_effort: 'max' }), [])
  })

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
