/**
 * Settings that only some of the many chat servers take. Agents send them with every request, whatever their user chose, so that a
 * refusal ends the session.
 * @see https://github.com/chenyme/grok2api/issues/814
 * @see https://github.com/deepseek-ai/awesome-deepseek-integration/issues/606
 * @see https://github.com/RightNow-AI/openfang/issues/640
 */
import { JsonDocument } from '../../json/document.ts'
import type { RefusablePast } from '../refusable.ts'

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

/** Not that a value is wrong, which is for the client to hear. */
const isUnknown =
  /not (?:yet )?(?:be |been )?support|unsupported|unavailable|incompatible|unknown|unrecogni[sz]ed|not permitted|extra_forbidden|only \S+ is allowed/i

export const refusedSettings: RefusablePast = {
  refusals: [400, 422],
  turns: 'messages',
  isOwn: () => false,
  isRefused: (refusal) => isUnknown.test(refusal),
  leaveOut(body, refusal) {
    const named = settings.filter(({ written }) => written.test(refusal))
    if (named.length === 0) return undefined
    const document = JsonDocument.parse(body)
    const sent = named.filter(({ name }) => isSet(name, document.get(name)))
    for (const { name } of sent) document.delete(name)
    return sent.length > 0 ? document.pieces() : undefined
  },
}

/** Without a choice that calls no tool, the model could call one. */
function isSet(name: string, value: unknown): boolean {
  return value !== undefined && !(name === 'tool_choice' && value === 'none')
}
