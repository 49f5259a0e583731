/** What an upstream says its answer is. */
import type { IncomingMessage } from 'node:http'

/** Looks at the media type alone: `text/event-stream; charset=utf-8` is one, too. In: the value of `content-type`. */
export function isEventStream(type: string | undefined): boolean {
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(type ?? '')
}

/** False only for an answer that says itself that it is something else. */
export function mayBeJson(answer: IncomingMessage): boolean {
  const type = answer.headers['content-type']
  return type === undefined || /[/+]json\b|^text\/plain\b/i.test(type)
}
