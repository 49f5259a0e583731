/** An answer of the Responses API as events. Source: OpenAI API reference "Streaming events", read 2026-11. */
import type { ResponsesAnswer, ResponsesItem } from '../../pipelines/wire/responses.ts'
import { midstreamMessage, namedEvent, type DemoEvent } from './api.ts'
import { objectsIn } from './ask.ts'
import { jsonPieces, words } from './tokens.ts'

/** The whole life of an answer, from `response.created` to `response.completed` or `.incomplete`. */
export function responseEvents(answer: ResponsesAnswer): DemoEvent[] {
  const response = begun(answer)
  return numbered(
    [
      event('response.created', { response }),
      event('response.in_progress', { response }),
      ...answer.output.flatMap(itemEvents),
      event(`response.${answer.status}`, { response: answer }),
    ],
    0,
  )
}

/** How the API breaks off after `sent` events: an `error`, nested unlike in its reference, then the answer that failed. */
export function responseFailure(answer: ResponsesAnswer, sent: number): DemoEvent[] {
  const error = { code: 'server_error', message: midstreamMessage }
  const response = { ...begun(answer), status: 'failed', error }
  return numbered(
    [
      event('error', { error: { type: 'server_error', ...error, param: null } }),
      event('response.failed', { response }),
    ],
    sent,
  )
}

function begun(answer: ResponsesAnswer): ResponsesAnswer {
  const { completed_at: _, ...rest } = answer
  return { ...rest, status: 'in_progress', incomplete_details: null, output: [], usage: null }
}

function itemEvents(item: ResponsesItem, index: number): Unnumbered[] {
  const { empty, events } = inPieces(item)
  for (const { members } of events) {
    Object.assign(members, { item_id: item.id, output_index: index })
  }
  return [
    event('response.output_item.added', { output_index: index, item: empty }),
    ...events,
    event('response.output_item.done', { output_index: index, item }),
  ]
}

/** An item as it is added, and the events that fill it. */
function inPieces(item: ResponsesItem): { empty: object; events: Unnumbered[] } {
  switch (item.type) {
    case 'reasoning': {
      const [part] = objectsIn(item.summary)
      const names = { part: 'reasoning_summary_part', text: 'reasoning_summary_text' }
      return {
        empty: { ...item, summary: [] },
        events: partEvents(names, { summary_index: 0 }, part ?? {}),
      }
    }
    case 'message': {
      const [part] = objectsIn(item.content)
      const names = { part: 'content_part', text: 'output_text' }
      return {
        empty: { ...item, status: 'in_progress', content: [] },
        events: partEvents(names, { content_index: 0 }, part ?? {}),
      }
    }
    case 'custom_tool_call':
      return {
        empty: { ...item, status: 'in_progress', input: '' },
        events: pieceEvents('custom_tool_call_input', words(String(item.input)), 'input', {}),
      }
    default:
      return {
        empty: { ...item, status: 'in_progress', arguments: '' },
        events: pieceEvents(
          'function_call_arguments',
          jsonPieces(String(item.arguments)),
          'arguments',
          {},
        ),
      }
  }
}

function partEvents(
  names: { part: string; text: string },
  at: object,
  part: Record<string, unknown>,
): Unnumbered[] {
  const extra = 'logprobs' in part ? { ...at, logprobs: [] } : at
  return [
    event(`response.${names.part}.added`, { ...at, part: { ...part, text: '' } }),
    ...pieceEvents(names.text, words(String(part.text)), 'text', extra),
    event(`response.${names.part}.done`, { ...at, part }),
  ]
}

/** One delta a piece, then the whole under `member`. */
function pieceEvents(name: string, pieces: string[], member: string, at: object): Unnumbered[] {
  const events = pieces.map((delta) => event(`response.${name}.delta`, { ...at, delta }, true))
  events.push(event(`response.${name}.done`, { ...at, [member]: pieces.join('') }))
  return events
}

/** An event that has no number yet. */
interface Unnumbered {
  name: string
  members: object
  piece: boolean
}

function event(name: string, members: object, piece = false): Unnumbered {
  return { name, members, piece }
}

function numbered(events: Unnumbered[], first: number): DemoEvent[] {
  return events.map(({ name, members, piece }, index) =>
    namedEvent(name, { ...members, sequence_number: first + index }, piece),
  )
}
