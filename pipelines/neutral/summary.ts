/**
 * A summary that stands for a conversation, from a model whose API has no such thing: it is asked for as the last word of the
 * conversation, sealed for the client, and told to the next model as the user's words, whichever that is.
 */
import type { NeutralRequest, Turn } from './request.ts'
import { isSealed, sealedIn, sealOf } from './seal.ts'

const version = 1

/** The last turn of a conversation that is to be summed up. Without tools, and not to the user: a model is to go on from it. */
const question =
  'The conversation has become too long to go on with. Sum it up for the model that takes over from here, which will see nothing of ' +
  'it but your summary and perhaps some of my messages. Write down what I want, word for word where the wording matters; what has ' +
  'been done, found out and decided; files, commands, names and values that are still needed; what failed, and why; what is being ' +
  'worked on now, and what comes next. Leave out what no longer matters. Call no tool and answer with the summary alone.'

/** The request for a summary. The tools stay declared, since the conversation has calls of them. */
export function askingForSummary(request: NeutralRequest): NeutralRequest {
  const { format: _format, turns, ...rest } = request
  const place = turns.at(-1)?.place ?? ''
  const last: Turn = { role: 'user', pieces: [{ type: 'text', text: question, place }], place }
  return {
    ...rest,
    turns: [...turns, last],
    ...(request.tools.length > 0 && { toolChoice: { type: 'none', place } }),
  }
}

const introduction =
  'The conversation up to here has been replaced by this summary of it, which a model has written. Go on from there.'

/** What the next model reads in its place. */
export function summaryText(summary: string): string {
  return `<conversation_summary>\n${introduction}\n\n${summary}\n</conversation_summary>`
}

export function sealSummary(summary: string): string {
  return sealOf({ v: version, s: summary })
}

/** Undefined for everything that `sealSummary` has not made. */
export function openSummary(value: unknown): string | undefined {
  const { v, s, ...rest } = sealedIn(value) ?? {}
  // a string of ours inside one would reach the upstream
  if (v !== version || typeof s !== 'string' || isSealed(s)) return undefined
  return Object.keys(rest).length === 0 ? s : undefined
}
