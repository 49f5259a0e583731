/** What Chat Completions nests, or calls otherwise: programs that were moved from there send it now and then. */
import { isObject, type JsonObject } from '../../json/value.ts'
import { isGiven } from '../../untrusted.ts'

/** A tool, a choice or a format with its members beside its type, where it has them in a member of the type's name. */
export function unnested(value: JsonObject): JsonObject {
  const { type } = value
  const inner = typeof type === 'string' ? value[type] : undefined
  return isObject(inner) && !isGiven(value.name) ? { ...value, ...inner, type } : value
}

/** Members of Chat Completions alone. Without a word nobody would know why they have no effect. */
export const chatMembers = [
  'messages',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'reasoning_effort',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
]
