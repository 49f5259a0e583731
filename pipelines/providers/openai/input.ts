/** The turns as `input` items, each call with its output behind it, and the texts that lead them, which are the instructions. */
import { isObject, wellFormed, writeJson } from '../../json/value.ts'
import { orderedPieces, type Taker } from '../../neutral/writing.ts'
import { usualPhase } from '../../neutral/phases.ts'
import type { Phase } from '../../neutral/reasoning.ts'
import type { CallPiece, Piece, ResultPiece, Turn } from '../../neutral/request.ts'
import { OpenCalls, safeToolId, uniqueIds } from '../../neutral/tool-id.ts'
import type { ToolNames } from '../../neutral/tools.ts'
import { nothingLeft, noResult } from '../../neutral/turn.ts'
import { isGiven, textAt } from '../../untrusted.ts'
import type {
  CallItem,
  CallOutput,
  InputItem,
  InputPart,
  OutputPart,
} from '../../wire/responses.ts'
import { foreign, inputParts, outputPart, textPart, textsOf } from './parts.ts'
import { reasoningItem } from './reasoning.ts'

/** What the turns are written with. */
export interface TurnContext extends Taker {
  names: ToolNames
}

export interface Conversation {
  /** the texts of each instruction before all other turns */
  leading: string[][]
  /** empty where there is nothing but what leads */
  input: InputItem[]
}

/** What the turns before have called. */
interface CallsSoFar {
  open: OpenCalls<Call>
  /** gives an id out that no call before has */
  uniqueId: (id: string) => string
}

/** A call, and whether an output has been found for it. */
interface Call {
  /** as the client knows it */
  id: string
  item: CallItem
  isAnswered: boolean
}

/** A group of calls stands for the outputs that the rest of the history lacks; only its end can tell which. */
type Draft = InputItem | Call[]

/** The whole conversation; throws a 400 with the place of what cannot be carried over, or where nothing is left. */
export function writeConversation(turns: readonly Turn[], context: TurnContext): Conversation {
  const firstOther = turns.findIndex(({ role }) => role !== 'instruction')
  const leading: string[][] = []
  const drafts: Draft[] = []
  const soFar = { open: new OpenCalls<Call>(), uniqueId: uniqueIds(maxIdLength) }
  for (const [index, turn] of turns.entries()) {
    if (turn.role !== 'assistant') soFar.open.endRound()
    if (turn.role === 'assistant') drafts.push(...writeAnswer(turn, soFar, context))
    else if (turn.role === 'user') drafts.push(...writeUser(turn, soFar))
    else {
      const parts = inputParts(turn.pieces)
      const texts = firstOther === -1 || index < firstOther ? textsOf(parts) : undefined
      if (texts) leading.push(texts)
      else drafts.push(...messageItem('developer', parts))
    }
  }
  const input = drafts.flatMap((draft) => (Array.isArray(draft) ? missingOutputs(draft) : draft))
  if (input.length === 0 && leading.flat().length === 0) throw nothingLeft(turns)
  if (context.phases) fillPhases(input)
  return { leading, input }
}

/** What leads, as items: the API wants an input even where there is nothing but instructions. */
export function instructionItems(leading: readonly string[][]): InputItem[] {
  return leading.flatMap((texts) => messageItem('developer', texts.map(textPart)))
}

function messageItem(role: 'developer' | 'user', content: InputPart[]): InputItem[] {
  return content.length > 0 ? [{ type: 'message', role, content }] : []
}

/** Outputs first: they belong to the calls of the turn before. */
function writeUser({ pieces }: Turn, { open }: CallsSoFar): InputItem[] {
  const results = pieces.filter((piece) => piece.type === 'result')
  const others = results.length > 0 ? pieces.filter(({ type }) => type !== 'result') : pieces
  return [
    ...results.map((result) => outputItem(result, open)),
    ...messageItem('user', inputParts(others)),
  ]
}

/** The items of an assistant's turn, then its calls; nothing where it neither writes nor calls anything. */
function writeAnswer(turn: Turn, { open, uniqueId }: CallsSoFar, context: TurnContext): Draft[] {
  const answer = new AnswerItems()
  const calls: Call[] = []
  for (const piece of orderedPieces(turn, context)) {
    if (piece.type === 'phase') answer.begin(piece.phase)
    else if (piece.type === 'call') {
      const item = callItem(piece, uniqueId(callId(piece.id)), context)
      const call = { id: piece.id, item, isAnswered: false }
      calls.push(call)
      answer.add(call.item)
    } else answer.write(piece)
  }
  if (answer.items.every(({ type }) => type === 'reasoning')) return []
  for (const call of calls) open.add(call)
  return [...answer.items, calls]
}

