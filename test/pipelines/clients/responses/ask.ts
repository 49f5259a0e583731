/** Reads a Responses request for a test, with what a client cannot leave out. */
import { isDeepStrictEqual } from 'node:util'
import { readResponses, type ResponsesRead } from '../../../../pipelines/clients/responses/read.ts'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Piece, Turn } from '../../../../pipelines/neutral/request.ts'

/** Throws when the body was changed. */
export function ask(body: JsonObject = {}): ResponsesRead {
  const whole = { model: 'claude-x', input: 'hello', ...body }
  const before = structuredClone(whole)
  const read = readResponses(whole)
  if (!isDeepStrictEqual(whole, before)) throw new Error('the request was changed')
  return read
}

/** The turns of such items, which may be nothing to answer by themselves. */
export function turnsOf(...items: unknown[]): Turn[] {
  const last = { role: 'user', content: 'Go on.' }
  return ask({ input: [...items, last] }).request.turns.slice(0, -1)
}

/** Role and pieces of each turn, without places and what OpenAI's own writer sends. */
export function heard(...input: unknown[]): [role: string, ...pieces: object[]][] {
  return turnsOf(...input).map(spoken)
}

function spoken({ role, pieces }: Turn): [role: string, ...pieces: object[]] {
  return [role, ...pieces.map(bare)]
}

function bare(piece: Piece): object {
  const rest = Object.fromEntries(
    Object.entries(piece).filter(([name]) => !/place$/i.test(name) && name !== 'own'),
  )
  return Array.isArray(rest.content) ? { ...rest, content: rest.content.map(bare) } : rest
}

/** The 400 that such a body is refused with. */
export function refusal(body: JsonObject): ProxyError {
  try {
    ask(body)
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
  throw new Error('the request was not refused')
}
