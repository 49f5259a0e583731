/** Serialises deltas for a Responses client, in both forms, and checks what holds for every answer. */
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import {
  responsesContext,
  type ResponsesAnswerContext,
} from '../../../../pipelines/clients/responses/answer.ts'
import { responseBody } from '../../../../pipelines/clients/responses/body.ts'
import { readResponses } from '../../../../pipelines/clients/responses/read.ts'
import { responseStream } from '../../../../pipelines/clients/responses/stream.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'

export interface Event extends JsonObject {
  type: string
}

const { answer } = readResponses({ model: 'claude-x', input: 'x' })

export const context: ResponsesAnswerContext = responsesContext(
  {
    requestedModel: 'claude-x',
    fallbackId: 'fallback',
    createdSeconds: 1_700_000_000,
    nowSeconds: () => 1_700_000_009,
    endpoint: 'e',
    hideReasoning: false,
  },
  answer,
)

export const begun: Delta = { type: 'start', id: 'msg_1' }
export const stopped: Delta = { type: 'stop', reason: 'stop' }
export const called: Delta = { type: 'stop', reason: 'tool-calls' }

export function text(...pieces: string[]): Delta[] {
  return [{ type: 'text-start' }, ...pieces.map((piece): Delta => ({ type: 'text', text: piece }))]
}

export function call(index: number, name: string, ...input: string[]): Delta[] {
  return [
    { type: 'tool-start', index, kind: 'function', id: `call_${index}`, name },
    ...input.map((piece): Delta => ({ type: 'tool-input', index, text: piece })),
    { type: 'tool-stop', index },
  ]
}

/** The events of an answer, without its first and its last delta: those behind the head. */
export function eventsOf(deltas: Delta[], more: Partial<ResponsesAnswerContext> = {}): Event[] {
  return parsed(streamOf(deltas, more)).slice(2)
}

export function streamOf(deltas: Delta[], more: Partial<ResponsesAnswerContext> = {}): string {
  const serialiser = responseStream({ ...context, ...more })
  const written = deltas.map((delta) => serialiser.write(delta)).join('')
  return serialiser.head() + written
}

/** Throws where an event's name is not its type, or its number not the next. */
export function parsed(stream: string): Event[] {
  const events = stream.split('\n\n')
  if (events.pop() !== '') throw new Error('the last event has no blank line')
  return events
    .filter((event) => !event.startsWith(':'))
    .map((event, number) => {
      const [, name, data] = /^event: ([\w.]+)\ndata: (.*)$/s.exec(event) ?? []
      const value = JSON.parse(data ?? '') as Event
      assert.deepEqual([value.type, value.sequence_number], [name, number])
      return value
    })
}

export function bodyOf(
  deltas: Delta[],
  more: Partial<ResponsesAnswerContext> = {},
): JsonObject & { output: JsonObject[] } {
  const serialiser = responseBody({ ...context, ...more })
  for (const delta of deltas) serialiser.add(delta)
  const body = serialiser.body()
  if (!body) throw new Error('the answer has no end')
  return body
}

/**
 * The output of an answer. Checks that the stream and the body have the same, and that the official package puts the same
 * together out of the events.
 */
export async function outputOf(
  deltas: Delta[],
  more: Partial<ResponsesAnswerContext> = {},
): Promise<JsonObject[]> {
  const body = bodyOf(deltas, more)
  const stream = streamOf(deltas, more)
  const last = parsed(stream).at(-1)
  assert.deepEqual(last?.response, body)
  assert.deepEqual(await collected(stream), body)
  return body.output
}

/** What the official package makes of the events, whose accumulator throws at what is out of order. */
export async function collected(stream: string): Promise<JsonObject> {
  const client = new OpenAI({
    apiKey: 'k',
    fetch: async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const response = await client.responses.stream({ model: 'm', input: 'x' }).finalResponse()
  const all = response as unknown as JsonObject & { output: JsonObject[] }
  const { output_parsed: _parsed, output_text: _text, output, ...rest } = all
  return { ...rest, output: output.map(withoutParsed) }
}

/** The package adds what it has parsed. */
function withoutParsed(item: JsonObject): JsonObject {
  const { parsed_arguments: _arguments, ...rest } = item
  if (!Array.isArray(rest.content)) return rest
  const content = (rest.content as JsonObject[]).map(({ parsed: _parsed, ...part }) => part)
  return { ...rest, content }
}
