/** What holds for every history that OpenAI's chat endpoint would accept. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ResponsesItem } from '../../../../../pipelines/wire/responses.ts'
import { input } from './ask.ts'

/** A turn of a history, before its texts get the marks by which the order is checked. */
interface Turn {
  role: 'system' | 'user' | 'assistant'
  calls: { kind: 'function' | 'custom'; long: boolean }[]
  asParts: boolean
  reasons: boolean
}

const turns = fc.array(
  fc.record<Turn>({
    role: fc.constantFrom('system', 'user', 'assistant'),
    calls: fc.array(
      fc.record({ kind: fc.constantFrom('function', 'custom'), long: fc.boolean() }),
      { maxLength: 3 },
    ),
    asParts: fc.boolean(),
    reasons: fc.boolean(),
  }),
  { maxLength: 8 },
)

const reasoner = { model: { id: 'gpt-5' } }

/**
 * Every text is a number, rising in the order of the history; calls are answered right after their
 * message.
 */
function historyOf(list: Turn[]): { messages: JsonObject[]; marks: string[] } {
  const messages: JsonObject[] = [{ role: 'user', content: '<0>' }]
  const marks = ['<0>']
  const next = () => {
    const mark = `<${marks.length}>`
    marks.push(mark)
    return mark
  }
  for (const { role, calls, asParts, reasons } of list) {
    const mark = next()
    const content = asParts ? [{ type: 'text', text: mark }] : mark
    const message: JsonObject = { role, content }
    messages.push(message)
    if (role !== 'assistant') continue
    if (reasons) message.reasoning_details = [detail(mark)]
    if (calls.length === 0) continue
    const made = calls.map((call) => callOf(call, next()))
    message.tool_calls = made
    messages.push(...made.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: next() })))
  }
  return { messages, marks }
}

function callOf({ kind, long }: Turn['calls'][number], mark: string): JsonObject {
  const id = `call_${mark}${long ? 'x'.repeat(80) : ''}`
  return kind === 'custom'
    ? { id, type: kind, custom: { name: 'patch', input: mark } }
    : { id, type: kind, function: { name: 'look', arguments: mark } }
}

function detail(mark: string): JsonObject {
  const format = 'openai-responses-v1'
  return {
    type: 'reasoning.encrypted',
    id: 'rs_1',
    data: `r${mark.slice(1, -1)}`,
    format,
    index: 0,
  }
}

function holds(check: (items: ResponsesItem[], marks: string[], messages: JsonObject[]) => void) {
  fc.assert(
    fc.property(turns, (list) => {
      const { messages, marks } = historyOf(list)
      check(input(messages, reasoner), marks, messages)
    }),
    { numRuns: 1000 },
  )
}

suite('§7.3 any history', () => {
  test('no item of the input has an id', () => {
    holds((items) => {
      for (const item of items) assert.ok(!('id' in item))
    })
  })

  test('all that was said, called and answered is there, in the order of the messages', () => {
    holds((items, marks) => {
      assert.deepEqual(JSON.stringify(items.map(withoutIds)).match(/<\d+>/g), marks)
    })
  })

  test('reasoning stands right before what its message said', () => {
    holds((items, _marks, messages) => {
      const reasoning = items.flatMap((item, at) => (item.type === 'reasoning' ? [at] : []))
      const handedBack = messages.filter((message) => message.reasoning_details)

      assert.equal(reasoning.length, handedBack.length)
      for (const at of reasoning) {
        const mark = `<${String(items[at]?.encrypted_content).slice(1)}>`
        assert.ok(JSON.stringify(items[at + 1]).includes(mark))
      }
    })
  })
})

/** Also when the client cut the history anywhere, lost messages of it, or wrote them twice. */
test('§7.3 every call has its output behind it, every output its call before it', () => {
  const damaged = fc.tuple(turns, fc.array(fc.nat({ max: 40 })), fc.array(fc.nat({ max: 40 })))
  fc.assert(
    fc.property(damaged, ([list, lost, doubled]) => {
      const { messages } = historyOf(list)
      const kept = messages
        .flatMap((message, at) => (doubled.includes(at) ? [message, message] : [message]))
        .filter((_message, at) => at === 0 || !lost.includes(at))
      const open: string[] = []
      const made = new Set<unknown>()
      for (const item of input(kept)) {
        const key = `${item.type.replace(/_output$/, '')} ${String(item.call_id)}`
        if (item.type.endsWith('call')) {
          open.push(key)
          assert.ok(!made.has(item.call_id), `${key} is there twice`)
          made.add(item.call_id)
        }
        if (!item.type.endsWith('output')) continue
        const at = open.indexOf(key)
        assert.notEqual(at, -1, `${key} has no call`)
        open.splice(at, 1)
        assert.ok(String(item.call_id).length <= 64)
      }
      assert.deepEqual(open, [], 'calls without an output')
    }),
    { numRuns: 1000 },
  )
})

function withoutIds({ call_id: _callId, ...item }: ResponsesItem): JsonObject {
  return item
}
