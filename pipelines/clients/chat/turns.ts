/**
 * Chat messages as neutral turns. Clients that switch APIs have items and parts of Responses among them: each item becomes a
 * turn of its own, so that places stay true. Source: OpenAI API reference "Chat Completions" and "Responses", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { isPhase, type Reasoning } from '../../neutral/reasoning.ts'
import type { CallPiece, Piece, ReasoningPiece, ResultPiece, Turn } from '../../neutral/request.ts'
import { isGiven, listAt, nameAt, objectAt, shown, textAt, markOf } from '../../untrusted.ts'
import {
  calledName,
  callTypes,
  entriesOf,
  isHistoryType,
  noAudio,
  outputTypes,
  ownWork,
  picturesOf,
  pieceOf,
  resultContent,
  type Speaker,
} from './parts.ts'
import { detailPieces, reasoningOfItem, thinkingPieces } from './reasoning.ts'

const roles = new Set<unknown>(['system', 'developer', 'user', 'assistant', 'tool', 'function'])

/** The turns of the messages, one of each. Throws a 400 that names the place of the first fault. `at`: the member they are. */
export function readTurns(messages: unknown, at: 'messages' | 'input'): Turn[] {
  if (!isGiven(messages)) {
    const message = `${at} is missing; send an array with at least one message.`
    throw badRequest('missing_required_parameter', at, message)
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    const found = Array.isArray(messages) ? 'empty' : shown(messages)
    throw invalid(at, `${at} is ${found}; send an array with at least one message.`)
  }
  const history: History = { openCalls: [], reasoning: [] }
  return messages.map((message: unknown, index) => {
    const turn = readTurn(message, index, history, at)
    for (const piece of turn.pieces) note(piece, history)
    if (turn.calls) for (const call of turn.calls) note(call, history)
    return turn
  })
}

/** What a later message depends on; changed as messages are read. */
interface History {
  /** calls without a result */
  openCalls: CallPiece[]
  /** of items and parts, until the message comes that it led to */
  reasoning: Reasoning[]
}

function note(piece: Piece, { openCalls }: History): void {
  if (piece.type === 'call') openCalls.push(piece)
  if (piece.type !== 'result' || piece.name !== undefined) return
  const answered = openCalls.findIndex(({ id }) => id === piece.id)
  if (answered !== -1) openCalls.splice(answered, 1)
}

function readTurn(message: unknown, index: number, history: History, at: string): Turn {
  const place = `${at}[${index}]`
  if (isObject(message) && isItem(message)) return itemTurn(message, place, history)
  const role = isObject(message) ? message.role : undefined
  if (!isObject(message) || !roles.has(role)) {
    const advice = `use ${[...roles].join(', ')}.`
    throw invalid(`${place}.role`, `${place} has the role ${shown(role)}; ${advice}`)
  }
  if (role === 'assistant') return assistantTurn(message, place, index, history)
  history.reasoning = []
  if (role === 'system' || role === 'developer') return plainTurn(message, place, 'instruction')
  if (role === 'user' || (role === 'tool' && holdsResults(message))) {
    return plainTurn(message, place, 'user')
  }
  const result = resultOf(message, place, calledBy(message, place, history))
  return { role: 'user', pieces: [result], place }
}

function plainTurn(message: JsonObject, place: string, role: 'instruction' | 'user'): Turn {
  const { pieces } = contentOf(message, place, role)
  return { role, pieces, place, ...turnMark(message) }
}

/** A mark on a whole message: of the two kinds only Anthropic's means something there. */
function turnMark({ cache_control: control }: JsonObject): Pick<Turn, 'mark'> {
  return isObject(control) ? { mark: { control } } : {}
}

interface Content {
  pieces: Piece[]
  /** of calls in the form of Responses, whose place among the pieces means nothing */
  calls: CallPiece[]
  reasoning: Reasoning[]
}

