import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { ReasoningLevel } from '../../../../../lib/config/types.ts'
import { capabilityOf } from '../../../../../pipelines/providers/anthropic/capability.ts'
import { call, hello, refusal, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const interleaved = 'interleaved-thinking-2025-05-14'
const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens })
const adaptive = { type: 'adaptive', display: 'summarized' }

const signed = [{ type: 'reasoning.text', text: 't', signature: 's', index: 0 }]
const loop = (members: object) => [
  ...hello,
  { role: 'assistant', content: null, tool_calls: [call('c1')], ...members },
  { role: 'tool', tool_call_id: 'c1', content: 'r' },
]

suite('§5.5 what a model takes', () => {
  const between = { thinking: { type: 'between_tools' } }
  const disabled = { thinking: { type: 'disabled' } }
  const leastEffort = { output_config: { effort: 'low' } }
  const rows: [ids: string[], mode: string, off: object, max: number | undefined][] = [
    [['claude-sonnet-5-5', 'claude-sonnet-5.5'], 'adaptive', between, 128_000],
    [
      [
        'claude-opus-5-5',
        'claude-fable-5.1',
        'claude-fable-5-1',
        'claude-fable-5-2',
        'claude-mythos-5-1',
        'claude-mythos-5-2',
      ],
      'adaptive',
      leastEffort,
      128_000,
    ],
    [['claude-fable-5', 'claude-mythos-5'], 'adaptive', leastEffort, 128_000],
    [['claude-haiku-5-5', 'claude-opus-5', 'claude-sonnet-5'], 'adaptive', disabled, 128_000],
    [['claude-opus-4-8', 'claude-opus-4-7', 'claude-opus-4.7'], 'adaptive', {}, 128_000],
    [['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-mythos-preview'], 'adaptive', {}, 128_000],
    [
      ['claude-opus-4-5-20251101', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-haiku-4.5'],
      'budget',
      {},
      64_000,
    ],
    [
      ['claude-opus-4-1-20250805', 'claude-opus-4-20250514', 'claude-opus-4-0'],
      'budget',
      {},
      32_000,
    ],
    [['claude-opus-4-9', 'claude-sonnet-4-9-20270101'], 'adaptive', {}, 128_000],
    [['claude-sonnet-4-20250514', 'claude-3-7-sonnet-latest'], 'budget', {}, 64_000],
    [['claude-3-5-haiku-latest'], 'none', {}, 8192],
    [['claude-3-opus', 'claude-2.1', 'claude-instant-1'], 'none', {}, 4096],
    [['claude-next-9'], 'adaptive', {}, 128_000],
    [['kimi-k3'], 'budget', {}, undefined],
  ]
  const wishes: Record<string, object | undefined> = {
    adaptive: adaptive,
    budget: enabled(4096),
    none: undefined,
  }
  for (const [ids, mode, off, max] of rows) {
    for (const id of ids) {
      test(id, () => {
        const limit = { max_completion_tokens: 1_000_000 }
        const low = ask(limit, { model: { id, reasoning: 'low' } }).body
        const without = ask({}, { model: { id, reasoning: 'off' } }).body

        assert.deepEqual(low.thinking, wishes[mode])
        assert.deepEqual(low.output_config, mode === 'adaptive' ? { effort: 'low' } : undefined)
        assert.equal(low.max_tokens, max ?? 1_000_000)
        const { thinking, output_config } = without
        assert.deepEqual(
          { ...(thinking && { thinking }), ...(output_config && { output_config }) },
          off,
        )
      })
    }
  }

  test('a model entry overrules mode and cap', () => {
    const model = {
      id: 'kimi-k3',
      reasoning: 'low',
      thinking: 'adaptive',
      max_output_tokens: 500,
    } as const
    const { body } = ask({}, { model })

    assert.deepEqual(body.thinking, adaptive)
    assert.equal(body.max_tokens, 500)
  })
})

suite('§5.5 budgets and limits', () => {
  type Row = [id: string, level: ReasoningLevel, limits: object, max: number, budget?: number]
  const rows: Row[] = [
    ['claude-opus-4-5', 'low', {}, 32_000, 4096],
    ['claude-opus-4-5', 'medium', {}, 32_000, 12_288],
    ['claude-opus-4-5', 'high', {}, 32_000, 24_576],
    ['claude-opus-4-5', 'high', { max_tokens: -1 }, 32_000, 24_576],
    ['claude-opus-4-5', 'high', { max_completion_tokens: 8000 }, 8000, 6976],
    ['claude-opus-4-5', 'high', { max_completion_tokens: 2048 }, 2048, 1024],
    ['claude-opus-4-5', 'high', { max_completion_tokens: 2047 }, 2047],
    ['claude-opus-4-5', 'high', { max_tokens: 8000 }, 32_576, 24_576],
    ['claude-opus-4-5', 'high', { max_tokens: 60_000 }, 64_000, 24_576],
    ['claude-opus-4-1', 'high', { max_tokens: 30_000 }, 32_000, 24_576],
    ['claude-opus-4-5', 'low', { max_completion_tokens: 5000, max_tokens: 9 }, 5000, 3976],
    ['claude-opus-4-5', 'off', { max_tokens: 8000 }, 8000],
    ['claude-opus-4-5', 'auto', { max_tokens: 100_000 }, 64_000],
    ['claude-3-5-haiku', 'auto', {}, 8192],
    ['kimi-k3', 'auto', {}, 8192],
    ['kimi-k3', 'high', {}, 8192, 7168],
  ]
  for (const [id, reasoning, limits, max, budget] of rows) {
    test(`${id} ${reasoning} ${JSON.stringify(limits)}`, () => {
      const { body } = ask({ ...limits }, { model: { id, reasoning } })

      assert.equal(body.max_tokens, max)
      assert.deepEqual(body.thinking, budget === undefined ? undefined : enabled(budget))
    })
  }

  test('a cap that leaves no room for a budget gives thinking up', () => {
    const model = { reasoning: 'low', max_output_tokens: 2000 } as const
    const { body, dropped } = ask({ max_tokens: 1500 }, { model })

    assert.equal(body.thinking, undefined)
    assert.equal(body.max_tokens, 1500)
    assert.deepEqual(dropped, ['reasoning'])
  })

  test('with thinking enabled, 1024 <= budget < max_tokens <= cap', () => {
    const limit = fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined })
    const wishes = fc.oneof(
      fc.record({ reasoning_effort: fc.constantFrom('low', 'medium', 'high') }),
      fc.record({
        thinking: fc.record({ type: fc.constant('enabled'), budget_tokens: fc.integer() }),
      }),
    )
    const ids = fc.constantFrom(
      'claude-opus-4-5',
      'claude-opus-4-1',
      'claude-sonnet-4',
      'kimi',
      'claude-opus-4-8',
    )
    fc.assert(
      fc.property(ids, wishes, limit, limit, limit, (id, wish, total, answer, cap) => {
        const model = { id, ...(cap && { max_output_tokens: cap }) }
        const request = { ...wish, max_completion_tokens: total, max_tokens: answer }
        const { thinking, max_tokens } = ask(request, { model }).body
        const entry = { name: id, type: 'anthropic', reasoning: 'auto', ...model } as const
        assert.ok(
          max_tokens >= 1 && max_tokens <= (capabilityOf(entry).maxOutputTokens ?? Infinity),
        )
        if (thinking?.type !== 'enabled') return
        assert.ok(thinking.budget_tokens! >= 1024 && thinking.budget_tokens! < max_tokens)
      }),
      { numRuns: 1000 },
    )
  })
})

