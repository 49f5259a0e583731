/** What holds for every chat answer, however an upstream cuts and orders it. */
import { membersNamed } from '../../../../pipelines/json/value.ts'
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { commonBody, commonTranslator } from '../../../../pipelines/providers/common/answer.ts'
import { sseEvents } from '../../../../pipelines/stages/sse-events.ts'
import { translate } from '../../../../pipelines/stages/translate.ts'
import { cutAt } from '../../stages/slices.ts'
import { only } from '../events.ts'
import { Order } from '../order.ts'
import { brief, call, chat, chunk, content, context, finish } from './chunks.ts'

async function streamed(bytes: Buffer, places: number[]): Promise<Delta[]> {
  const pieces = cutAt(bytes, places)
  const stages = Readable.from(pieces.filter((piece) => piece.length > 0))
    .pipe(sseEvents())
    .pipe(translate(commonTranslator(context), membersNamed('arguments')))
  return ((await stages.toArray()) as Delta[][]).flat()
}

function sse(chunks: JsonObject[]): Buffer {
  const events = chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`)
  return Buffer.from(`: PROCESSING\n\n${events.join('')}data: [DONE]\n\n`)
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })
const anyChunk: fc.Arbitrary<JsonObject> = fc.oneof(
  text.map(content),
  fc
    .constantFrom(
      '<think>',
      '</think>',
      '<thi',
      'nk>',
      '\n',
      '[THINK]',
      '[/TH',
      '<|channel|>',
      'analysis<|message|>',
      '<|end|>',
      'final<|message|>',
    )
    .map(content),
  text.map((value) => chunk({ reasoning_content: value })),
  text.map((value) =>
    chunk({ reasoning: value, reasoning_details: [{ type: 'reasoning.text', text: value }] }),
  ),
  text.map((value) => chunk({ refusal: value })),
  fc
    .tuple(
      maybe(fc.nat(2)),
      maybe(fc.constantFrom('a', 'b', '')),
      maybe(fc.constantFrom('f', 'g', '')),
      maybe(fc.constantFrom('{', '}', '{}', '"x":1', 'y', '')),
    )
    .map(([index, id, name, args]) => call(index, id, name, args)),
  fc.constant({ choices: [] }),
  fc.constant(finish('length')),
  fc.constant({ choices: [{ index: 1, delta: { content: 'other' } }] }),
)

test('§11.3 a stream gives the same deltas however its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyChunk, { maxLength: 8 }),
      fc.array(fc.nat(2000), { maxLength: 6 }),
      async (chunks, places) => {
        const bytes = sse([...chunks, finish('stop')])

        assert.deepEqual(await streamed(bytes, places), await streamed(bytes, []))
      },
    ),
    { numRuns: 200 },
  )
})

test('§11.3, §11.4 whatever an upstream sends, blocks are open one at a time and the answer ends once', () => {
  fc.assert(
    fc.property(fc.array(anyChunk, { maxLength: 12 }), (chunks) => {
      new Order('cut').check(chat(...chunks, finish('stop')))
      new Order('cut').check(chat(...chunks))
    }),
    { numRuns: 2000 },
  )
})

test('§11.3 every id of a call is in an answer once', () => {
  fc.assert(
    fc.property(fc.array(anyChunk, { maxLength: 12 }), (chunks) => {
      const ids = only('tool-start', chat(...chunks, finish('stop'))).map(({ id }) => id)

      assert.equal(new Set(ids).size, ids.length)
    }),
    { numRuns: 1000 },
  )
})

const message = fc.record({
  reasoning: text,
  said: text.filter((value) => !value.trimStart().startsWith('<')),
  calls: fc.array(fc.record({ q: text }), { maxLength: 3 }),
})

test('§11.3, §11.4 a stream and a body of the same answer give the same', () => {
  fc.assert(
    fc.property(message, ({ reasoning, said, calls }) => {
      const written = calls.map((args, at) => ({
        id: `c${at}`,
        name: `f${at}`,
        args: JSON.stringify(args),
      }))
      const tools = written.map(({ id, name, args }) => ({
        id,
        type: 'function',
        function: { name, arguments: args },
      }))
      const whole = { reasoning_content: reasoning, content: said, tool_calls: tools }
      const body = { id: 'x', choices: [{ message: whole, finish_reason: 'stop' }] }
      const pieces = [
        ...Array.from(reasoning, (piece) => chunk({ reasoning_content: piece })),
        ...Array.from(said, content),
        ...written.flatMap(({ id, name, args }, at) =>
          [call(at, id, name, '')].concat(
            Array.from(args, (piece) => call(at, undefined, undefined, piece)),
          ),
        ),
        finish('stop'),
      ]

      assert.deepEqual(brief(chat(...pieces)), brief(commonBody(body, context)))
    }),
    { numRuns: 500 },
  )
})
