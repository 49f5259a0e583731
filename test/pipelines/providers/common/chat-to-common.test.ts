/**
 * Requests for an upstream that speaks Chat Completions itself: what is changed, and that nothing
 * else is.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { Model } from '../../../../lib/config/types.ts'
import { chatToCommon } from '../../../../pipelines/providers/common/chat-to-common.ts'
import type { MappingContext } from '../../../../pipelines/neutral/mapped.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { ChatRequest } from '../../../../pipelines/wire/chat.ts'

const part = (text: string) => ({ type: 'text', text })
const sys = (content: unknown) => ({ role: 'system', content })

interface Asked extends Partial<Omit<MappingContext, 'model'>> {
  model?: Partial<Model>
}

const prompt = 'You are Droid.\n\n'
const user = { role: 'user' as const, content: 'Hello' }

function ask(request: JsonObject, { model, ...context }: Asked = {}): JsonObject {
  const entry: Model = { name: 'test', id: 'glm', type: 'common', reasoning: 'auto', ...model }
  const body: ChatRequest = { model: 'alias', messages: [user], ...request }
  const before = structuredClone(body)
  const mapped = chatToCommon(body, {
    model: entry,
    systemPrompt: '',
    headers: {},
    stream: false,
    ...context,
  })
  assert.deepEqual(body, before, 'the request was changed')
  assert.deepEqual(mapped.dropped, [])
  assert.deepEqual(mapped.headers, {})
  return mapped.body
}

test('§11 model: the upstream id goes up', () => {
  assert.equal(ask({}).model, 'glm')
  assert.equal(ask({}, { model: { upstream_id: 'glm-5-large' } }).model, 'glm-5-large')
})

suite('§11 the operator prompt goes first, once', () => {
  const rows: [name: string, messages: unknown[], first: unknown, count: number][] = [
    ['no system message', [user], { role: 'system', content: prompt }, 2],
    ['a string', [sys('Be kind.')], sys(`${prompt}Be kind.`), 1],
    ['null content', [sys(null)], sys(prompt), 1],
    ['parts', [sys([part('Be kind.')])], sys([part(prompt), part('Be kind.')]), 1],
    [
      'a developer message',
      [{ role: 'developer', content: 'Be kind.' }],
      { role: 'developer', content: `${prompt}Be kind.` },
      1,
    ],
    ['a system message further down', [user, sys('x')], { role: 'system', content: prompt }, 3],
    ['already there, a string', [sys(`${prompt}Be kind.`)], sys(`${prompt}Be kind.`), 1],
    ['already there, a part', [sys([part(prompt)])], sys([part(prompt)]), 1],
    ['already there, a bare part', [sys([prompt])], sys([prompt]), 1],
  ]
  for (const [name, messages, first, count] of rows) {
    test(name, () => {
      const sent = ask({ messages }, { systemPrompt: prompt }).messages

      assert.ok(Array.isArray(sent))
      assert.deepEqual(sent[0], first)
      assert.equal(sent.length, count)
    })
  }

  test('an empty prompt leaves the messages alone', () => {
    assert.deepEqual(ask({ messages: [user] }).messages, [user])
  })
})

suite("§11 the operator's level beats the client's wish", () => {
  const wishes = { reasoning_effort: 'high', reasoning: { effort: 'high' }, thinking: {} }
  for (const level of ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const) {
    test(`${level}: goes up in place of the wish`, () => {
      const body = ask(wishes, { model: { reasoning: level } })

      assert.equal(body.reasoning_effort, level)
      assert.ok(!('reasoning' in body) && !('thinking' in body))
    })
  }

  test('off: nothing of the kind goes up', () => {
    const body = ask(wishes, { model: { reasoning: 'off' } })

    for (const name of Object.keys(wishes)) assert.ok(!(name in body), name)
  })

  test('T19: whether the reasoning is shown stays the wish of the client', () => {
    const reasoning = { enabled: true, max_tokens: 9, exclude: true }
    const body = ask({ reasoning }, { model: { reasoning: 'high' } })

    assert.deepEqual(body.reasoning, { exclude: true })
    assert.equal(body.reasoning_effort, 'high')
  })

  test('auto: untouched', () => {
    const { reasoning_effort, reasoning, thinking } = ask(wishes)

    assert.deepEqual({ reasoning_effort, reasoning, thinking }, wishes)
  })
})

suite('§11 the upstream streams exactly when the client gets a stream', () => {
  const rows: [given: boolean | null | undefined, decided: boolean, sent: unknown][] = [
    [undefined, false, undefined],
    [undefined, true, true],
    [null, false, null],
    [null, true, true],
    [true, true, true],
    [false, false, false],
  ]
  for (const [given, decided, sent] of rows) {
    test(`${given} decided as ${decided} is sent as ${String(sent)}`, () => {
      const request = given === undefined ? {} : { stream: given }

      assert.equal(ask(request, { stream: decided }).stream, sent)
    })
  }
})

test('§11 unknown fields stay, whatever they are', () => {
  const fields = fc.dictionary(
    fc.string().filter((name) => !['model', 'messages', 'stream'].includes(name)),
    fc.jsonValue({ maxDepth: 2 }),
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fields, (given) => {
      assert.deepEqual(ask(given), { ...given, model: 'glm', messages: [user] })
    }),
    { numRuns: 1000 },
  )
})