suite('§5.5 a thinking object of the client', () => {
  test('a valid thinking object goes upstream as it is', () => {
    const thinking = { type: 'adaptive', display: 'omitted' }

    assert.deepEqual(
      ask({ thinking }, { model: { id: 'claude-opus-4-8' } }).body.thinking,
      thinking,
    )
    assert.deepEqual(ask({ thinking: enabled(2000) }).body.thinking, enabled(2000))
  })

  test('a thinking object without its type or budget is refused', () => {
    assert.throws(() => ask({ thinking: {} }), refusal('thinking.type'))
    assert.throws(() => ask({ thinking: { type: 'enabled' } }), refusal('thinking.budget_tokens'))
  })
})

suite('§5.5 thinking is given up for one request', () => {
  const rows: [why: string, request: object, givenUp: boolean][] = [
    ['a tool must be called', { tools: [tool('look')], tool_choice: 'required' }, true],
    [
      'one tool must be called',
      { tools: [tool('look')], tool_choice: { type: 'function', function: { name: 'look' } } },
      true,
    ],
    ['a tool may be called', { tools: [tool('look')], tool_choice: 'auto' }, false],
    ['a prefill', { messages: [...hello, { role: 'assistant', content: '{' }] }, true],
    ['a tool loop without its thinking', { messages: loop({}) }, true],
    ['a tool loop with its thinking', { messages: loop({ reasoning_details: signed }) }, false],
    [
      'a later step of a loop that began with thinking',
      { messages: [...loop({ reasoning_details: signed }), ...loop({}).slice(1)] },
      false,
    ],
    ['a tool loop that a user has ended', { messages: [...loop({}), ...hello] }, false],
  ]
  for (const [why, request, givenUp] of rows) {
    test(`${why}: ${givenUp ? 'given up' : 'kept'} in budget mode, kept in adaptive mode`, () => {
      const headers = { 'anthropic-beta': `a,${interleaved}` }
      const budget = ask({ ...request }, { model: { reasoning: 'low' }, headers })
      const adapting = ask({ ...request }, { model: { id: 'claude-opus-4-8', reasoning: 'low' } })

      assert.equal(budget.body.thinking === undefined, givenUp)
      assert.deepEqual(budget.dropped, givenUp ? ['reasoning'] : [])
      assert.equal(budget.headers['anthropic-beta'], givenUp ? 'a' : headers['anthropic-beta'])
      assert.deepEqual(adapting.body.thinking, adaptive)
    })
  }
})

