/**
 * The items of a Responses input as neutral turns. What the assistant said and did in one go is one turn; every other item is
 * one of its own. Source: OpenAI API reference "Responses" and the types of the `openai` package 7.59, read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, writeJson, type JsonObject } from '../../json/value.ts'
import type { CallPiece, ForeignPiece, Piece, ResultPiece, Turn } from '../../neutral/request.ts'
import { openSeal } from '../../neutral/seal.ts'
import { openSummary, summaryText } from '../../neutral/summary.ts'
import { flatName, isNamed } from '../../neutral/tools.ts'
import type { FindAnswer } from '../../kept-answer.ts'
import { isGiven, listAt, memberName, nameAt, objectAt, shown, textAt } from '../../untrusted.ts'
import { builtInCall } from './built-in-tools.ts'
import { encryptedText } from './encrypted.ts'
import { itemsByName } from '../../neutral/kept-answers.ts'
import { pictureOf } from './image-item.ts'
import { contentPieces, textPiece } from './parts.ts'
import { toolsAt, type ToolHistory } from './tools.ts'

export interface History {
  turns: Turn[]
  tools: ToolHistory
  /** what later items change of the request's own members */
  changed: { effort?: unknown; text?: JsonObject }
  /** the client's names of items that are lost */
  lost: Set<string>
  /** the conversation is not to go on, but to be summed up */
  compacts: boolean
  /** call ids of local shell calls, by the ids of their items */
  shellCalls: Map<unknown, string>
  named: ReturnType<typeof itemsByName>
}

/**
 * The turns of the input and what else it says. Throws a 400 that names the place of the first fault. `before`: the items of the
 * conversation that it goes on with.
 */
export function readTurns(input: unknown, before: readonly unknown[], find: FindAnswer): History {
  const history: History = {
    turns: [],
    tools: { declared: [], changes: [] },
    changed: {},
    lost: new Set(),
    compacts: false,
    shellCalls: new Map(),
    named: itemsByName(find),
  }
  if (!isGiven(input) && before.length === 0) {
    const message = 'input is missing; send a string or an array of items.'
    throw badRequest('missing_required_parameter', 'input', message)
  }
  for (const item of before) {
    readItem(objectAt(item, 'previous_response_id'), 'previous_response_id', history)
  }
  if (!isGiven(input)) {
    // nothing is added to that conversation
  } else if (typeof input === 'string') {
    const pieces = input === '' ? [] : [textPiece(input, 'input')]
    history.turns.push(turnOf('user', pieces, 'input'))
  } else {
    for (const [index, value] of listAt(input, 'input').entries()) {
      const place = `input[${index}]`
      if (history.compacts) throw afterTrigger(place)
      readItem(objectAt(value, place), place, history)
    }
  }
  if (history.turns.some(isToAnswer)) return history
  const message = 'input has nothing to answer; send at least one message with content.'
  throw badRequest('invalid_value', 'input', message)
}

function isToAnswer({ pieces }: Turn): boolean {
  return pieces.some(({ type }) => type !== 'foreign' && type !== 'reasoning')
}

function turnOf(role: Turn['role'], pieces: Piece[], place: string): Turn {
  return { role, pieces, place }
}

function readItem(item: JsonObject, place: string, history: History): void {
  if (!isGiven(item.type)) {
    if (!isGiven(item.role)) return readNamed(item, place, history)
    readMessage(item, place, history)
    return
  }
  const type = textAt(item.type, `${place}.type`)
  switch (type) {
    case 'message':
      return readMessage(item, place, history)
    case 'reasoning':
      return addToAssistant(reasoningPieces(item, place), place, history)
    case 'function_call':
    case 'custom_tool_call':
      return addToAssistant([callPiece(item, type, place)], place, history)
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'apply_patch_call_output':
      return addResult(item, place, history)
    case 'tool_search_output':
      return readFoundTools(item, place, history)
    case 'additional_tools':
      history.tools.declared.push(...toolsAt(item.tools, `${place}.tools`))
      return
    case 'agent_message':
      return readAgentMessage(item, place, history)
    case 'configuration_update':
      return readUpdate(item, history)
    case 'item_reference':
      return readNamed(item, place, history)
    case 'compaction':
    case 'compaction_summary':
    case 'context_compaction':
      return readSummary(item, place, history)
    case 'compaction_trigger':
      history.compacts = true
      return
    default:
      return readOther(item, type, place, history)
  }
}

