/** Levels and efforts as each Claude model knows them, and the names of what it does not know. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReasoningLevel } from '../../../../../lib/config/types.ts'
import { tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const adaptive = { type: 'adaptive', display: 'summarized' }
const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens })
const lost = ['reasoning_effort']

suite('T16: levels above high, and below low', () => {
  const rows: [id: string, level: string, effort: string, dropped: string[]][] = [
    ['claude-opus-4-8', 'xhigh', 'xhigh', []],
    ['claude-opus-4-8', 'max', 'max', []],
    ['claude-opus-4-7', 'xhigh', 'xhigh', []],
    ['claude-sonnet-5-5', 'max', 'max', []],
    ['claude-opus-4-6', 'max', 'max', []],
    ['claude-opus-4-6', 'xhigh', 'high', lost],
    ['claude-opus-4-8', 'minimal', 'low', lost],
    ['claude-opus-4-8', 'high', 'high', []],
  ]
  for (const [id, level, effort, dropped] of rows) {
    test(`T16: ${level} on ${id} goes up as ${effort}, in either spelling`, () => {
      for (const wish of [{ reasoning_effort: level }, { reasoning: { effort: level } }]) {
        const asked = ask(wish, { model: { id } })

        assert.deepEqual(asked.body.thinking, adaptive)
        assert.deepEqual(asked.body.output_config, { effort })
        assert.deepEqual(asked.dropped, dropped)
      }
    })
  }

  for (const [level, budget, dropped] of [
    ['xhigh', 24_576, lost],
    ['max', 24_576, lost],
    ['high', 24_576, []],
    ['minimal', 4096, lost],
  ] as const) {
    test(`T16: ${level} on a model with budgets is one of ${budget}`, () => {
      const { body, dropped: named } = ask({ reasoning_effort: level })

      assert.deepEqual(body.thinking, enabled(budget))
      assert.equal(body.output_config, undefined)
      assert.deepEqual(named, dropped)
    })
  }

  test('T16: the operator’s level goes up as far as the model knows it, and nobody’s wish is lost', () => {
    const sent = (id: string, reasoning: ReasoningLevel) => ask({}, { model: { id, reasoning } })

    assert.deepEqual(sent('claude-opus-4-8', 'xhigh').body.output_config, { effort: 'xhigh' })
    assert.deepEqual(sent('claude-opus-4-6', 'xhigh').body.output_config, { effort: 'high' })
    assert.deepEqual(sent('claude-haiku-4-5', 'max').body.thinking, enabled(24_576))
    assert.deepEqual(sent('claude-haiku-4-5', 'max').dropped, [])
  })

  test('T16: a model of another name that the operator calls adaptive gets every level', () => {
    const { body, dropped } = ask(
      { reasoning_effort: 'max' },
      { model: { id: 'kimi-k3', thinking: 'adaptive' } },
    )

    assert.deepEqual(body.output_config, { effort: 'max' })
    assert.deepEqual(dropped, [])
  })
})

suite('T18: the client’s own output_config', () => {
  test('T18: effort goes up beside thinking', () => {
    const thinking = { type: 'adaptive' }
    const { body, dropped } = ask(
      { max_tokens: 8000, thinking, output_config: { effort: 'low' } },
      { model: { id: 'claude-opus-4-8' } },
    )

    assert.deepEqual(body.thinking, thinking)
    assert.deepEqual(body.output_config, { effort: 'low' })
    assert.deepEqual(dropped, [])
  })

  test('T18: effort alone goes up alone: it does not switch thinking on', () => {
    const { body, headers } = ask(
      { output_config: { effort: 'max' } },
      { model: { id: 'claude-opus-4-8' } },
    )

    assert.equal(body.thinking, undefined)
    assert.deepEqual(body.output_config, { effort: 'max' })
    assert.equal(headers['anthropic-beta'], undefined)
  })

  test('T18: a model that knows efforts and budgets gets both', () => {
    const asked = ask({ thinking: enabled(2000), output_config: { effort: 'xhigh' } })

    assert.deepEqual(asked.body.thinking, enabled(2000))
    assert.deepEqual(asked.body.output_config, { effort: 'high' })
    assert.deepEqual(asked.dropped, ['thinking'])
  })

  test('T18: on a model that knows no effort it is the wish for a level', () => {
    const { body } = ask(
      { output_config: { effort: 'low' } },
      { model: { id: 'claude-haiku-4-5' } },
    )

    assert.deepEqual(body.thinking, enabled(4096))
    assert.equal(body.output_config, undefined)
  })

  test('T18: beside disabled thinking it goes up, too', () => {
    const { body } = ask(
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      { model: { id: 'claude-haiku-5-5' } },
    )

    assert.deepEqual(body.thinking, { type: 'disabled' })
    assert.deepEqual(body.output_config, { effort: 'high' })
  })

  test('T18: thinking that the model does not take goes up as it is, to be refused', () => {
    const wrong = ask({ thinking: { type: 'adaptive' } }, { model: { id: 'claude-haiku-4-5' } })
    const old = ask({ thinking: enabled(2000) }, { model: { id: 'claude-opus-4-8' } })

    assert.deepEqual(wrong.body.thinking, { type: 'adaptive' })
    assert.deepEqual(old.body.thinking, enabled(2000))
  })

  test('T18: the operator’s level beats it, and says so', () => {
    const { body, dropped } = ask(
      { output_config: { effort: 'max' } },
      { model: { id: 'claude-opus-4-8', reasoning: 'low' } },
    )

    assert.deepEqual(body.output_config, { effort: 'low' })
    assert.deepEqual(dropped, ['output_config.effort'])
  })
})

suite('T19: OpenRouter’s reasoning object', () => {
  test('T19: enabled: false sends what off sends for the model', () => {
    const wish = { reasoning: { enabled: false } }

    assert.deepEqual(ask(wish, { model: { id: 'claude-haiku-5-5' } }).body.thinking, {
      type: 'disabled',
    })
    assert.deepEqual(ask(wish, { model: { id: 'claude-sonnet-5-5' } }).body.thinking, {
      type: 'between_tools',
    })
    assert.equal(ask(wish, { model: { id: 'claude-opus-4-8' } }).body.thinking, undefined)
  })

  test('T19: enabled: true thinks at medium', () => {
    const { body } = ask({ reasoning: { enabled: true } }, { model: { id: 'claude-haiku-5-5' } })

    assert.deepEqual(body.thinking, adaptive)
    assert.deepEqual(body.output_config, { effort: 'medium' })
  })

  test('T19: max_tokens is the budget, of at least 1024, on a model with budgets', () => {
    const sent = (max_tokens: number, effort?: string) =>
      ask({ reasoning: { max_tokens, ...(effort && { effort }) } }).body.thinking

    assert.deepEqual(sent(2000), enabled(2000))
    assert.deepEqual(sent(2000, 'high'), enabled(2000))
    assert.deepEqual(sent(10), enabled(1024))
  })

  test('T19: max_tokens is the effort of its size on an adaptive model, and named as dropped', () => {
    const model = { id: 'claude-opus-4-8' }
    const { body, dropped } = ask({ reasoning: { max_tokens: 2000 } }, { model })
    const both = ask({ reasoning: { max_tokens: 2000, effort: 'xhigh' } }, { model })

    assert.deepEqual(body.output_config, { effort: 'low' })
    assert.deepEqual(dropped, ['reasoning'])
    assert.deepEqual(both.body.output_config, { effort: 'xhigh' })
  })

  test('T19: with exclude the model thinks, and is told that nobody reads it', () => {
    const model = { id: 'claude-opus-4-8' }
    const { body, hideReasoning } = ask({ reasoning: { effort: 'high', exclude: true } }, { model })

    assert.deepEqual(body.thinking, { type: 'adaptive', display: 'omitted' })
    assert.deepEqual(body.output_config, { effort: 'high' })
    assert.equal(hideReasoning, true)
    assert.equal(ask({ include_reasoning: false }).hideReasoning, true)
    assert.equal(ask({ reasoning: { exclude: false } }).hideReasoning, false)
  })
})

suite('KT5: reasoning switched off by the client', () => {
  const spellings = [
    { reasoning_effort: 'none' },
    { reasoning: { effort: 'none' } },
    { reasoning: { enabled: false } },
    { reasoning: { max_tokens: 0 } },
    { thinking: { type: 'disabled' } },
  ]
  for (const wish of spellings) {
    test(`KT5: ${JSON.stringify(wish)} is sent as the model takes it`, () => {
      const sent = (id: string) => ask(wish, { model: { id } })

      assert.deepEqual(sent('claude-opus-5').body.thinking, { type: 'disabled' })
      assert.deepEqual(sent('claude-sonnet-5-5').body.thinking, { type: 'between_tools' })
      assert.equal(sent('claude-opus-4-8').body.thinking, undefined)
      assert.equal(sent('claude-opus-4-5').body.thinking, undefined)
    })

    test(`KT5: ${JSON.stringify(wish)} on a model that always thinks asks for little, and says so`, () => {
      const { body, dropped } = ask(wish, { model: { id: 'claude-fable-5' } })

      assert.equal(body.thinking, undefined)
      assert.deepEqual(body.output_config, { effort: 'low' })
      assert.deepEqual(dropped, [Object.keys(wish)[0]])
    })

    test(`KT5: ${JSON.stringify(wish)} makes sampling and forced tools possible again`, () => {
      const forced = { tools: [tool('look')], tool_choice: 'required', temperature: 0.2 }
      const { body, dropped } = ask({ ...wish, ...forced }, { model: { id: 'claude-sonnet-4-5' } })

      assert.equal(body.temperature, 0.2)
      assert.deepEqual(body.tool_choice, { type: 'any' })
      assert.deepEqual(dropped, [])
    })
  }
})

suite('T21: a chat request for a single token', () => {
  for (const limit of [{ max_completion_tokens: 1 }, { max_tokens: 1 }]) {
    for (const id of ['claude-haiku-4-5', 'claude-opus-4-8']) {
      test(`T21: ${JSON.stringify(limit)} on ${id} stays what it is and does not think`, () => {
        const { body, headers } = ask({ ...limit }, { model: { id, reasoning: 'high' } })

        assert.equal(body.max_tokens, 1)
        assert.equal(body.thinking, undefined)
        assert.equal(body.output_config, undefined)
        assert.equal(headers['anthropic-beta'], undefined)
      })
    }
  }
})
