/**
 * Images and documents in Anthropic's own words, which clients leave in a chat history when they
 * change the model.
 */
import { badRequest } from '../../../lib/errors.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { isObject } from '../../wire/json.ts'

const readable = new Set<unknown>(['url', 'base64', 'text', undefined])

/** Throws a 400 for a part with a `source` that only Anthropic can read. */
export function refuseForeignSource(part: JsonObject, place: string): void {
  if (!isObject(part.source) || readable.has(part.source.type)) return
  const at = `${place}.source.type`
  const message = `${at} is not one this model can read; send base64, a URL or text.`
  throw badRequest('unsupported_content', at, message)
}
