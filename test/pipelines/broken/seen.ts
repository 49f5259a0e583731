/** What a client makes of a stream: checked as its official package does, or more strictly. */
import assert from 'node:assert/strict'
import type { ClientApi } from '../../../pipelines/index.ts'
import { isObject, valueIn, type JsonObject } from '../../../pipelines/json/value.ts'
import { chunksOf, collected as collectedChat, told } from '../clients/chat/chat-answers.ts'
import {
  collected as collectedMessage,
  parsed as parsedMessage,
} from '../clients/messages/answers.ts'
import {
  collected as collectedResponse,
  parsed as parsedResponse,
} from '../clients/responses/answers.ts'

export interface SeenAnswer {
  isWhole: boolean
  /** as a body; of a whole answer only */
  body?: JsonObject
}

/** Throws where the stream is not well-formed in its dialect. */
export const readers: Record<ClientApi, (stream: string) => SeenAnswer | Promise<SeenAnswer>> = {
  chat: readChat,
  messages: readMessages,
  responses: readResponses,
}

function readChat(stream: string): SeenAnswer {
  const failure = /(?:^|\n\n)data: \{"error":[^\n]*\n\n$/.exec(stream)
  const { chunks, done } = chunksOf(
    failure ? stream.slice(0, failure.index) + (failure.index > 0 ? '\n\n' : '') : stream,
  )
  const all = told(chunks)
  const finishes = all.filter((delta) => typeof delta === 'string')
  const roles = all.filter((delta) => typeof delta === 'object' && delta.role !== undefined)
  assert.ok(failure ? !done : done, 'an end, or an error')
  assert.equal(finishes.length, done ? 1 : 0)
  assert.equal(roles.length, chunks.length > 0 ? 1 : 0)
  assert.equal(roles[0], all[0])
  if (done) assert.equal(typeof all.at(-1), 'string')
  const begun = new Set<number>()
  for (const delta of all) {
    if (typeof delta === 'string') continue
    for (const { index, id } of delta.tool_calls ?? []) {
      assert.equal(begun.has(index), id === undefined, 'a call begins once')
      if (id !== undefined) assert.equal(index, begun.size)
      begun.add(index)
    }
  }
  return done ? { isWhole: true, body: { ...collectedChat(chunks) } } : { isWhole: false }
}

function readMessages(stream: string): SeenAnswer {
  const events = parsedMessage(stream)
  const types = events.map(({ type }) => type)
  const isWhole = types.at(-1) === 'message_stop'
  assert.ok(isWhole || types.at(-1) === 'error')
  assert.equal(types.filter((type) => type === 'message_stop' || type === 'error').length, 1)
  assert.equal(types.filter((type) => type === 'message_start').length, types.length > 1 ? 1 : 0)
  assert.equal(types.filter((type) => type === 'message_delta').length, isWhole ? 1 : 0)
  return isWhole ? { isWhole, body: collectedMessage(events, inputOf) } : { isWhole }
}

/** As a body has it. */
function inputOf(text: string): JsonObject {
  const value = valueIn(text)
  if (value === undefined) return text.trim() === '' ? {} : { raw_arguments: text }
  return isObject(value) ? value : { value }
}

async function readResponses(stream: string): Promise<SeenAnswer> {
  if (!stream.startsWith('event: response.created')) {
    assert.match(stream, /^event: error\n[^\n]*\n\nevent: response\.failed\n[^\n]*\n\n$/)
    return { isWhole: false }
  }
  const events = parsedResponse(stream)
  const ends = events.filter(({ type }) => /^response\.(?:completed|incomplete|failed)$/.test(type))
  assert.equal(ends.length, 1)
  assert.equal(ends[0], events.at(-1))
  const isWhole = ends[0]!.type !== 'response.failed'
  const { output } = ends[0]!.response as { output: JsonObject[] }
  const closed = events.filter(({ type }) => type === 'response.output_item.done')
  const opened = events.filter(({ type }) => type === 'response.output_item.added')
  assert.deepEqual(
    opened.map(({ output_index: index }) => index),
    opened.map((_, index) => index),
  )
  if (!isWhole) return { isWhole }
  const kept = output.filter(({ type, status }) => !isCutCall(type, status))
  const inOrder = closed.toSorted((a, b) => Number(a.output_index) - Number(b.output_index))
  assert.deepEqual(
    inOrder.map(({ item }) => item),
    kept,
  )
  return { isWhole, body: await collectedResponse(stream) }
}

function isCutCall(type: unknown, status: unknown): boolean {
  return String(type).endsWith('call') && status === 'incomplete'
}

/** Text and calls of a body, whichever API it is of. `isCut`: it says itself that it is not whole. */
export function contentOf(api: ClientApi, body: JsonObject) {
  if (api === 'chat') return ofChat(body)
  return api === 'messages' ? ofMessage(body) : ofResponse(body)
}

function ofChat({ choices }: JsonObject) {
  const [{ message, finish_reason: reason }] = choices as [JsonObject]
  const { content, tool_calls: calls = [] } = message as JsonObject
  const functions = (calls as JsonObject[]).flatMap((call) => (call.function ?? []) as JsonObject[])
  return {
    text: typeof content === 'string' ? content : '',
    inputs: functions.map((called) => String(called.arguments)),
    isCut: reason === 'length' || reason === 'content_filter',
  }
}

function ofMessage({ content, stop_reason: reason }: JsonObject) {
  const blocks = content as JsonObject[]
  return {
    text: blocks.map(({ type, text }) => (type === 'text' ? String(text) : '')).join(''),
    inputs: blocks.flatMap(({ type, input }) => {
      if (type !== 'tool_use') return []
      const { raw_arguments: raw } = input as JsonObject
      return [typeof raw === 'string' ? raw : JSON.stringify(input)]
    }),
    isCut: reason === 'max_tokens' || reason === 'refusal',
  }
}

function ofResponse({ output, status }: JsonObject) {
  const items = output as JsonObject[]
  const parts = items.flatMap(({ content }) => (content ?? []) as JsonObject[])
  return {
    text: parts.map(({ type, text }) => (type === 'output_text' ? String(text) : '')).join(''),
    inputs: items.flatMap(({ type, arguments: input, status: state }) =>
      type === 'function_call' && state !== 'incomplete' ? [String(input)] : [],
    ),
    isCut: status === 'incomplete',
  }
}
