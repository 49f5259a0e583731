/**
 * The tokens of a stream, which this API reports only to who asks: in a chunk of its own, without choices, at the end.
 * Source: OpenAI API reference "Chat Completions", `stream_options`, read 2026-11.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'

/** Asks for the tokens in the client's place; false where it asks itself, be it in OpenRouter's words. */
function askForUsage(document: JsonDocument): boolean {
  const [options, openRouters] = [document.get('stream_options'), document.get('usage')]
  const own = isObject(options) ? options : {}
  const asksItself = own.include_usage === true || (isObject(openRouters) && openRouters.include)
  if (asksItself === true) return false
  document.set('stream_options', { ...own, include_usage: true })
  return true
}

/**
 * Whether a refusal is of the question for tokens: servers that do not know it name it. Mistral: 422, `extra_forbidden` with
 * `["body","stream_options","include_usage"]`; old vLLM and Fireworks: 400, the same in other words. One that says nothing at
 * all may be of it, too, and to ask again costs nothing that was taken.
 * Source: openai/openai-agents-python #442, modelscope/ms-agent #489, FlowiseAI/Flowise #2866, cline/cline #582, read 2026-11.
 */
function refusesUsage(body: string): boolean {
  return body.includes('stream_options') || body.includes('include_usage') || body.trim() === ''
}

/** The statuses of such refusals. */
const usageRefusals = [400, 422] as const

/** The same request without the question. */
function withoutAsking(bytes: Buffer): Buffer[] {
  const document = JsonDocument.parse(bytes)
  const options = document.get('stream_options')
  const { include_usage: _, ...others } = isObject(options) ? options : {}
  if (Object.keys(others).length > 0) document.set('stream_options', others)
  else document.delete('stream_options')
  return document.pieces()
}

const nothing = Buffer.alloc(0)
/** Bytes; a longer event is no chunk of tokens, and does not wait for its end. */
const maxWaiting = 1024 * 1024
const usage = Buffer.from('"usage"')

/**
 * Bytes -> the same bytes without the chunk that nobody asked for: some clients read the first choice of every chunk. An event
 * goes on when it is whole. Plain quotes are never part of the model's text, where they are escaped.
 */
export function withoutUsage(): Transform {
  let waiting: Buffer = nothing
  return new Transform({
    transform(piece: Buffer, _encoding, done: TransformCallback) {
      const bytes = waiting.length > 0 ? Buffer.concat([waiting, piece]) : piece
      const whole = endOfEvents(bytes)
      const end = bytes.length - whole > maxWaiting ? bytes.length : whole
      waiting = bytes.subarray(end)
      done(null, filtered(bytes.subarray(0, end)))
    },
    flush(done) {
      done(null, filtered(waiting))
    },
  })
}

/** Behind the last blank line. */
function endOfEvents(bytes: Buffer): number {
  const lf = bytes.lastIndexOf('\n\n')
  const crlf = bytes.lastIndexOf('\r\n\r\n')
  return Math.max(lf === -1 ? 0 : lf + 2, crlf === -1 ? 0 : crlf + 4)
}

function filtered(events: Buffer): Buffer {
  if (!events.includes(usage)) return events
  const text = events.toString('latin1')
  if (!noChoices.test(text)) return events
  const kept = text.split(/(?<=\n\r?\n)/).filter((event) => !isUsage(event))
  return Buffer.from(kept.join(''), 'latin1')
}

const noChoices = /"choices"\s*:\s*\[\s*\]/

/** Other chunks without choices stay, such as Azure's verdict on the prompt. */
function isUsage(event: string): boolean {
  return noChoices.test(event) && /"usage"\s*:\s*\{/.test(event)
}

/** How this API is asked for the tokens of a stream in the client's place. */
export const usageOnDemand = {
  ask: askForUsage,
  hide: withoutUsage,
  refusals: usageRefusals,
  isRefused: refusesUsage,
  leaveOut: withoutAsking,
}