/** A neighbour of the assistant's belongs to the same answer. */
function addToAssistant(pieces: Piece[], place: string, { turns }: History): void {
  const last = turns.at(-1)
  if (last?.role === 'assistant') last.pieces.push(...pieces)
  else turns.push(turnOf('assistant', pieces, place))
}

function readMessage(item: JsonObject, place: string, history: History): void {
  const { role } = item
  if (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'developer') {
    const message = `${place}.role is ${shown(role)}; use user, assistant, system or developer.`
    throw badRequest('invalid_value', `${place}.role`, message)
  }
  const speaker = role === 'system' || role === 'developer' ? 'instruction' : role
  const { content } = item
  const pieces = isGiven(content) ? contentPieces(content, `${place}.content`, speaker) : []
  if (speaker === 'assistant') addToAssistant(pieces, place, history)
  else history.turns.push(turnOf(speaker, pieces, place))
}

/** Only what we have sealed: what another provider has encrypted is of no use to any model that is asked here. */
function reasoningPieces(item: JsonObject, place: string): Piece[] {
  const summary = Array.isArray(item.summary) ? item.summary : []
  const texts = summary.map((part: unknown) => (isObject(part) ? part.text : undefined))
  const shownText = texts.filter((text) => typeof text === 'string').join('\n\n')
  const reasoning = openSeal(item.encrypted_content, shownText)
  return reasoning ? [{ type: 'reasoning', reasoning, place }] : []
}

function callPiece(
  item: JsonObject,
  type: 'function_call' | 'custom_tool_call',
  place: string,
): CallPiece {
  const isCustom = type === 'custom_tool_call'
  const inputPlace = `${place}.${isCustom ? 'input' : 'arguments'}`
  const input = isCustom ? item.input : item.arguments
  const { namespace } = item
  return {
    type: 'call',
    kind: isCustom ? 'custom' : 'function',
    id: nameAt(item.call_id ?? item.id, `${place}.call_id`),
    name: nameAt(item.name, `${place}.name`),
    ...(isGiven(namespace) && { namespace: textAt(namespace, `${place}.namespace`) }),
    input: isCustom ? textAt(input, inputPlace) : argumentsOf(input, inputPlace),
    inputPlace,
    place,
  }
}

function argumentsOf(value: unknown, place: string): unknown {
  if (isObject(value)) return value
  const text = isGiven(value) ? textAt(value, place) : ''
  return text.trim() === '' ? '{}' : text
}

function addResult(item: JsonObject, place: string, history: History): void {
  const { output } = item
  const isShells = item.type === 'local_shell_call_output' && !isGiven(item.call_id)
  const id = isShells
    ? (history.shellCalls.get(item.id) ?? item.id)
    : (item.call_id ?? uncalled(item))
  const result: ResultPiece = {
    type: 'result',
    id: nameAt(id, isShells ? `${place}.id` : `${place}.call_id`),
    ...(item.status === 'failed' && { isError: true }),
    content: outputOf(output, `${place}.output`, item.type === 'shell_call_output'),
    place,
  }
  history.turns.push(turnOf('user', [result], place))
}

/** What Codex puts into a new conversation as the result of a tool that nobody has called has its name at most. */
function uncalled({ name, type }: JsonObject): string {
  return typeof name === 'string' && name !== '' ? name : String(type)
}

/**
 * A shell's output is a list of what each command wrote and how it ended. Programs also hand back the very value that a tool has
 * returned: the model reads its JSON.
 */
function outputOf(output: unknown, place: string, isShells: boolean): string | Piece[] {
  if (!isGiven(output)) return ''
  if (typeof output === 'string') return output
  const isContent = !isShells && Array.isArray(output) && output.every(isPart)
  return isContent ? contentPieces(output, place, 'tool') : writeJson(output)
}

