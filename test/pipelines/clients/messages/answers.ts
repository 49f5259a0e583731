/** Serialises deltas for a Messages client, and puts a stream of events together again as the official SDK does. */
import type { MessagesAnswerContext } from '../../../../pipelines/clients/messages/answer.ts'
import { messagesBody } from '../../../../pipelines/clients/messages/body.ts'
import { messagesStream } from '../../../../pipelines/clients/messages/stream.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'

export interface Event extends JsonObject {
  type: string
}

export const context: MessagesAnswerContext = {
  requestedModel: 'gpt-x',
  fallbackId: 'fallback',
  endpoint: 'e',
  reasoning: 'text',
  searches: false,
}

export const begun: Delta = { type: 'start', id: 'resp_0123abcd' }
export const stopped: Delta = { type: 'stop', reason: 'stop' }

/** The events behind `message_start` and its `ping`. */
export function eventsOf(deltas: Delta[], more: Partial<MessagesAnswerContext> = {}): Event[] {
  return allEvents(deltas, more).slice(2)
}

export function allEvents(deltas: Delta[], more: Partial<MessagesAnswerContext> = {}): Event[] {
  const serialiser = messagesStream({ ...context, ...more })
  const written = deltas.map((delta) => serialiser.write(delta)).join('')
  return parsed(serialiser.head() + written)
}

export function parsed(text: string): Event[] {
  const events = text.split('\n\n')
  if (events.pop() !== '') throw new Error('the last event has no blank line')
  return events.map((event) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? []
    const value = JSON.parse(data ?? '') as Event
    if (value.type !== name) throw new Error(`${name} has the type ${value.type}`)
    return value
  })
}

export function bodyOf(deltas: Delta[], more: Partial<MessagesAnswerContext> = {}): JsonObject {
  const serialiser = messagesBody({ ...context, ...more })
  for (const delta of deltas) serialiser.add(delta)
  const body = serialiser.body()
  if (!body) throw new Error('the answer has no end')
  return body
}

/**
 * What the events say, as a body. Throws where a block is not alone, or its index is not the next. `inputOf`: of the text of
 * a call's input.
 */
export function collected(
  events: Event[],
  inputOf: (text: string) => unknown = (text) => JSON.parse(text),
): JsonObject {
  let message: JsonObject = {}
  const blocks: JsonObject[] = []
  const inputs: string[] = []
  let open: number | undefined
  const openBlock = (index: unknown): JsonObject => {
    const block = index === open && open !== undefined ? blocks[open] : undefined
    if (!block) throw new Error(`the block ${String(index)} is not open`)
    return block
  }
  for (const event of events) {
    const delta = (event.delta ?? {}) as JsonObject
    switch (event.type) {
      case 'message_start':
        message = event.message as JsonObject
        break
      case 'content_block_start':
        if (open !== undefined || event.index !== blocks.length) throw new Error('out of order')
        open = blocks.length
        blocks.push({ ...(event.content_block as JsonObject) })
        inputs.push('')
        break
      case 'content_block_delta':
        addPiece(openBlock(event.index), delta, inputs)
        break
      case 'content_block_stop': {
        const block = openBlock(event.index)
        const input = inputs.at(-1) ?? ''
        if ('input' in block && input !== '') block.input = inputOf(input)
        open = undefined
        break
      }
      case 'message_delta':
        message = { ...message, ...delta, usage: event.usage }
        break
      default:
    }
  }
  if (open !== undefined) throw new Error('a block is still open')
  return { ...message, content: blocks }
}

function addPiece(block: JsonObject, delta: JsonObject, inputs: string[]): void {
  if (delta.type === 'text_delta') block.text = `${String(block.text)}${String(delta.text)}`
  if (delta.type === 'thinking_delta') {
    block.thinking = `${String(block.thinking)}${String(delta.thinking)}`
  }
  if (delta.type === 'signature_delta') block.signature = delta.signature
  if (delta.type === 'input_json_delta') inputs.push(`${inputs.pop()}${String(delta.partial_json)}`)
  if (delta.type === 'citations_delta') {
    block.citations = [...((block.citations ?? []) as unknown[]), delta.citation]
  }
}