/** A message's content, of which the parts that are items of Responses go to their places. As a rule it is one text. */
function contentOf(message: JsonObject, place: string, speaker: Speaker): Content {
  const content: Content = { pieces: [], calls: [], reasoning: [] }
  const { content: text } = message
  if (typeof text === 'string') {
    content.pieces.push({ type: 'text', text, place: `${place}.content` })
    return content
  }
  for (const { value, at } of entriesOf(text, `${place}.content`)) {
    if (!isObject(value) || !isHistoryType(value.type)) {
      content.pieces.push(pieceOf(value, at, speaker))
    } else if (callTypes.has(value.type)) {
      content.calls.push(itemCall(value, at))
    } else if (value.type === 'reasoning') {
      content.reasoning.push(...reasoningOfItem(value))
    } else if (outputTypes.has(value.type)) {
      content.pieces.push(
        speaker === 'user' ? outputOf(value, at, 'nested') : pieceOf(value, at, speaker),
      )
    } else content.pieces.push(ownWork(value, at))
  }
  return content
}

/** Whether a message without a role is an item of Responses that has a place in a chat. */
function isItem(message: JsonObject): boolean {
  return !isGiven(message.role) && isHistoryType(message.type)
}

/** Whether a message of the role `tool` holds several results, each with the id of its own. */
function holdsResults({ content }: JsonObject): boolean {
  if (!Array.isArray(content)) return false
  return content.some(
    (part) => isObject(part) && (part.type === 'tool_result' || outputTypes.has(part.type)),
  )
}

function itemTurn(item: JsonObject, place: string, history: History): Turn {
  if (outputTypes.has(item.type)) {
    history.reasoning = []
    return { role: 'user', pieces: [outputOf(item, place, 'tool')], place }
  }
  if (!callTypes.has(item.type)) {
    const isReasoning = item.type === 'reasoning'
    if (isReasoning) history.reasoning.push(...reasoningOfItem(item))
    return { role: 'assistant', pieces: isReasoning ? [] : [ownWork(item, place)], place }
  }
  const calls = [itemCall(item, place)]
  return withForms({ role: 'assistant', pieces: [], calls, place }, [takeReasoning(history, place)])
}

function outputOf(item: JsonObject, place: string, speaker: 'tool' | 'nested'): ResultPiece {
  const id = textAt(item.call_id, `${place}.call_id`)
  const content = resultContent(item.output, `${place}.content`, speaker)
  return { type: 'result', id, content, place }
}

function itemCall(item: JsonObject, place: string): CallPiece {
  const isCustom = item.type === 'custom_tool_call'
  return {
    type: 'call',
    kind: isCustom ? 'custom' : 'function',
    id: textAt(item.call_id ?? item.id, `${place}.call_id`),
    name: calledName(item.name, `${place}.name`),
    ...inputOf(item, isCustom ? 'input' : 'arguments', place),
    place,
  }
}

/** The reasoning that has waited for this message; from now on none waits. */
function takeReasoning(history: History, place: string): ReasoningPiece[] {
  const { reasoning } = history
  history.reasoning = []
  return reasoning.map((one) => ({ type: 'reasoning', place, reasoning: one }))
}

function withForms(turn: Turn, forms: ReasoningPiece[][]): Turn {
  const reasoning = forms.filter((form) => form.length > 0)
  return reasoning.length > 0 ? { ...turn, reasoning } : turn
}

function assistantTurn(message: JsonObject, place: string, index: number, history: History): Turn {
  const content = contentOf(message, place, 'assistant')
  if (isGiven(message.audio)) throw noAudio(`${place}.audio`)
  const refusal = isGiven(message.refusal) ? textAt(message.refusal, `${place}.refusal`) : ''
  const refused: Piece = { type: 'refusal', text: refusal, place: `${place}.refusal` }
  const calls = [
    ...chatCalls(message, place),
    ...content.calls,
    ...legacyCall(message, place, index),
  ]
  history.reasoning.push(...content.reasoning)
  const given = [message.refusal, message.tool_calls, message.content].some(
    (value) => isGiven(value) && value !== '',
  )
  // reasoning waits for the message that it led to
  const waited = given || calls.length > 0 ? takeReasoning(history, place) : []
  const details = message.reasoning_details
  const pieces = [...content.pieces, ...picturesOf(message.images, `${place}.images`)]
  const turn: Turn = {
    role: 'assistant',
    pieces: refusal === '' ? pieces : [...pieces, refused],
    ...(calls.length > 0 && { calls }),
    place,
    ...turnMark(message),
    ...(isPhase(message.phase) && { phase: message.phase }),
  }
  return withForms(turn, [
    isGiven(details) ? detailPieces(details, `${place}.reasoning_details`) : waited,
    thinkingPieces(message.thinking_blocks, `${place}.thinking_blocks`),
  ])
}

