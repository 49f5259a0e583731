/**
 * Requests for an upstream that speaks Chat Completions itself: what is changed, and that nothing
 * else is.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { JsonDocument } from '../../../../pipelines/json/document.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Model, RewriteContext } from '../../../../pipelines/model.ts'
import { rewriteChat } from '../../../../pipelines/providers/common/rewrite.ts'
import { sentText } from '../../../same-api/sent-text.ts'

const part = (text: string) => ({ type: 'text', text })
const sys = (content: unknown) => ({ role: 'system', content })

interface Asked extends Partial<Omit<RewriteContext, 'model'>> {
  model?: Partial<Model>
}

const prompt = 'You are Droid.\n\n'
const user = { role: 'user' as const, content: 'Hello' }

/** What goes up for a body. */
function sent(text: string, { model, ...context }: Asked = {}): string {
  const document = JsonDocument.parse(Buffer.from(text))
  const headers = rewriteChat(document, {
    model: { id: 'glm', reasoning: 'auto', ...model },
    systemPrompt: '',
    headers: {},
    subPath: '',
    stream: false,
    ...context,
  })
  assert.deepEqual(headers, {})
  return sentText(document)
}

function ask(request: JsonObject, asked: Asked = {}): JsonObject {
  const body = { model: 'alias', messages: [user], ...request }
  return JSON.parse(sent(JSON.stringify(body), asked)) as JsonObject
}

test('§11.1 model: the upstream id goes up', () => {
  assert.equal(ask({}).model, 'glm')
  assert.equal(ask({}, { model: { upstream_id: 'glm-5-large' } }).model, 'glm-5-large')
})

suite('§11.1 the operator prompt goes first, once', () => {
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
      const up = ask({ messages }, { systemPrompt: prompt }).messages

      assert.ok(Array.isArray(up))
      assert.deepEqual(up[0], first)
      assert.equal(up.length, count)
    })
  }

  for (const systemPrompt of ['', ' \n']) {
    test(`the prompt ${JSON.stringify(systemPrompt)} leaves the messages alone`, () => {
      assert.deepEqual(ask({ messages: [user] }, { systemPrompt }).messages, [user])
    })
  }

  const odd = ['[]', 'null', '"x"', '{}', '[{"role":"system","content":7}]']
  for (const messages of odd) {
    test(`messages that are ${messages} are left for the upstream to refuse`, () => {
      const body = `{"model":"glm","messages":${messages}}`
      assert.equal(sent(body, { systemPrompt: prompt }), body)
    })
  }

  test('a first message that is broken is a 400 with its place in the body', () => {
    const body = '{"model":"glm","messages":[{"role":"system","content":[1 2]}]}'
    const place = new RegExp(`position ${body.indexOf('2]')}`)
    assert.throws(() => sent(body, { systemPrompt: prompt }), place)
  })
})

suite("§11.1 the operator's level beats the client's wish", () => {
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

  test("the level auto leaves the client's wishes untouched", () => {
    const { reasoning_effort, reasoning, thinking } = ask(wishes)

    assert.deepEqual({ reasoning_effort, reasoning, thinking }, wishes)
  })
})

suite('§11.1 the upstream streams exactly when the client gets a stream', () => {
  const rows: [given: boolean | null | undefined, decided: boolean, up: unknown][] = [
    [undefined, false, undefined],
    [undefined, true, true],
    [null, false, null],
    [null, true, true],
    [true, true, true],
    [false, false, false],
  ]
  for (const [given, decided, up] of rows) {
    test(`${given} decided as ${decided} is sent as ${String(up)}`, () => {
      const request = given === undefined ? {} : { stream: given }

      assert.equal(ask(request, { stream: decided }).stream, up)
    })
  }
})

suite('§11.1 no byte moves but those that have to', () => {
  const body = String.raw`{ "model":"alias","seed":12345678901234567890,"messages":[ {"content":"caf\u00e9 \/ \ud83d","role":"system", "x":1.0},
{"role":"user","content":[1.0e0]} ],"temperature":1.0 }`

  test('the prompt stands in front of the text of a system message', () => {
    const text = String.raw`"content":"caf\u00e9`
    const expected = body.replace('alias', 'glm').replace(text, () => {
      return String.raw`"content":"You are Droid.\n\ncaf\u00e9`
    })
    assert.equal(sent(body, { systemPrompt: prompt }), expected)
  })

  test('the message of the prompt stands in front of a user message', () => {
    const asked = '{"model":"glm","messages": [ {"role":"user","content":1.0} ]}'
    const message = JSON.stringify({ role: 'system', content: prompt })
    assert.equal(
      sent(asked, { systemPrompt: prompt }),
      `{"model":"glm","messages": [${message}, {"role":"user","content":1.0} ]}`,
    )
  })

  test('without prompt, level and another name the very bytes go up', () => {
    const asked = body.replace('alias', 'glm')
    assert.equal(sent(asked), asked)
  })

  test('of equal names the last counts, and alone goes up', () => {
    const asked = '{"model":"a","messages":[],"model":"glm","messages":[{"role":"user"}]}'
    assert.equal(sent(asked), '{"model":"glm","messages":[{"role":"user"}]}')
  })
})

suite('§13.3 a history of another host', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"n":1.0}' } }
  const turn = { role: 'assistant', content: null, reasoning_content: 'Hm.' }
  const told = {
    ...turn,
    reasoning_details: [{ type: 'reasoning.encrypted', data: 'c2VhbA' }],
    thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 'c2VhbA' }],
    tool_calls: [{ ...call, extra_content: { google: { thought_signature: 'c2VhbA' } } }],
  }
  const bare = { ...turn, tool_calls: [call] }

  test('leaves behind what only that host can read', () => {
    assert.deepEqual(ask({ messages: [user, told] }, { isForeign: true }).messages, [user, bare])
  })

  test('gets the prompt all the same, with the digits of its numbers', () => {
    for (const messages of [
      [sys('Be kind.'), user, told],
      [user, told],
    ]) {
      const text = JSON.stringify({ model: 'alias', messages, top_p: 1 }).replace(
        '"top_p":1',
        '"top_p":1.0',
      )
      const up = sent(text, { isForeign: true, systemPrompt: prompt })
      const [first, ...rest] = (JSON.parse(up) as { messages: JsonObject[] }).messages
      assert.equal((first!.content as string).startsWith(prompt), true)
      assert.deepEqual(rest.slice(-2), [user, bare])
      assert.match(up, /"top_p":1\.0/)
    }
  })

  test('stays as it is at its own host', () => {
    assert.deepEqual(ask({ messages: [user, told] }).messages, [user, told])
  })
})

test('§11.1 unknown fields stay, whatever they are', () => {
  const fields = fc.dictionary(
    fc.string().filter((name) => !['model', 'messages', 'stream'].includes(name)),
    fc.jsonValue({ maxDepth: 2 }),
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fields, (given) => {
      const written = JSON.parse(JSON.stringify(given)) as JsonObject
      assert.deepEqual(ask(given), { ...written, model: 'glm', messages: [user] })
    }),
    { numRuns: 1000 },
  )
})
