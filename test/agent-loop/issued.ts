/** What a provider remembers of its own answers, to hold it against the history that comes back. */
import { createHash } from 'node:crypto'
import type { JsonObject } from '../../pipelines/json/value.ts'

/** A content block of Messages or an output item of Responses. */
export type Part = JsonObject & { type: string }

export interface IssuedAnswer {
  model: string
  parts: Part[]
}

/** The seal of a piece of reasoning: base64, different for each model, turn and place. */
export function sealOf(model: string, turn: number, index: number, text: string): string {
  const hash = createHash('sha512').update(JSON.stringify([model, turn, index, text]))
  return `${hash.digest('base64')}/${turn}+${index}==`
}

/** The answer that holds the part with this seal, and where. */
export function findSeal(
  issued: IssuedAnswer[],
  seal: unknown,
): { answer: IssuedAnswer; index: number } | undefined {
  for (const answer of issued) {
    const index = answer.parts.findIndex((part) => sealIn(part) === seal)
    if (typeof seal === 'string' && index !== -1) return { answer, index }
  }
  return undefined
}

/** The seal of a thinking block or a reasoning item; `undefined` for all others. */
export function sealIn(part: Part): unknown {
  if (part.type === 'thinking') return part.signature
  if (part.type === 'redacted_thinking') return part.data
  return part.type === 'reasoning' ? part.encrypted_content : undefined
}

/** Any value as text; nothing is the empty text. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