suite('§5.5 thinking that a model binds to the conversation before it', () => {
  const dropped = { prefix_mismatch_behavior: 'drop_block' }
  const beta = 'thinking-binding-controls-2026-08-01'
  const details = (model: string) => [{ ...signed[0], model }]
  const asked = (id: string, more: object = {}, entry: { reasoning?: ReasoningLevel } = {}) => {
    const messages = loop({ reasoning_details: details(id) })
    const { body, headers } = ask({ messages, ...more }, { model: { id, ...entry } })
    return { thinking: body.thinking, beta: headers['anthropic-beta'] }
  }

  for (const id of ['opus-5-5', 'sonnet-5-5', 'haiku-5-5', 'fable-5-1', 'mythos-5-2']) {
    test(`claude-${id} is asked to leave out what it does not know again`, () => {
      assert.deepEqual(asked(`claude-${id}`), {
        thinking: { type: 'adaptive', block_binding: dropped },
        beta,
      })
      assert.deepEqual(asked(`claude-${id}`, {}, { reasoning: 'high' }), {
        thinking: { ...adaptive, block_binding: dropped },
        beta: `${interleaved},${beta}`,
      })
    })
  }

  test('thinking in a client’s own words leaves out such blocks, too, unless the client says otherwise', () => {
    const error = { prefix_mismatch_behavior: 'error' }
    const own = (thinking: object) => asked('claude-opus-5-5', { thinking })

    assert.deepEqual(own({ type: 'adaptive' }), {
      thinking: { type: 'adaptive', block_binding: dropped },
      beta,
    })
    assert.deepEqual(own({ type: 'adaptive', block_binding: error }), {
      thinking: { type: 'adaptive', block_binding: error },
      beta,
    })
  })

  test('nothing is asked where no thinking comes back, it is off, or the model binds none', () => {
    const id = 'claude-opus-5-5'
    const off = { reasoning: 'off' } as const

    assert.deepEqual(ask({ messages: loop({}) }, { model: { id } }).body.thinking, undefined)
    assert.equal(asked('claude-haiku-5-5', {}, off).thinking?.block_binding, undefined)
    assert.equal(asked('claude-sonnet-5-5', {}, off).thinking?.block_binding, undefined)
    assert.deepEqual(asked('claude-opus-5'), { thinking: undefined, beta: undefined })
  })
})
