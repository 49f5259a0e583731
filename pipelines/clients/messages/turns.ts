/**
 * Messages as neutral turns, their blocks as pieces. Source: Anthropic API reference "Messages" and the types of
 * `@anthropic-ai/sdk` 1.12, read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, valueIn, writeJson, type JsonObject } from '../../json/value.ts'
import type {
  CallPiece,
  ForeignPiece,
  Piece,
  ResultPiece,
  ToolChange,
  Turn,
} from '../../neutral/request.ts'
import { openSeal } from '../../neutral/seal.ts'
import { isGiven, nameAt, objectAt, shown, textAt, markOf } from '../../untrusted.ts'
import { heldPiece, ownHeldPiece, ownOf, serverBlock } from '../blocks.ts'
import { unwrappedCallId } from '../id.ts'
import { toolChange } from './tools.ts'

export interface History {
  turns: Turn[]
  /** what the conversation makes of the tools, in its order */
  toolChanges: ToolChange[]
  /** of the last instruction that has one, as the client wrote it */
  effort: unknown
  /** a document or a search result is to be cited, which only Anthropic does */
  hasCitations: boolean
}

type Role = 'user' | 'assistant' | 'system'

const roles = new Set<unknown>(['user', 'assistant', 'system'])

/** The turns of the messages and what else they say. Throws a 400 that names the place of the first fault. */
export function readTurns(messages: unknown): History {
  if (!isGiven(messages)) {
    const message = 'messages is missing; send an array with at least one message.'
    throw badRequest('missing_required_parameter', 'messages', message)
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    const found = Array.isArray(messages) ? 'empty' : shown(messages)
    const message = `messages is ${found}; send an array with at least one message.`
    throw badRequest('invalid_value', 'messages', message)
  }
  const history: History = { turns: [], toolChanges: [], effort: undefined, hasCitations: false }
  const lastUser = messages.findLastIndex((one) => isObject(one) && one.role === 'user')
  for (const [index, value] of messages.entries()) {
    const place = `messages[${index}]`
    const message = objectAt(value, place)
    const role = roleOf(message.role, place)
    const pieces = piecesOf(message, place, role, history)
    if (role === 'system') noteEffort(message, history)
    const isCleared = message.clear_at === 'next_user_message' && index < lastUser
    if (role === 'system' && isCleared) continue
    addTurn(history.turns, { role: role === 'system' ? 'instruction' : role, pieces, place })
  }
  return history
}

/** What clients send as several messages of the assistant is one answer: its thinking belongs to the calls behind it. */
function addTurn(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1)
  if (turn.role !== 'assistant' || last?.role !== 'assistant') turns.push(turn)
  else for (const piece of turn.pieces) last.pieces.push(piece)
}

function roleOf(role: unknown, place: string): Role {
  if (role === 'user' || role === 'assistant' || role === 'system') return role
  const message = `${place}.role is ${shown(role)}; use ${[...roles].join(', ')}.`
  throw badRequest('invalid_value', `${place}.role`, message)
}

function noteEffort({ output_config: config }: JsonObject, history: History): void {
  if (isObject(config) && isGiven(config.effort)) history.effort = config.effort
}

function piecesOf(message: JsonObject, place: string, role: Role, history: History): Piece[] {
  const { content } = message
  const at = `${place}.content`
  // an instruction may have nothing but an effort
  if (!isGiven(content) && role === 'system') return []
  const pieces: Piece[] = []
  for (const { value, place: blockPlace } of blocksOf(content, at)) {
    const block = objectAt(value, blockPlace)
    const type = textAt(block.type, `${blockPlace}.type`)
    pieces.push(...readBlock({ block, type, place: blockPlace, role, history }))
  }
  return pieces
}

interface Entry {
  value: unknown
  place: string
}

/** The blocks of a content; a string is one. */
function blocksOf(content: unknown, place: string): Entry[] {
  if (typeof content === 'string') return [{ value: { type: 'text', text: content }, place }]
  if (Array.isArray(content)) {
    return content.map((value: unknown, index) => ({ value, place: `${place}[${index}]` }))
  }
  const found = isGiven(content) ? shown(content) : 'missing'
  const message = `${place} is ${found}; send a string or an array of content blocks.`
  throw badRequest(
    isGiven(content) ? 'invalid_value' : 'missing_required_parameter',
    place,
    message,
  )
}

interface Block {
  block: JsonObject
  type: string
  place: string
  /** `tool`: within a result */
  role: Role | 'tool'
  history: History
}

function readBlock(read: Block): Piece[] {
  const { block, type, place, role, history } = read
  switch (type) {
    case 'text':
      return textPieces(textAt(block.text, `${place}.text`), block, place)
    case 'tool_addition':
    case 'tool_removal':
      history.toolChanges.push(...toolChange(block, type, place))
      return []
    default:
  }
  if (role === 'system') throw unknownType(read, 'an instruction holds text only')
  switch (type) {
    case 'image':
      return [ownHeldPiece(block, type, place)]
    case 'document':
    case 'search_result':
      return sourcePieces(read)
    case 'compaction':
      return compactionPieces(read)
    default:
  }
  if (role === 'assistant') return [assistantPiece(read)].filter((piece) => piece !== undefined)
  if (type === 'tool_result' && role === 'user') return [resultPiece(read)]
  if (role === 'tool') return toolPieces(read)
  if (isHosted(type)) return [hostedPiece(read)]
  throw unknownType(read, 'this model takes text, images, documents, search results and results')
}

