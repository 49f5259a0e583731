/**
 * A Responses request on the route of chat. Cursor's agent mode sends one there, with the tools of both APIs among each other,
 * and reads a chat answer. Source: OpenAI API reference "Responses"; litellm #34029, read 2026-11.
 */
import { badRequest } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Turn } from '../../neutral/request.ts'
import { isGiven, objectAt, textAt } from '../../untrusted.ts'
import { readTurns } from './turns.ts'

/** Members that name something which is kept at OpenAI: without it the model would answer another conversation. */
const stored = ['previous_response_id', 'conversation', 'prompt']

/** The turns, and the body with the names that chat has for its other members. Throws a 400 with the place of the first fault. */
export function chatFormOf(sent: JsonObject): { body: JsonObject; turns: Turn[] } {
  for (const name of stored) {
    if (!isGiven(sent[name])) continue
    const message = `${name} is not available here; send the whole conversation in input.`
    throw badRequest('unsupported_parameter', name, message)
  }
  const { input, instructions, max_output_tokens: limit } = sent
  const text = isGiven(sent.text) ? objectAt(sent.text, 'text') : {}
  const { format, verbosity } = text
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  const turns = readTurns(items, 'input')
  const body = {
    ...sent,
    ...(isGiven(limit) && !isGiven(sent.max_completion_tokens) && { max_completion_tokens: limit }),
    ...(isObject(format) && !isGiven(sent.response_format) && { response_format: format }),
    ...(isGiven(verbosity) && !isGiven(sent.verbosity) && { verbosity }),
  }
  return { body, turns: isGiven(instructions) ? [instruction(instructions), ...turns] : turns }
}

function instruction(value: unknown): Turn {
  const place = 'instructions'
  const text = textAt(value, place)
  return { role: 'instruction', pieces: [{ type: 'text', text, place }], place }
}
