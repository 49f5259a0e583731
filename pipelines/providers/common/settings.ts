/**
 * Settings that only some of the many chat servers take. Agents send them with every request, whatever their user chose, so that a
 * refusal ends the session.
 * @see https://github.com/chenyme/grok2api/issues/814
 * @see https://github.com/deepseek-ai/awesome-deepseek-integration/issues/606
 * @see https://github.com/RightNow-AI/openfang/issues/640
 */
import type { JsonDocument } from '../../json/document.ts'

/** Without these a model answers the same question, if not in the same way. */
const settings = [
  'reasoning_effort',
  'tool_choice',
  'parallel_tool_calls',
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'verbosity',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
].map((name) => ({ name, written: new RegExp(String.raw`\b${name.replaceAll('_', '_?')}\b`, 'i') }))

/** Takes those out that the refusal names; false where the request has none of them. */
export function leaveSettingsOut(document: JsonDocument, refusal: string): boolean {
  const named = settings.filter(({ written }) => written.test(refusal))
  const sent = named.filter(({ name }) => isSet(name, document.get(name)))
  for (const { name } of sent) document.delete(name)
  return sent.length > 0
}

/** Without a choice that calls no tool, the model could call one. */
function isSet(name: string, value: unknown): boolean {
  return value !== undefined && !(name === 'tool_choice' && value === 'none')
}