function isPart(value: unknown): boolean {
  return typeof value === 'string' || (isObject(value) && typeof value.type === 'string')
}

/** What a search among tools has found is declared from then on. One that its provider ran has found nothing new. */
function readFoundTools(item: JsonObject, place: string, history: History): void {
  if (item.execution === 'server' || !isGiven(item.call_id)) {
    addToAssistant([hostedPiece(item, 'tool_search_output', place)], place, history)
    return
  }
  const tools = toolsAt(item.tools, `${place}.tools`).filter(isNamed)
  for (const { deferred: _deferred, ...tool } of tools) {
    history.tools.changes.push({ type: 'add', tool })
  }
  const names = tools.map(({ name, namespace }) => flatName(name, namespace))
  const content = names.length > 0 ? `Loaded tools: ${names.join(', ')}.` : 'No tools were found.'
  const id = nameAt(item.call_id, `${place}.call_id`)
  history.turns.push(turnOf('user', [{ type: 'result', id, content, place }], place))
}

/** From one agent to another. */
function readAgentMessage(item: JsonObject, place: string, { turns }: History): void {
  const parts = Array.isArray(item.content) ? item.content : []
  const pieces = parts.flatMap((part: unknown, index): Piece[] => {
    const text = isObject(part) ? (part.text ?? encryptedText(part)) : part
    return typeof text === 'string' && text !== ''
      ? [textPiece(text, `${place}.content[${index}]`)]
      : []
  })
  if (typeof item.content === 'string') pieces.push(textPiece(item.content, `${place}.content`))
  if (pieces.length > 0) turns.push(turnOf('user', pieces, place))
}

function readUpdate({ reasoning, text }: JsonObject, { changed }: History): void {
  if (isObject(reasoning) && isGiven(reasoning.effort)) changed.effort = reasoning.effort
  if (isObject(text)) changed.text = text
}

/** What the provider's own tools did: the text that came of it stands beside. */
const hostedTypes =
  /^(?:web_search|file_search|code_interpreter|image_generation|computer|mcp|program|tool_search|shell)(?:_|$)/

function readOther(item: JsonObject, type: string, place: string, history: History): void {
  const call = item.execution === 'server' ? undefined : builtInCall(item)
  if (call) {
    const id = nameAt(item.call_id ?? item.id, `${place}.call_id`)
    if (type === 'local_shell_call') history.shellCalls.set(item.id, id)
    const at = { place, inputPlace: place }
    addToAssistant([{ type: 'call', kind: 'function', id, ...call, ...at }], place, history)
  } else if (hostedTypes.test(type)) {
    addToAssistant([hostedPiece(item, type, place)], place, history)
  } else history.lost.add(memberName('input', type))
}

function hostedPiece(item: JsonObject, type: string, place: string): ForeignPiece {
  const own = { api: 'openai', value: item }
  return { type: 'foreign', written: type, place, own, elsewhere: 'dropped', ...pictureOf(item) }
}

/** No more than the id of an item that the client has got. */
function readNamed({ id }: JsonObject, place: string, history: History): void {
  if (!isGiven(id)) {
    const message = `${place} has neither a type nor a role.`
    throw badRequest('invalid_value', `${place}.type`, message)
  }
  const items = history.named(id)
  if (!items) {
    const message = `${place} is the id of an item that is not kept here, or not any more; send the items in full (store: false).`
    throw badRequest('item_not_found', place, message)
  }
  for (const item of items) readItem(item, place, history)
}

/** Only what we have sealed: nobody but their provider can read the summaries of others. */
function readSummary(item: JsonObject, place: string, { turns }: History): void {
  const summary = openSummary(item.encrypted_content)
  if (summary === undefined) throw compacted(place)
  turns.push(turnOf('user', [textPiece(summaryText(summary), place)], place))
}

function afterTrigger(place: string): ProxyError {
  const message = `${place} stands behind a compaction_trigger, which must be the last item.`
  return badRequest('invalid_value', place, message)
}

function compacted(place: string): ProxyError {
  const message = `${place} stands for a summary that only the provider which made it can read. Start a new conversation, or stay with that model.`
  return badRequest('unsupported_content', place, message)
}