/** Empty text says nothing, and every API refuses it. */
function textPieces(text: string, block: JsonObject, place: string): Piece[] {
  return text === '' ? [] : [{ type: 'text', text, place, ...markOf(block) }]
}

/** A document or a search result; a document of texts and images is those texts and images. */
function sourcePieces({ block, type, place, history }: Block): Piece[] {
  const { source, context, citations } = block
  if (isObject(citations) && citations.enabled === true) history.hasCitations = true
  const isText = isGiven(context) && type === 'document'
  const before = isText ? textPieces(textAt(context, `${place}.context`), {}, place) : []
  const content = isObject(source) && source.type === 'content' ? source.content : undefined
  if (type !== 'document' || !Array.isArray(content) || !content.some(isImage)) {
    return [...before, ownHeldPiece(block, type, place)]
  }
  const title = isGiven(block.title) ? textAt(block.title, `${place}.title`) : ''
  const parts = blocksOf(content, `${place}.source.content`).flatMap(({ value, place: at }) => {
    const part = objectAt(value, at)
    if (isImage(part)) return [heldPiece(part, 'image', at)]
    return textPieces(textAt(part.text, `${at}.text`), {}, at)
  })
  return [...before, ...textPieces(title, {}, place), ...parts]
}

function isImage(value: unknown): boolean {
  return isObject(value) && value.type === 'image'
}

/** What became of the conversation before it: without a text that others can read, it would be lost. */
function compactionPieces({ block, place }: Block): Piece[] {
  const { content } = block
  if (typeof content === 'string' && content !== '') return textPieces(content, block, place)
  const message = `${place} holds a summary that only the provider which made it can read. Start a new conversation, or stay with that model.`
  throw badRequest('unsupported_content', place, message)
}

function assistantPiece(read: Block): Piece | undefined {
  const { block, type, place } = read
  switch (type) {
    case 'tool_use':
      return callPiece(block, place)
    case 'thinking':
      return reasoningPiece(block.signature, block.thinking, place)
    case 'redacted_thinking':
      return reasoningPiece(block.data, '', place)
    default:
      return hostedPiece(read)
  }
}

/** Only what we have sealed: the signature of another provider is of no use to any model that is asked here. */
function reasoningPiece(sealed: unknown, text: unknown, place: string): Piece | undefined {
  const reasoning = openSeal(sealed, typeof text === 'string' ? text : '')
  return reasoning && { type: 'reasoning', reasoning, place }
}

function callPiece(block: JsonObject, place: string): CallPiece {
  if (isGiven(block.toolset_name)) throw ofToolset(place)
  return {
    type: 'call',
    kind: 'function',
    id: unwrappedCallId(nameAt(block.id, `${place}.id`)),
    name: nameAt(block.name, `${place}.name`),
    input: inputOf(block.input),
    inputPlace: `${place}.input`,
    place,
    ...markOf(block),
    ...ownOf(block),
  }
}

/** SDKs hand back what a model streamed, which may be no object: as a body would have told it. */
function inputOf(input: unknown): JsonObject {
  if (!isGiven(input)) return {}
  if (isObject(input)) return input
  const parsed = typeof input === 'string' ? valueIn(input) : undefined
  return isObject(parsed) ? parsed : { value: input }
}

function resultPiece({ block, place, history }: Block): ResultPiece {
  const { content } = block
  if (isGiven(block.toolset_name)) throw ofToolset(place)
  const id = unwrappedCallId(nameAt(block.tool_use_id, `${place}.tool_use_id`))
  const entries = isGiven(content) ? blocksOf(content, `${place}.content`) : []
  return {
    type: 'result',
    id,
    ...(typeof block.is_error === 'boolean' && { isError: block.is_error }),
    content:
      typeof content === 'string' ? content : entries.flatMap((entry) => inner(entry, history)),
    place,
    ...markOf(block),
    ...ownOf(block),
  }
}

function inner({ value, place }: Entry, history: History): Piece[] {
  const block = objectAt(value, place)
  const type = textAt(block.type, `${place}.type`)
  return readBlock({ block, type, place, role: 'tool', history })
}

/** What a tool gives besides text, images and documents. */
function toolPieces(read: Block): Piece[] {
  const { block, type, place, history } = read
  switch (type) {
    case 'tool_reference': {
      const name = nameAt(block.tool_name, `${place}.tool_name`)
      history.toolChanges.push({ type: 'load', name })
      return textPieces(`Tool ${name} is loaded.`, block, place)
    }
    case 'browser_state': {
      const { cache_control: _mark, ...state } = block
      return textPieces(writeJson(state), block, place)
    }
    default:
      throw unknownType(read, 'a result holds text, images, documents and search results')
  }
}

const hostedTypes = new Set(['mcp_tool_listing', 'container_upload', 'fallback'])

/** What Anthropic's own tools did; the text that came of it stands beside. */
function isHosted(type: string): boolean {
  return serverBlock.test(type) || hostedTypes.has(type)
}

function hostedPiece({ block, type, place }: Block): ForeignPiece {
  return { type: 'foreign', written: type, place, ...ownOf(block), elsewhere: 'dropped' }
}

function ofToolset(place: string): ProxyError {
  const at = `${place}.toolset_name`
  const message = `${at} is of a toolset that only Anthropic knows; declare its tools as functions with a schema.`
  return badRequest('unsupported_tool', at, message)
}

function unknownType({ type, place }: Block, taken: string): ProxyError {
  const message = `${place} has the type ${shown(type)}, but ${taken}. Take the block out.`
  return badRequest('unsupported_content', place, message)
}
