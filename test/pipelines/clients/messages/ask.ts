/** Reads a Messages request for a test, with what a client cannot leave out. */
import { isDeepStrictEqual } from 'node:util'
import { ProxyError } from '../../../../pipelines/errors.ts'
import { readMessages, type MessagesRead } from '../../../../pipelines/clients/messages/read.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Piece, Turn } from '../../../../pipelines/neutral/request.ts'

export const hello = [{ role: 'user', content: 'hello' }]

/** Throws when the body was changed. */
export function ask(body: JsonObject = {}, headers: Record<string, string> = {}): MessagesRead {
  const whole = { model: 'gpt-x', max_tokens: 100, messages: hello, ...body }
  const before = structuredClone(whole)
  const read = readMessages(whole, headers)
  if (!isDeepStrictEqual(whole, before)) throw new Error('the request was changed')
  return read
}

/** The turns of such messages. */
export function turnsOf(...messages: unknown[]): Turn[] {
  return ask({ messages }).request.turns
}

/** The pieces of one message with such content, without their places and what Anthropic's own writer sends. */
export function piecesOf(role: 'user' | 'assistant' | 'system', content: unknown): object[] {
  const others = role === 'user' ? [] : hello
  return (turnsOf(...others, { role, content }).at(-1)?.pieces ?? []).map(bare)
}

function bare(piece: Piece): object {
  const { place: _place, own: _own, ...rest } = piece
  if (rest.type !== 'result' || typeof rest.content === 'string') return rest
  return { ...rest, content: rest.content.map(bare) }
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
