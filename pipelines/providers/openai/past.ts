/**
 * What a model of OpenAI's, or an API that stands for theirs (Azure, Copilot, a gateway), does not take of a Responses request, and
 * would not for ever, as its client sends it each time.
 * Source: OpenAI API reference "Responses", read 2026-11.
 * @see https://github.com/openai/codex/issues/8159
 * @see https://github.com/router-for-me/CLIProxyAPI/issues/2381
 * @see https://github.com/openai/codex/issues/30161
 * @see https://github.com/openai/codex/issues/29469
 * @see https://github.com/router-for-me/CLIProxyAPI/issues/897
 * @see https://github.com/continuedev/continue/issues/9602
 * @see https://github.com/openai/codex/issues/6647
 */
import { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { nearestEffort, type Effort } from '../../model.ts'
import {
  supportedIn,
  takeMemberOut,
  takeMembersOut,
  without,
  type RefusablePast,
} from '../refusable.ts'
import { takeIncludeOut } from './fit.ts'
import { ENCRYPTED_REASONING } from './reasoning.ts'

/** Reasoning that another account or model encrypted, that was never stored, or that lost the item behind it. */
const ofReasoning =
  /invalid_encrypted_content|encrypted content [^\n]{0,300}could not be verified|item with id 'rs_[^']*' not found|of type 'reasoning' was provided without its required|reasoning input items can only be provided/i

const ofSettings =
  /un(?:supported|known|recognized) (?:parameter|value|(?:request )?argument)|encrypted content is not supported|must be verified to generate reasoning summaries/i

export const pastItems: RefusablePast = {
  refusals: [400, 404, 422],
  turns: 'input',
  isOwn: (refusal) => ofReasoning.test(refusal),
  isRefused: (refusal) => ofReasoning.test(refusal) || ofSettings.test(refusal),
  leaveOut(body, refusal, turns = Number.POSITIVE_INFINITY) {
    const document = JsonDocument.parse(body)
    if (ofReasoning.test(refusal)) takeReasoningOut(document, turns)
    else takeSettingsOut(document, refusal)
    return document.isChanged ? document.pieces() : undefined
  },
}

function takeReasoningOut(document: JsonDocument, turns: number): void {
  document.changeItems('input', (input) => {
    const before = input.slice(0, turns)
    const kept = before.filter((item) => !isObject(item) || !isReasoning(item))
    if (kept.length === before.length) return input
    return [...kept.map(withoutItemId), ...input.slice(turns)]
  })
}

/** Also as a reference to one that the API has stored. */
function isReasoning({ type, id }: JsonObject): boolean {
  return type === 'reasoning' || (type === 'item_reference' && String(id).startsWith('rs_'))
}

/** What the model said behind its reasoning is known by its id to belong to it, and refused without it. */
function withoutItemId(item: unknown): unknown {
  return isObject(item) && saidByModel.has(String(item.type)) ? without(item, 'id') : item
}

const saidByModel = new Set(['message', 'function_call', 'custom_tool_call'])

/** As a refusal names it, in its text or as the `param` of its error; a value is named where its parameter is the `param`. */
const named = /(?:parameter|value|argument)(?: supplied)?: '?([\w.[\]]+)|"param": ?"([\w.[\]]+)"/gi

function takeSettingsOut(document: JsonDocument, refusal: string): void {
  if (/encrypted content is not supported/i.test(refusal)) {
    takeIncludeOut(document, ENCRYPTED_REASONING)
  }
  if (/reasoning summaries/i.test(refusal)) takeMemberOut(document, 'reasoning', 'summary')
  for (const [, inText, param] of refusal.matchAll(named)) {
    takeOut(document, (inText ?? param!).split('.'), refusal)
  }
}

/** Without these a model answers the same question, if not in the same way. */
const settings = new Set([
  'temperature',
  'top_p',
  'top_logprobs',
  'max_output_tokens',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'truncation',
  'client_metadata',
  'user',
  'metadata',
  'stream_options',
  'reasoning',
])

/** What an item, or a part of one, is made of. */
const essentials = new Set(
  'type role content text call_id name namespace arguments input output encrypted_content summary action actions operation approve approval_request_id code outputs queries result results image_url file_data file_url file_id filename refusal tools'.split(
    ' ',
  ),
)

const toolHints = new Set(['defer_loading', 'output_schema', 'allowed_callers', 'strict'])

/** What is at that path, and at all others like it. */
function takeOut(
  document: JsonDocument,
  [first = '', second, third]: string[],
  refusal: string,
): void {
  if (second === undefined) {
    if (settings.has(first)) document.delete(first)
  } else if (first === 'reasoning' && second === 'effort') lowerEffort(document, refusal)
  else if (first === 'reasoning' || (first === 'text' && second === 'verbosity')) {
    takeMemberOut(document, first, second)
  } else if (first === 'stream_options') takeMemberOut(document, first, second)
  else if (first.startsWith('tools[') && toolHints.has(second)) {
    takeMembersOut(document, 'tools', second)
  } else if (first.startsWith('input[') && third === undefined) {
    if (second === 'id') takeIdsOut(document)
    else if (!essentials.has(second)) takeMembersOut(document, 'input', second)
  } else if (first.startsWith('input[') && !essentials.has(third!)) {
    takeOfPartsOut(document, second.replace(/\[.*/, ''), third!)
  }
}

/** A reference is nothing else. */
function takeIdsOut(document: JsonDocument): void {
  document.changeItems('input', (input) =>
    input.map((item) =>
      isObject(item) && item.type === 'item_reference' ? item : without(item, 'id'),
    ),
  )
}

function takeOfPartsOut(document: JsonDocument, list: string, member: string): void {
  document.changeItems('input', (input) =>
    input.map((item) => {
      const parts = isObject(item) ? item[list] : undefined
      if (!Array.isArray(parts)) return item
      const left = parts.map((part: unknown) => without(part, member))
      return left.every((part, at) => part === parts[at])
        ? item
        : { ...(item as object), [list]: left }
    }),
  )
}

const words = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

/** To one of those that the refusal names, else to none. */
function lowerEffort(document: JsonDocument, refusal: string): void {
  const known = supportedIn(refusal, words)
  const reasoning = document.get('reasoning')
  const effort = isObject(reasoning) ? reasoning.effort : undefined
  const word = words.find((one) => one === effort)
  if (word === undefined) return
  const nearest = word === 'none' ? known[0] : nearestEffort(word, known.filter(isEffort))
  if (nearest === undefined) takeMemberOut(document, 'reasoning', 'effort')
  else document.set('reasoning', { ...(reasoning as JsonObject), effort: nearest })
}

function isEffort(word: string): word is Effort {
  return word !== 'none'
}
