/** What an upstream says its answer is. */
import type { IncomingMessage } from 'node:http'

/** Compares the media type alone: `text/event-stream; charset=utf-8` is one, too. */
export function isEventStream(answer: IncomingMessage): boolean {
  const type = answer.headers['content-type'] ?? ''
  return type.split(';', 1)[0]!.trim().toLowerCase() === 'text/event-stream'
}

/** False only for an answer that says itself that it is something else. */
export function mayBeJson(answer: IncomingMessage): boolean {
  const type = answer.headers['content-type']
  return type === undefined || /[/+]json\b|^text\/plain\b/i.test(type)
}
