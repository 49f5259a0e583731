/** Which models reason, and how hard. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReasoningLevel } from '../../../../../lib/config/types.ts'
import { isReasoningModel } from '../../../../../pipelines/providers/openai/reasoning.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
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
    ['auto', { reasoning_effort: 'medium' }, 'medium'],
    ['auto', { reasoning: { effort: 'low' } }, 'low'],
    ['auto', { ...high, reasoning: { effort: 'low' } }, 'high'],
    ['auto', { reasoning_effort: 'somewhat' }, undefined],
    ['auto', { reasoning: 'high' }, undefined],
  ]
  for (const [level, request, effort] of rows) {
    test(`${level} and ${JSON.stringify(request)}: ${effort ?? 'no reasoning field'}`, () => {
      const { body } = ask(request, { model: { id: 'gpt-5', reasoning: level } })

      assert.deepEqual(body.reasoning, effort && { effort, summary: 'auto' })
      assert.equal('reasoning' in body, effort !== undefined)
      assert.ok(!('reasoning_effort' in body) && !('thinking' in body))
    })
  }
})

const off = { reasoning_effort: 'none' }

suite('T16: a level goes up where the model knows it, else the nearest that it knows', () => {
  const known: Record<string, string> = {
    'o3-mini': 'low medium high',
    'codex-mini-latest': 'low medium high',
    'gpt-5': 'minimal low medium high',
    'gpt-5-mini-2025-08-07': 'minimal low medium high',
    'gpt-5-codex': 'low medium high',
    'gpt-5-pro': 'high',
    'gpt-5.1': 'none low medium high',
    'gpt-5.1-codex': 'low medium high',
    'gpt-5.1-codex-max': 'low medium high xhigh',
    'gpt-5.2': 'none low medium high xhigh',
    'gpt-5.2-pro': 'medium high xhigh',
    'gpt-5.3-codex': 'low medium high xhigh',
    'openai/gpt-5.4': 'none low medium high xhigh',
    'gpt-5.6-sol': 'none low medium high xhigh max',
    'gpt-7': 'none low medium high xhigh max',
    'our-deployment': 'low medium high',
  }
  const words = 'none minimal low medium high xhigh max'.split(' ')
  for (const [id, list] of Object.entries(known)) {
    test(`${id} knows ${list}`, () => {
      const model = { id, reasoning: 'auto' } as const
      for (const word of words) {
        const { body, dropped } = ask({ reasoning_effort: word }, { model })
        const { effort } = body.reasoning ?? {}
        if (id === 'our-deployment' && word === 'none') assert.equal(effort, undefined)
        else assert.equal(effort, nearest(word, list.split(' '), words), word)
        const isExact = effort === word || (word === 'none' && effort === undefined)
        assert.deepEqual(dropped, isExact ? [] : ['reasoning_effort'], word)
      }
    })
  }

  for (const id of ['gpt-4.1', 'gpt-4o', 'gpt-5-chat-latest', 'gpt-5.3-chat-latest']) {
    test(`${id} knows none, and is not asked to reason`, () => {
      const { body, dropped } = ask({ reasoning_effort: 'high' }, { model: { id } })

      assert.ok(!('reasoning' in body) && !('include' in body))
      assert.deepEqual(dropped, ['reasoning_effort'])
      assert.deepEqual(ask(off, { model: { id } }).dropped, [])
    })
  }

  test("the operator's level, too, which nobody is told of", () => {
    const levels: [id: string, level: ReasoningLevel, effort: string][] = [
      ['gpt-5.4', 'xhigh', 'xhigh'],
      ['gpt-5', 'max', 'high'],
      ['gpt-4.1', 'xhigh', 'high'],
    ]
    for (const [id, reasoning, effort] of levels) {
      const { body, dropped } = ask({}, { model: { id, reasoning } })

      assert.deepEqual([body.reasoning?.effort, dropped], [effort, []])
    }
  })
})

function nearest(word: string, known: string[], words: string[]): string | undefined {
  const below = known.filter((one) => words.indexOf(one) <= words.indexOf(word))
  const wanted = below.filter((one) => one !== 'none' || word === 'none')
  return wanted.at(-1) ?? known.find((one) => one !== 'none')
}

suite('T19: the members of `reasoning`, and the words of other APIs', () => {
  const rows: [request: JsonObject, reasoning: unknown, dropped: string[]][] = [
    [{ reasoning: { enabled: false } }, { effort: 'none' }, []],
    [{ reasoning: { effort: 'none' } }, { effort: 'none' }, []],
    [{ reasoning: { max_tokens: 0 } }, { effort: 'none' }, []],
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }, []],
    [{ reasoning: { enabled: true } }, { effort: 'medium', summary: 'auto' }, []],
    [{ reasoning: { max_tokens: 2000 } }, { effort: 'low', summary: 'auto' }, ['reasoning']],
    [{ reasoning: { max_tokens: 9000 } }, { effort: 'medium', summary: 'auto' }, ['reasoning']],
    [{ reasoning: { effort: 'high', exclude: true } }, { effort: 'high' }, []],
    [{ reasoning_effort: 'low', include_reasoning: false }, { effort: 'low' }, []],
    [
      { thinking: { type: 'enabled', budget_tokens: 30_000 } },
      { effort: 'high', summary: 'auto' },
      ['thinking'],
    ],
    [{ thinking: { type: 'adaptive' } }, undefined, []],
    [{ output_config: { effort: 'xhigh' } }, { effort: 'xhigh', summary: 'auto' }, []],
  ]
  for (const [request, reasoning, dropped] of rows) {
    test(JSON.stringify(request), () => {
      const mapped = ask(request, { model: { id: 'gpt-5.4' } })

      assert.deepEqual([mapped.body.reasoning, mapped.dropped], [reasoning, dropped])
    })
  }

  test('readable reasoning that is excluded is not in the answer either', () => {
    const request = { reasoning: { exclude: true } }

    assert.equal(ask(request, { model: { id: 'gpt-5.4' } }).hideReasoning, true)
  })
})

suite('KT5: with reasoning switched off a GPT model takes what goes with it', () => {
  const wishes = { temperature: 0.2, top_p: 0.9, logprobs: true, top_logprobs: 3 }
  const names = ['temperature', 'top_p', 'logprobs', 'top_logprobs']

  test('sampling and log probabilities go up where `none` does', () => {
    const { body, dropped } = ask({ ...wishes, ...off }, { model: { id: 'gpt-5.4' } })

    assert.deepEqual(body.reasoning, { effort: 'none' })
    assert.deepEqual([body.temperature, body.top_p, body.top_logprobs], [0.2, 0.9, 3])
    assert.deepEqual(body.include, ['reasoning.encrypted_content', 'message.output_text.logprobs'])
    assert.deepEqual(dropped, [])
  })

  test('not on a model that cannot be switched off, which is told to think little', () => {
    const { body, dropped } = ask({ ...wishes, ...off }, { model: { id: 'gpt-5' } })

    assert.equal(body.reasoning?.effort, 'minimal')
    assert.deepEqual([body.temperature, body.top_p, body.top_logprobs], Array(3).fill(undefined))
    assert.deepEqual(dropped.toSorted(), [...names, 'reasoning_effort'].toSorted())
  })

  test('reasoning stays on where nobody switched it off', () => {
    const { body, dropped } = ask(wishes, { model: { id: 'gpt-5.4' } })

    assert.ok(!('reasoning' in body) && !('temperature' in body))
    assert.deepEqual(dropped.toSorted(), names.toSorted())
  })
})
