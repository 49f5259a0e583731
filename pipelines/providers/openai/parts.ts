/**
 * Chat content as the content parts of Responses: `input_*` for what the model reads, `output_text`
 * for what it said.
 */
import { badRequest } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { isGiven, objectAt, textAt } from '../../untrusted.ts'
import { attachmentOf, isAttachment } from '../../clients/attachment.ts'
import { refuseForeignSource, wordsOf } from './anthropic-parts.ts'
import { attachmentPart } from './files.ts'

/** Which members a part has depends on `type`. */
export type Part = JsonObject & { type: string }

/**
 * What Anthropic has among the parts: calls become items of their own, and Claude's thinking means
 * nothing to OpenAI.
 */
const besideSpeech = ['tool_use', 'thinking', 'redacted_thinking']
/** Loads tools that Claude had been told of in part; an OpenAI model has been told of all. */
const meaningless = ['tool_reference']
const textTypes = new Set(['text', 'input_text', 'output_text'])

/**
 * What a user, a developer or a tool said, without empty text and without parts of the types
 * `beside`. Throws a 400 that names a part which cannot be carried over.
 */
export function inputParts(content: unknown, place: string, beside: string[] = []): Part[] {
  return entriesOf(content, place)
    .filter(({ value }) => !isOneOf(value, beside) && !isOneOf(value, meaningless))
    .map(({ value, at }) => inputPart(value, at))
    .filter((part) => part.type !== 'input_text' || part.text !== '')
}

/**
 * What the assistant said as `text` and `refusal` parts, without empty ones: an assistant's part is
 * never an `input_text`.
 */
export function spokenParts(content: unknown, place: string): Part[] {
  return entriesOf(content, place)
    .filter(({ value }) => !isOneOf(value, besideSpeech) && !isServerBlock(value))
    .map(({ value, at }) => spokenPart(value, at))
    .filter(({ text, refusal }) => text !== '' && refusal !== '')
}

/** The parts of one type, for clients that put Anthropic's tool blocks into chat messages. */
export function partsOfType(
  content: unknown,
  type: string,
  place: string,
): { part: JsonObject; at: string }[] {
  if (!Array.isArray(content)) return []
  return entriesOf(content, place).flatMap(({ value, at }) =>
    isObject(value) && value.type === type ? [{ part: value, at }] : [],
  )
}

export function textPart(text: string): Part {
  return { type: 'input_text', text }
}

/** The text of parts that are all text; `undefined` as soon as one is not. */
export function textsOf(parts: Part[]): string[] | undefined {
  const texts = parts.flatMap(({ type, text }) =>
    type === 'input_text' && typeof text === 'string' ? [text] : [],
  )
  return texts.length === parts.length ? texts : undefined
}

function entriesOf(content: unknown, place: string): { value: unknown; at: string }[] {
  if (!isGiven(content)) return []
  if (typeof content === 'string') return [{ value: content, at: place }]
  if (Array.isArray(content)) {
    return content.map((value: unknown, index) => ({ value, at: `${place}[${index}]` }))
  }
  const message = `${place} is a value of type ${typeof content}; send a string or an array.`
  throw badRequest('invalid_value', place, message)
}

function isOneOf(value: unknown, types: string[]): boolean {
  return isObject(value) && typeof value.type === 'string' && types.includes(value.type)
}

/** What tools of Anthropic's own left in an assistant's turn means nothing to OpenAI. */
function isServerBlock(value: unknown): boolean {
  return isObject(value) && /^(?:server|mcp)_tool_use$|_tool_result$/.test(String(value.type))
}

function inputPart(value: unknown, place: string): Part {
  if (typeof value === 'string') return textPart(value)
  const part = objectAt(value, place)
  const type = textAt(part.type, `${place}.type`)
  if (textTypes.has(type)) return marked(textPart(textAt(part.text, `${place}.text`)), part)
  const words = wordsOf(part, place)
  if (words !== undefined) return marked(textPart(words), part)
  if (isAttachment(type)) {
    refuseForeignSource(part, place)
    return marked(attachmentPart(attachmentOf(part, type, place)), part)
  }
  throw unsupported(type, place, 'this model takes text, images and files')
}

function spokenPart(value: unknown, place: string): Part {
  if (typeof value === 'string') return { type: 'text', text: value }
  const part = objectAt(value, place)
  const type = textAt(part.type, `${place}.type`)
  if (textTypes.has(type)) return { type: 'text', text: textAt(part.text, `${place}.text`) }
  if (type === 'refusal') return { type, refusal: textAt(part.refusal, `${place}.refusal`) }
  throw unsupported(type, place, 'an assistant message holds text and refusals only')
}

/** OpenAI's own mark for its prompt cache; Anthropic's `cache_control` has no counterpart. */
function marked(part: Part, source: JsonObject): Part {
  const mark = source.prompt_cache_breakpoint
  return isGiven(mark) ? { ...part, prompt_cache_breakpoint: mark } : part
}

function unsupported(type: string, place: string, reason: string) {
  const shown = JSON.stringify(type.slice(0, 80))
  const message = `${place} has the type ${shown}, but ${reason}. Take the part out.`
  return badRequest('unsupported_content', place, message)
}
