/** What holds for every answer, down the whole road: bytes, events, deltas, chat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ChatCompletionMessage } from '../../../../pipelines/wire/chat.ts'
import { bytesOf, sample, samples } from '../../providers/samples.ts'
import { chunksOf, collected, told } from './chat-answers.ts'
import { asStream, collectedFrom, fromBody } from './replay-answers.ts'

test('an answer is the same as a stream, collected, and as a body, its arguments untouched', async () => {
  await fc.assert(
    fc.asyncProperty(sample, async ({ provider, events, body, inputs }) => {
      const completion = await collectedFrom(provider, bytesOf(events))
      const { sse } = await asStream(provider, [bytesOf(events)])
      const calls = completion?.choices[0]?.message.tool_calls ?? []

      assert.deepEqual(fromBody(provider, body), completion)
      assert.deepEqual(collected(chunksOf(sse).chunks), completion)
      assert.deepEqual(
        calls.map((call) => call.type === 'function' && call.function.arguments),
        inputs,
      )
    }),
    { numRuns: 300 },
  )
})

test('an answer that is cut anywhere by its upstream never looks whole; one that is not always does', async () => {
  await fc.assert(
    fc.asyncProperty(sample, fc.nat(), async ({ provider, events, behind }, cut) => {
      const kept = events.slice(0, cut % (events.length + 1))
      const { sse, outcome } = await asStream(provider, [bytesOf(kept)])
      const { chunks, done: isDone } = chunksOf(sse)
      const finishes = told(chunks).filter((delta) => typeof delta === 'string')
      const roles = told(chunks).filter((delta) => typeof delta === 'object' && delta.role)

      const whole = kept.length >= events.length - behind
      assert.equal(isDone, whole)
      assert.equal(finishes.length, whole ? 1 : 0)
      assert.equal(outcome.failure === undefined, whole)
      assert.equal(roles.length, chunks.length > 0 ? 1 : 0)
    }),
    { numRuns: 300 },
  )
})

test('KT7: a stream that tells nothing more from anywhere on is completed by its last event', async () => {
  await fc.assert(
    fc.asyncProperty(samples.openai, fc.nat(), async ({ provider, events, body }, cut) => {
      const last = events.at(-1)!
      const kept = events.slice(0, cut % events.length)

      const completion = await collectedFrom(provider, bytesOf([...kept, last]))

      assert.deepEqual(completion, fromBody(provider, body))
    }),
    { numRuns: 300 },
  )
})

test('KT7: wherever each item of a stream stops, the last event completes it, and nothing comes twice', async () => {
  const cuts = fc.array(fc.nat(8), { minLength: 6, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(samples.openai, cuts, async ({ provider, events, body }, left) => {
      const ofItem = (index: unknown) => events.filter((event) => event.output_index === index)
      const kept = events.filter((event) => {
        const { output_index: index } = event
        return typeof index !== 'number' || ofItem(index).indexOf(event) < left[index]!
      })

      const completion = await collectedFrom(provider, bytesOf(kept))

      const [message, whole] = [completion, fromBody(provider, body)].map(
        (one) => one?.choices[0]?.message,
      )
      assert.equal(message?.content?.length, whole?.content?.length)
      assert.deepEqual(inputsOf(message), inputsOf(whole))
    }),
    { numRuns: 500 },
  )
})

/** In any order: calls are told when their names are known. */
function inputsOf(message: ChatCompletionMessage | undefined): string[] {
  const calls = message?.tool_calls ?? []
  return calls.map((call) => (call.type === 'function' ? call.function.arguments : '')).toSorted()
}