/** One turn of the assistant in the making: neighbouring parts become the content of one message. */
class AnswerItems {
  readonly items: InputItem[] = []
  #content: OutputPart[] | undefined
  #phase: Phase | undefined

  /** The text from here on is of that phase. */
  begin(phase: Phase): void {
    this.#phase = phase
    this.#content = undefined
  }

  add(item: InputItem): void {
    this.#content = undefined
    this.items.push(item)
  }

  write(piece: Piece): void {
    const item = piece.type === 'reasoning' ? reasoningItem(piece.reasoning) : foreign(piece.own)
    if (item) this.add(item)
    else this.#addPart(outputPart(piece))
  }

  #addPart(part: OutputPart | undefined): void {
    if (part && this.#content) this.#content.push(part)
    else if (part) {
      const content = [part]
      const phase = this.#phase
      this.add({ type: 'message', role: 'assistant', content, ...(phase && { phase }) })
      this.#content = content
    }
  }
}

const maxIdLength = 64

/** The id in the form that the API takes, which is 1 to 64 characters. */
function callId(id: string): string {
  return id.length > 0 && id.length <= maxIdLength ? id : safeToolId(id)
}

function callItem(piece: CallPiece, call_id: string, { names }: TurnContext): CallItem {
  const { kind, name, namespace, input, inputPlace } = piece
  const call = { call_id, name: names.sent(name, namespace) }
  if (kind === 'custom') {
    const text = isGiven(input) ? textAt(input, inputPlace) : ''
    return { type: 'custom_tool_call', ...call, input: text }
  }
  return { type: 'function_call', ...call, arguments: argumentsText(input, inputPlace) }
}

/**
 * Arguments stay the text they are, JSON or not, but `{}` stands for those that mean none, and U+FFFD for a lone half of a
 * surrogate pair.
 */
function argumentsText(input: unknown, place: string): string {
  const isParsed = isObject(input) || Array.isArray(input)
  const text = isParsed ? writeJson(input) : isGiven(input) ? textAt(input, place) : ''
  return ['', 'null'].includes(text.trim()) ? '{}' : wellFormed(text)
}

/** The output of a call, or a user message where no call waits for it: the API refuses outputs without a call. */
function outputItem(result: ResultPiece, open: OpenCalls<Call>): InputItem {
  const { id, name = '' } = result
  const output = result.isError ? failedOutput(outputOf(result)) : outputOf(result)
  const call = id === undefined ? undefined : open.answer(id)
  if (call) {
    call.isAnswered = true
    return callOutput(call, output)
  }
  const heading = `Tool result (${id ?? name}):`
  const parts =
    typeof output === 'string'
      ? [textPart(`${heading}\n${output}`)]
      : [textPart(heading), ...output]
  return { type: 'message', role: 'user', content: parts }
}

/** A string where all is text, else a list of parts. */
function outputOf({ content }: ResultPiece): string | InputPart[] {
  if (typeof content === 'string') return content
  const parts = inputParts(content)
  return textsOf(parts)?.join('\n') ?? parts
}

/** The API has no other word for it. */
function failedOutput(output: string | InputPart[]): string | InputPart[] {
  const word = 'Error: '
  return typeof output === 'string' ? word + output : [textPart(word.trim()), ...output]
}

function callOutput({ item }: Call, output: string | InputPart[]): CallOutput {
  const { call_id } = item
  return item.type === 'custom_tool_call'
    ? { type: 'custom_tool_call_output', call_id, output }
    : { type: 'function_call_output', call_id, output }
}

/** The API refuses calls without an output. */
function missingOutputs(calls: readonly Call[]): CallOutput[] {
  return calls.filter(({ isAnswered }) => !isAnswered).map((call) => callOutput(call, noResult))
}

/**
 * Gives each message of the assistant the phase that it lacks: a turn that calls tools has not answered yet. Without phases
 * models from gpt-5.3-codex on take a preamble for the answer, and stop early.
 */
function fillPhases(input: readonly InputItem[]): void {
  let turn: InputItem[] = []
  for (const item of input) {
    if (isOfAssistant(item)) turn.push(item)
    else {
      fillTurn(turn)
      turn = []
    }
  }
  fillTurn(turn)
}

function isOfAssistant(item: InputItem): boolean {
  return isCall(item) || item.type === 'reasoning' || isAnswer(item)
}

function isCall({ type }: InputItem): boolean {
  return type === 'function_call' || type === 'custom_tool_call'
}

function isAnswer(item: InputItem) {
  return item.type === 'message' && item.role === 'assistant'
}

function fillTurn(turn: readonly InputItem[]): void {
  const phase = usualPhase(turn.some(isCall))
  for (const item of turn) {
    if (item.type === 'message' && item.role === 'assistant') item.phase ??= phase
  }
}