function chatCalls({ tool_calls: calls }: JsonObject, place: string): CallPiece[] {
  if (!isGiven(calls)) return []
  return listAt(calls, `${place}.tool_calls`).map((value, at) =>
    chatCall(value, `${place}.tool_calls[${at}]`),
  )
}

function chatCall(value: unknown, place: string): CallPiece {
  const call = objectAt(value, place)
  // servers and clients in the manner of Ollama have none
  const id = isGiven(call.id) ? textAt(call.id, `${place}.id`) : place.replaceAll(/\W+/g, '_')
  const isCustom = call.type === 'custom' || (!isGiven(call.function) && isGiven(call.custom))
  const kind = isCustom ? 'custom' : 'function'
  const called = objectAt(call[kind], `${place}.${kind}`)
  return {
    type: 'call',
    kind,
    id,
    name: calledName(called.name, `${place}.${kind}.name`),
    ...inputOf(called, isCustom ? 'input' : 'arguments', `${place}.${kind}`),
    place,
    ...markOf(call),
    ...signatureOf(call),
  }
}

/** Google's chat endpoint keeps the signature of a call there, and so do its clients. */
function signatureOf({ extra_content: extra }: JsonObject): Pick<CallPiece, 'seal'> {
  const google = isObject(extra) ? extra.google : undefined
  const data = isObject(google) ? google.thought_signature : undefined
  return typeof data === 'string' && data !== '' ? { seal: { data, on: 'call' } } : {}
}

/** A call in the form of 2023, which has no id of its own. */
function legacyCall(message: JsonObject, place: string, index: number): CallPiece[] {
  if (!isGiven(message.function_call)) return []
  const at = `${place}.function_call`
  const call = objectAt(message.function_call, at)
  const name = calledName(call.name, `${at}.name`)
  const id = `function_call_${index}`
  const input = inputOf(call, 'arguments', at)
  return [{ type: 'call', kind: 'function', id, name, ...input, place: at }]
}

/** The arguments that a model once wrote, as text or as the value that a client has parsed. */
function inputOf(
  called: JsonObject,
  name: 'input' | 'arguments',
  place: string,
): Pick<CallPiece, 'input' | 'inputPlace'> {
  return { input: called[name], inputPlace: `${place}.${name}` }
}

/**
 * The call that a message of the role `tool` or `function` answers. A `function` message answers the latest call of its name, a
 * `tool` message without an id the first of its name that has no result yet, else the first of any.
 */
function calledBy(
  message: JsonObject,
  place: string,
  { openCalls }: History,
): Pick<ResultPiece, 'id' | 'name'> {
  if (message.role === 'function') {
    const name = nameAt(message.name, `${place}.name`)
    const latest = openCalls.findLastIndex((call) => call.name === name)
    const [call] = latest === -1 ? [] : openCalls.splice(latest, 1)
    return { id: call?.id, name }
  }
  const at = `${place}.tool_call_id`
  if (isGiven(message.tool_call_id)) return { id: textAt(message.tool_call_id, at) }
  const first = openCalls.find(({ name }) => name === message.name) ?? openCalls[0]
  if (first) return { id: first.id }
  const advice = `${at} is missing; name the call that this result belongs to.`
  throw badRequest('missing_required_parameter', at, advice)
}

/** Member by member: conditional parts that are spread cost 3 % of an agent's request (`npm run bench -- --roads`). */
function resultOf(
  message: JsonObject,
  place: string,
  { id, name }: Pick<ResultPiece, 'id' | 'name'>,
): ResultPiece {
  const content = resultContent(message.content, `${place}.content`, 'tool')
  const result: ResultPiece = { type: 'result', id, content, place, ...markOf(message) }
  if (name !== undefined) result.name = name
  if (typeof message.is_error === 'boolean') result.isError = message.is_error
  return result
}

function invalid(place: string, message: string): ProxyError {
  return badRequest('invalid_value', place, message)
}
