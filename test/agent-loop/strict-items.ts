/** What OpenAI Responses refuses about the items of an input. */
import { isObject } from '../../pipelines/json/value.ts'
import { findSeal, shown, type IssuedAnswer, type Part } from './issued.ts'
import { partsIn, refusedMembers } from './strict-blocks.ts'

/** No item has an `id`: nothing is stored under it. */
const itemMembers: Record<string, string[]> = {
  message: ['type', 'role', 'content', 'phase'],
  reasoning: ['type', 'summary', 'encrypted_content'],
  function_call: ['type', 'call_id', 'name', 'arguments'],
  function_call_output: ['type', 'call_id', 'output'],
}
const partMembers: Record<string, string[]> = {
  input_text: ['type', 'text'],
  input_image: ['type', 'image_url', 'detail'],
  input_file: ['type', 'file_id', 'filename', 'file_data', 'file_url'],
  output_text: ['type', 'text', 'annotations'],
  refusal: ['type', 'refusal'],
}
const inputTypes = ['input_text', 'input_image', 'input_file']
const partTypes: Record<string, string[]> = {
  user: inputTypes,
  developer: ['input_text'],
  system: ['input_text'],
  assistant: ['output_text', 'refusal'],
}

export function* refusedItems(
  input: unknown,
  model: string,
  issued: IssuedAnswer[],
): Iterable<string> {
  if (!Array.isArray(input) || input.length === 0) {
    yield 'input: no items'
    return
  }
  for (const item of input) {
    const known = isObject(item) ? itemMembers[shown(item.type)] : undefined
    if (!known) {
      yield `item: ${isObject(item) ? shown(item.type) : typeof item}`
      return
    }
    yield* refusedMembers(item, known, `item: ${shown(item.type)} has`)
  }
  const items = partsIn(input)
  for (const [index, item] of items.entries()) {
    if (item.type === 'message') yield* [...refusedMessage(item), ...refusedPhase(item, model)]
    if (item.type === 'reasoning') yield* refusedReasoning(item, items[index + 1], model, issued)
  }
  yield* refusedPairs(items)
}

function* refusedMessage({ role, content }: Part): Iterable<string> {
  const types = partTypes[shown(role)]
  if (!types) {
    yield `message: the role ${shown(role)}`
    return
  }
  if (typeof content === 'string' && content !== '') return
  yield* refusedParts(content, types, `a message of ${shown(role)}`)
}

/** The API says of it: keep and resend it on all messages of the assistant. */
function* refusedPhase({ role, phase }: Part, model: string): Iterable<string> {
  const wanted = role === 'assistant' && model.startsWith('gpt-5.4')
  const known = phase === 'commentary' || phase === 'final_answer'
  if (wanted !== known) yield `message: the phase ${shown(phase)} of ${shown(role)} for ${model}`
}

function* refusedParts(content: unknown, types: string[], place: string): Iterable<string> {
  if (!Array.isArray(content) || content.length === 0) {
    yield `part: none in ${place}`
    return
  }
  for (const part of content) {
    const type = isObject(part) ? shown(part.type) : typeof part
    if (!isObject(part) || !types.includes(type)) yield `part: ${type} in ${place}`
    else {
      yield* refusedMembers(part, partMembers[type] ?? [], `part: ${type} has`)
      yield* refusedPart(part as Part)
    }
  }
}

function* refusedPart(part: Part): Iterable<string> {
  const text = part.type === 'refusal' ? part.refusal : part.text
  if (part.type !== 'input_image' && part.type !== 'input_file') {
    if (typeof text !== 'string') yield `part: ${part.type} without text`
    return
  }
  if (part.type === 'input_file') return
  const { image_url: url, detail } = part
  const known = /^(?:https?:\/\/|data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$)/
  if (typeof url !== 'string' || !known.test(url)) yield 'image: no address of an image'
  if (detail !== undefined && !['auto', 'low', 'high', 'original'].includes(shown(detail))) {
    yield `image: detail ${shown(detail)}`
  }
}

/** Reasoning comes back as it was made, directly before the item that it led to. */
function* refusedReasoning(
  item: Part,
  next: Part | undefined,
  model: string,
  issued: IssuedAnswer[],
): Iterable<string> {
  const summary = partsIn(item.summary)
  if (!Array.isArray(item.summary)) yield 'reasoning-summary: no list'
  if (summary.some(({ type, text }) => type !== 'summary_text' || typeof text !== 'string')) {
    yield 'reasoning-summary: another part'
  }
  const found = findSeal(issued, item.encrypted_content)
  if (!found) {
    yield 'reasoning-seal: was never given out'
    return
  }
  const { answer, index } = found
  if (answer.model !== model) yield `reasoning-model: made by ${answer.model}`
  if (summary.length > 0 && textsOf(summary) !== textsOf(answer.parts[index]?.summary)) {
    yield 'reasoning-summary: other text'
  }
  const later = answer.parts.slice(index + 1)
  const ledTo = later.slice(0, later.findIndex((part) => !isBlank(part)) + 1)
  if (!next || !ledTo.some((part) => identity(part) === identity(next))) {
    yield 'reasoning-order: does not stand before the item it led to'
  }
}

/** Text of nothing but white space, which clients leave out. */
function isBlank({ type, content }: Part): boolean {
  return type === 'message' && textsOf(content).trim() === ''
}

function* refusedPairs(items: Part[]): Iterable<string> {
  const open = new Set<unknown>()
  const calls = new Set<unknown>()
  for (const { type, call_id: id, name, arguments: written, output } of items) {
    if (type === 'function_call') {
      if (typeof id !== 'string' || !/^.{1,64}$/s.test(id)) yield `call-id: ${shown(id)}`
      if (typeof name !== 'string' || typeof written !== 'string') yield 'call: name, arguments'
      else if (written === '') yield 'call: arguments are empty'
      if (calls.has(id)) yield `id-twice: ${shown(id)}`
      calls.add(id)
      open.add(id)
    }
    if (type !== 'function_call_output') continue
    if (!calls.has(id)) yield `orphan: ${shown(id)}`
    else if (!open.delete(id)) yield `output-twice: ${shown(id)}`
    if (typeof output !== 'string') yield* refusedParts(output, inputTypes, 'an output')
  }
  for (const id of open) yield `unanswered: ${shown(id)}`
}

function textsOf(parts: unknown): string {
  return partsIn(parts)
    .map(({ text }) => shown(text))
    .join('\n\n')
}

/** Enough of an item to know it again without its id. */
function identity(item: Part): string {
  const own = item.encrypted_content ?? item.call_id
  if (own !== undefined) return `${item.type} ${shown(own)}`
  const texts = partsIn(item.content).map(({ text }) => shown(text))
  return `${item.type} ${texts.join('')}`
}
