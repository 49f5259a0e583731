/**
 * Recorded answers of real upstreams, and the golden ones of this project, down the whole road. The recorded ones are not
 * part of the project; without their folder those tests are skipped.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { ChatCompletion } from '../../pipelines/wire/chat.ts'
import { eventsOf, sliced } from './stages/slices.ts'
import { chunksOf, collected, officialClient, told } from './clients/chat/chat-answers.ts'
import {
  asStream,
  collectedFrom,
  filesIn,
  fromBody,
  recordingsIn,
  type Recording,
} from './clients/chat/replay-answers.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')
const recordedDir = path.join(projectDir, '..', 'shared', 'fixtures')
const goldenDir = path.join(projectDir, 'test', 'fixtures')

const recorded = recordingsIn(recordedDir)
const golden = recordingsIn(goldenDir) ?? []
const recordings = [...golden, ...(recorded ?? [])]

test('the folder of golden answers is not empty', () => assert.ok(golden.length > 0))
test('recorded answers', { skip: !recorded && 'there is no ../shared/fixtures' }, () => {
  assert.ok(recorded && recorded.length > 0)
})

for (const recording of recordings) {
  describe(recording.name, () => {
    const { provider, bytes, body } = recording

    test('however it is sliced, the client gets the same', async () => {
      const whole = await asStream(provider, [bytes])
      for (const size of [1, 7, 1000]) {
        assert.deepEqual(await asStream(provider, sliced(bytes, size)), whole, `slices of ${size}`)
      }
    })

    test('the chunks keep the order of a good stream, or end in a failure', async () => {
      const { sse, outcome } = await asStream(provider, [bytes])
      assertGoodOrder(sse, outcome.failure !== undefined)
    })

    test('the official client takes it, or raises', async () => {
      const { sse, outcome } = await asStream(provider, [bytes])
      const completion = await collectedFrom(provider, bytes)
      assert.equal(completion === undefined, outcome.failure !== undefined)

      // The client's accumulator knows no custom tools: it asks every call for a function's name.
      if (completion?.choices[0]?.message.tool_calls?.some(({ type }) => type === 'custom')) return
      if (completion) assertSameSense(await officialClient(sse), completion)
      else await assert.rejects(officialClient(sse))
    })

    test('contract §1.4: the body collected from the deltas says the same as the chunks', async () => {
      const completion = await collectedFrom(provider, bytes)
      if (!completion) return
      const { sse } = await asStream(provider, [bytes])

      assert.deepEqual(collected(chunksOf(sse).chunks), completion)
    })

    test('a body gives the same answer as the stream', async () => {
      const completion = await collectedFrom(provider, bytes)
      if (!completion) return
      for (const same of [body, await bodyOf(recording)]) {
        if (same) assert.deepEqual(plain(fromBody(provider, same)), plain(completion))
      }
    })
  })
}

describe('golden answers', () => {
  for (const { name, provider, bytes } of golden) {
    test(`${name} gives its chunks`, async () => {
      const expected = readFileSync(path.join(goldenDir, name.replace(/\.sse$/, '.chat')), 'utf8')

      assert.equal((await asStream(provider, [bytes])).sse, expected)
    })
  }
})

const chatDir = path.join(recordedDir, 'chat')
for (const file of existsSync(chatDir) ? filesIn(chatDir) : []) {
  test(`chat/${path.basename(file)} reads the same however it is sliced`, async () => {
    const bytes = readFileSync(file)
    const whole = await eventsOf([bytes])

    assert.ok(whole.length > 1)
    for (const { data } of whole) assert.ok(data === '[DONE]' || JSON.parse(data))
    for (const size of [1, 7, 1000]) assert.deepEqual(await eventsOf(sliced(bytes, size)), whole)
  })
}

function assertGoodOrder(sse: string, failed: boolean): void {
  const { chunks, done } = chunksOf(sse)
  const all = told(chunks)
  const roles = all.filter((delta) => typeof delta === 'object' && delta.role !== undefined)
  const finishes = all.filter((delta) => typeof delta === 'string')
  assert.equal(done, !failed)
  assert.equal(finishes.length, failed ? 0 : 1)
  assert.equal(roles.length, chunks.length > 0 ? 1 : 0)
  assert.equal(roles[0], all[0])
  assert.equal(
    new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size <= 1,
    true,
  )
  if (!failed) assert.equal(typeof all.at(-1), 'string')
  for (const delta of all.slice(1)) {
    if (typeof delta !== 'object') continue
    assert.equal(Object.keys(delta).length, 1)
    assert.ok(!Object.values(delta).includes(''))
  }
}

/** The official accumulator knows text, refusal, tool calls, finish and usage; other fields it keeps in its own way. */
function assertSameSense(client: ChatCompletion, expected: ChatCompletion): void {
  const [given, wanted] = [client.choices[0], expected.choices[0]]
  assert.ok(given && wanted)
  assert.equal(given.finish_reason, wanted.finish_reason)
  assert.equal(given.message.content || null, wanted.message.content || null)
  assert.equal(given.message.refusal ?? null, wanted.message.refusal)
  assert.deepEqual(client.usage, expected.usage)
  assert.equal(client.id, expected.id)
  const functions = wanted.message.tool_calls?.filter(({ type }) => type === 'function') ?? []
  const givenFunctions = given.message.tool_calls?.filter(({ type }) => type === 'function') ?? []
  assert.deepEqual(
    givenFunctions.map((call) => [call.id, call.type === 'function' && call.function]),
    functions.map((call) => [call.id, call.type === 'function' && call.function]),
  )
}

const hasNoBody = new Set([
  // without message_stop the SDK gives no message
  'anthropic/framing.sse',
  // arguments that were cut are no JSON object, as a body would need
  'anthropic/max-tokens-mid-tool.sse',
  // put together by its recorder from two answers
  'responses/incomplete-max-tokens.sse',
  // encrypted anew in every event
  'responses/reasoning-encrypted-tool-step1.sse',
  // another call_id in every event
  'responses/parallel-tool-calls.sse',
])

/** The body that the upstream would have sent: put together by its own SDK, or told in its last event. */
async function bodyOf({ name, provider, bytes }: Recording): Promise<JsonObject | undefined> {
  if (hasNoBody.has(name)) return undefined
  const events = await eventsOf([bytes])
  const all = events.flatMap(({ data }): JsonObject[] =>
    data === '[DONE]' ? [] : [JSON.parse(data)],
  )
  return provider === 'anthropic' ? messageOf(all) : responseOf(all)
}

async function messageOf(events: JsonObject[]): Promise<JsonObject> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  const stream = MessageStream.fromReadableStream(new Response(lines).body!)
  return JSON.parse(JSON.stringify(await stream.finalMessage()))
}

/** Some recorders and upstreams fill the last event's output only in part. */
function responseOf(events: JsonObject[]): JsonObject | undefined {
  const last = events.findLast((event) => typeof event.response === 'object')
  const response = last?.response as JsonObject | undefined
  const items = events.filter(({ type }) => type === 'response.output_item.done').length
  return Array.isArray(response?.output) && response.output.length === items ? response : undefined
}

/** Arguments are parsed, since a body of Anthropic's holds no text to keep; indexes of reasoning may have gaps in a stream. */
function plain(completion: ChatCompletion | undefined): unknown {
  return JSON.parse(JSON.stringify(completion), (key, value: unknown) => {
    if (key === 'arguments' && typeof value === 'string') return asJson(value)
    return value
  })
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // cut by max_tokens: kept as it is
    return text
  }
}
