/** What Anthropic Messages refuses about a single turn and its content blocks. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { shown, type Part } from './issued.ts'

const blockMembers: Record<string, string[]> = {
  text: ['type', 'text', 'cache_control'],
  image: ['type', 'source', 'cache_control'],
  document: ['type', 'source', 'title', 'context', 'cache_control'],
  tool_use: ['type', 'id', 'name', 'input', 'cache_control'],
  tool_result: ['type', 'tool_use_id', 'content', 'is_error', 'cache_control'],
  thinking: ['type', 'thinking', 'signature'],
  redacted_thinking: ['type', 'data'],
}
const allowed: Record<string, string[]> = {
  user: ['text', 'image', 'document', 'tool_result'],
  assistant: ['text', 'thinking', 'redacted_thinking', 'tool_use'],
  tool_result: ['text', 'image', 'document'],
  system: ['text'],
}
const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The objects with a type in a list; none of anything that is no list. */
export function partsIn(value: unknown): Part[] {
  return Array.isArray(value) ? value.filter(isObject).map((one) => one as Part) : []
}

export function refusedMembers(value: JsonObject, known: string[], rule: string): string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${rule}: the unknown member ${key}`)
}

export function* refusedBlocks(turn: unknown, place: string): Iterable<string> {
  if (!isObject(turn)) {
    yield `turn: ${place} is no object`
    return
  }
  yield* refusedMembers(turn, ['role', 'content'], 'turn')
  const { role } = turn
  const isKnown = role === 'user' || role === 'assistant' || role === 'system'
  const types = isKnown ? allowed[role] : undefined
  if (!types) {
    yield `turn: ${place} has the role ${shown(turn.role)}`
    return
  }
  yield* refusedContent(turn.content, types, place)
}

function* refusedContent(content: unknown, types: string[], place: string): Iterable<string> {
  if (typeof content === 'string') {
    if (content === '') yield `empty: ${place}`
    return
  }
  if (!Array.isArray(content)) {
    yield `turn: ${place} has no content`
    return
  }
  if (content.length === 0) yield `empty: ${place}`
  for (const block of content) {
    if (!isObject(block) || !types.includes(shown(block.type))) {
      yield `block: ${isObject(block) ? shown(block.type) : typeof block} in ${place}`
    } else yield* refusedBlock(block as Part, place)
  }
}

function* refusedBlock(block: Part, place: string): Iterable<string> {
  const known = blockMembers[block.type] ?? []
  yield* refusedMembers(block, known, `block: ${block.type} in ${place} has`)
  switch (block.type) {
    case 'text':
      if (typeof block.text !== 'string') yield `block: text in ${place} is no string`
      else if (block.text.trim() === '') yield `empty-text: in ${place}`
      return
    case 'image':
      yield* refusedImage(block.source, place)
      return
    case 'tool_use':
      if (!isToolId(block.id)) yield `tool-id: ${shown(block.id)}`
      if (!isObject(block.input)) yield `tool-input: of ${shown(block.id)} is no object`
      if (typeof block.name !== 'string' || block.name === '') yield 'tool-name: missing'
      return
    case 'tool_result':
      if (!isToolId(block.tool_use_id)) yield `tool-id: ${shown(block.tool_use_id)}`
      if (block.is_error !== undefined && typeof block.is_error !== 'boolean')
        yield 'block: is_error is no boolean'
      if (block.content !== undefined && block.content !== '') {
        yield* refusedContent(block.content, allowed.tool_result ?? [], `a result of ${place}`)
      }
      return
    default:
  }
}

function* refusedImage(source: unknown, place: string): Iterable<string> {
  if (!isObject(source)) {
    yield `image: in ${place} without source`
    return
  }
  if (source.type === 'url') {
    if (!/^https?:\/\/[^\s]+$/.test(shown(source.url))) yield `image: the address in ${place}`
    yield* refusedMembers(source, ['type', 'url'], 'image')
    return
  }
  if (source.type !== 'base64') {
    yield `image: source ${shown(source.type)} in ${place}`
    return
  }
  yield* refusedMembers(source, ['type', 'media_type', 'data'], 'image')
  if (!imageTypes.has(shown(source.media_type))) yield `image: ${shown(source.media_type)}`
  const { data } = source
  if (typeof data !== 'string' || data === '' || !base64.test(data)) yield `image: no base64`
}

function isToolId(id: unknown): id is string {
  return typeof id === 'string' && /^[a-zA-Z0-9_-]{1,64}$/.test(id)
}
