/** Chunks of chat upstreams in few words, and what becomes of them. */
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import { commonTranslator } from '../../../../pipelines/providers/common/answer.ts'
import {
  translateAll,
  type TranslateContext,
  type Translator,
} from '../../../../pipelines/stages/translate.ts'

export const context: TranslateContext = { upstreamModel: 'up-1', fallbackId: 'mine' }

/** The deltas of a stream that ends with `[DONE]`. */
export function chat(...chunks: JsonObject[]): Delta[] {
  return translateAll(doneTranslator(context), chunks)
}

/** The deltas of a stream whose connection ends without `[DONE]`. */
export function cutChat(...chunks: JsonObject[]): Delta[] {
  return translateAll(commonTranslator(context), chunks)
}

export function doneTranslator(of: TranslateContext): Translator {
  const translator = commonTranslator(of)
  return {
    event: (data, name) => translator.event(data, name),
    end: () => translator.end(true),
  }
}

export function chunk(delta: JsonObject, rest: JsonObject = {}): JsonObject {
  return { id: 'chatcmpl-1', created: 1_790_000_000, choices: [{ index: 0, delta, ...rest }] }
}

export function content(text: unknown): JsonObject {
  return chunk({ content: text })
}

export function finish(reason: unknown, rest: JsonObject = {}): JsonObject {
  return { ...chunk({}, { finish_reason: reason }), ...rest }
}

/** A piece of a call; undefined members are left out. */
export function call(
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  args: unknown,
): JsonObject {
  const called = {
    ...(name !== undefined && { name }),
    ...(args !== undefined && { arguments: args }),
  }
  const entry = {
    ...(index !== undefined && { index }),
    ...(id !== undefined && { id }),
    type: 'function',
    function: called,
  }
  return chunk({ tool_calls: [entry] })
}

/**
 * The deltas in few words, one a line of an answer: `"hi"`, `think raw: hm [reasoning_content]`, `#0 f (id) {"a":1}`, a missing
 * `!` for a call without a stop, `= tool-calls`.
 */
export function brief(deltas: readonly Delta[]): string[] {
  const lines: string[] = []
  const calls = new Map<number, number>()
  for (const delta of deltas) {
    switch (delta.type) {
      case 'text-start':
        lines.push('')
        break
      case 'text':
        lines[lines.length - 1] += delta.text
        break
      case 'refusal':
        lines.push(`refused: ${delta.text}`)
        break
      case 'reasoning-stop':
        lines.push(delta.reasoning ? briefReasoning(delta.reasoning) : 'think: broken off')
        break
      case 'image':
        lines.push(`image ${delta.mediaType} ${delta.base64}`)
        break
      case 'tool-start':
        calls.set(delta.index, lines.length)
        lines.push(`#${delta.index} ${delta.name} (${delta.id}) `)
        break
      case 'tool-input':
        lines[calls.get(delta.index)!] += delta.text
        break
      case 'tool-stop':
        lines[calls.get(delta.index)!] += ' !'
        break
      case 'annotations':
        lines.push(delta.citations.map(({ url, start, end }) => `${url} ${start}-${end}`).join())
        break
      case 'stop':
        lines.push(`= ${delta.reason}`)
        break
      case 'failure': {
        const { status, code, message } = delta.failure
        lines.push(`failed ${status} ${code}: ${message}`)
        break
      }
      case 'start':
      case 'reasoning-start':
      case 'reasoning':
      case 'reasoning-part':
      case 'phase':
      case 'search':
      case 'usage':
        break
      default:
        delta satisfies never
    }
  }
  return lines
}

function briefReasoning({ kind, text, seal }: Reasoning): string {
  const field = seal && 'field' in seal ? seal.field : 'none'
  const entries = seal && 'field' in seal && seal.entries ? ` ${JSON.stringify(seal.entries)}` : ''
  return `think ${kind}: ${text} [${field}]${entries}`
}
