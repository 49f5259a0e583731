/**
 * The turns as chat messages for servers of any kind. Many have a template that knows one system message in front, speakers in
 * turn, content that is a string, and results right behind their calls, so the messages keep to that.
 */
import { isObject, jsonFrom, wellFormed, writeJson } from '../../json/value.ts'
import { objectTextIn } from '../../neutral/arguments.ts'
import { orderedPieces, type Sealed, type Taker } from '../../neutral/writing.ts'
import type { CallPiece, Piece, ResultPiece, Turn } from '../../neutral/request.ts'
import { leftOut, nothingLeft, unsupportedPiece, noResult, reminder } from '../../neutral/turn.ts'
import { OpenCalls, shortToolId, uniqueIds } from '../../neutral/tool-id.ts'
import { type ToolNames } from '../../neutral/tools.ts'
import { wrappedInput } from '../../neutral/free-text.ts'
import { isGiven, textAt } from '../../untrusted.ts'
import type { ChatMessage, ChatToolCall } from '../../wire/chat.ts'
import { contentOf, partsOf, textPart, textsOf, type Part } from './parts.ts'

/** Begins the user message with the images that no message of a tool can hold. */
export const imagesOfResults = 'Images from the tool results:'

export interface MessageContext extends Taker {
  names: ToolNames
  /** the model refuses calls without reasoning beside them */
  wantsReasoning: boolean
}

interface Conversation {
  /** the texts of the instructions before all other turns */
  leading: string[]
  messages: ChatMessage[]
}

/** Throws a 400 with the place of what cannot be carried over, or where nothing is left. */
export function writeMessages(turns: readonly Turn[], context: MessageContext): Conversation {
  const firstOther = turns.findIndex(({ role }) => role !== 'instruction')
  const leading = turns.slice(0, firstOther === -1 ? turns.length : firstOther)
  const drafts = new Drafts(context)
  for (const turn of turns.slice(leading.length)) drafts.add(turn)
  const messages = drafts.messages()
  if (messages.length === 0) throw nothingLeft(turns)
  return { leading: leading.flatMap((turn) => textsOf(partsOf(turn.pieces))), messages }
}

interface Call {
  /** as the client knows it */
  id: string
  written: ChatToolCall
  result?: ResultPiece
}

/** Neighbouring turns of one speaker. */
type Draft =
  | { role: 'user'; parts: Part[] }
  | {
      role: 'assistant'
      texts: string[]
      reasoning: Sealed[]
      calls: Call[]
      /** Only within a message: models that count anew in each know their own ids, and servers take these again. */
      uniqueId: (id: string) => string
    }
type Answer = Extract<Draft, { role: 'assistant' }>

class Drafts {
  readonly #context: MessageContext
  readonly #all: Draft[] = []
  readonly #open = new OpenCalls<Call>()
  /** results came behind the last draft, so that nothing more belongs to it */
  #isAnswered = false

  constructor(context: MessageContext) {
    this.#context = context
  }

  add(turn: Turn): void {
    if (turn.role !== 'assistant') this.#open.endRound()
    if (turn.role === 'assistant') this.#addAnswer(turn)
    else if (turn.role === 'instruction') this.#addParts(this.#reminder(turn))
    else for (const piece of turn.pieces) this.#addPiece(piece)
  }

  messages(): ChatMessage[] {
    const messages: ChatMessage[] = []
    let parts: Part[] = []
    const flush = () => {
      if (parts.length > 0) messages.push({ role: 'user', content: contentOf(parts) })
      parts = []
    }
    const fills = this.#fillsReasoning()
    for (const draft of this.#all) {
      if (draft.role === 'user') parts.push(...draft.parts)
      else if (draft.texts.length > 0 || draft.calls.length > 0) {
        flush()
        messages.push(answerMessage(draft, fills))
        const images = draft.calls.flatMap((call) => this.#addResult(call, messages))
        if (images.length > 0) parts.push(textPart(imagesOfResults), ...images)
      }
    }
    flush()
    return messages
  }

  /** Where nothing is added, the turns around it stay neighbours. */
  #addParts(parts: readonly Part[]): void {
    const last = this.#all.at(-1)
    if (last?.role === 'user') last.parts.push(...parts)
    else if (parts.length > 0) this.#all.push({ role: 'user', parts: [...parts] })
  }

  #answer(): Answer {
    const last = this.#all.at(-1)
    if (last?.role === 'assistant' && !this.#isAnswered) return last
    const uniqueId = uniqueIds(maxIdLength)
    const draft: Answer = { role: 'assistant', texts: [], reasoning: [], calls: [], uniqueId }
    this.#all.push(draft)
    this.#isAnswered = false
    return draft
  }

  /** A system message further down many templates refuse, and one in front would end what is cached. */
  #reminder({ pieces }: Turn): Part[] {
    const parts = partsOf(pieces)
    const text = textsOf(parts).join('\n\n')
    const others = parts.filter(({ type }) => type !== 'text')
    if (text === '') return others
    return [textPart(reminder(text)), ...others]
  }

  #addPiece(piece: Piece): void {
    if (piece.type !== 'result') {
      this.#addParts(partsOf([piece]))
      return
    }
    const call = piece.id === undefined ? undefined : this.#open.answer(piece.id)
    if (call) {
      call.result = piece
      const last = this.#all.at(-1)
      // the result of an earlier answer's call goes back to that
      if (last?.role === 'assistant' && last.calls.includes(call)) this.#isAnswered = true
      return
    }
    const { text, others } = this.#resultOf(piece)
    const heading = `Tool result (${piece.id ?? piece.name ?? ''}):`
    this.#addParts([textPart(`${heading}\n${text}`), ...others])
  }

  #addAnswer(turn: Turn): void {
    const answer = this.#answer()
    for (const piece of orderedPieces(turn, this.#context)) this.#addOwn(piece, answer)
  }

  #addOwn(piece: ReturnType<typeof orderedPieces>[number], answer: Answer): void {
    switch (piece.type) {
      case 'text':
      case 'refusal':
        if (piece.text !== '') answer.texts.push(piece.text)
        break
      case 'reasoning':
        if (piece.reasoning.seal)
          answer.reasoning.push({ ...piece.reasoning, seal: piece.reasoning.seal })
        break
      case 'call':
        this.#addCall(piece, answer)
        break
      case 'foreign':
        leftOut(piece, writes)
        break
      case 'phase':
        break
      case 'attachment':
      case 'search-result':
      case 'result':
        throw unsupportedPiece(piece, writes)
      default:
        piece satisfies never
    }
  }

  #addCall(piece: CallPiece, answer: Answer): void {
    const { id, name, namespace } = piece
    const called = {
      name: this.#context.names.sent(name, namespace),
      arguments: argumentsOf(piece),
    }
    const sent = answer.uniqueId(upstreamCallId(id))
    const call: Call = { id, written: { id: sent, type: 'function', function: called } }
    answer.calls.push(call)
    this.#open.add(call)
  }

  /** Adds the message of the result; returns what a message of a tool cannot hold. */
  #addResult({ written, result }: Call, messages: ChatMessage[]): Part[] {
    const { text, others } = result ? this.#resultOf(result) : { text: noResult, others: [] }
    messages.push({ role: 'tool', tool_call_id: written.id, content: text })
    return others
  }

  #resultOf({ content, isError }: ResultPiece): { text: string; others: Part[] } {
    const parts = typeof content === 'string' ? [textPart(content)] : partsOf(content)
    const others = parts.filter(({ type }) => type !== 'text')
    const text = textsOf(parts).join('\n') || (others.length > 0 ? '(see below)' : '(no output)')
    return { text: isError ? `Error: ${text}` : text, others }
  }

  /** Such a model is known by its id, or by what it said in this conversation. */
  #fillsReasoning(): boolean {
    const { wantsReasoning } = this.#context
    return (
      wantsReasoning ||
      this.#all.some((draft) => draft.role === 'assistant' && draft.reasoning.some(isContent))
    )
  }
}

const writes = 'an assistant turn holds text, calls and reasoning'

function isContent({ seal }: Sealed): boolean {
  return 'field' in seal && seal.field === 'reasoning_content'
}

function answerMessage({ texts, reasoning, calls }: Answer, fillsReasoning: boolean): ChatMessage {
  const fields = reasoningFields(reasoning)
  const isBare = fillsReasoning && calls.length > 0 && Object.keys(fields).length === 0
  return {
    role: 'assistant',
    content: texts.length > 0 ? texts.join('') : null,
    ...(isBare ? { reasoning_content: ' ' } : fields),
    ...(calls.length > 0 && { tool_calls: calls.map(({ written }) => written) }),
  }
}

/** Each field as it was, with the text of all its blocks. */
function reasoningFields(reasoning: readonly Sealed[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const { seal, text } of reasoning) {
    if (!('field' in seal) || seal.field === 'inline') continue
    const { field, entries } = seal
    const before = fields[field]
    if (entries) fields[field] = Array.isArray(before) ? [...before, ...entries] : entries
    else if (text !== '') fields[field] = typeof before === 'string' ? before + text : text
  }
  return fields
}

/** OpenAI takes no longer ones; some templates print them, so that others stay as they are. */
const maxIdLength = 40

function upstreamCallId(id: string): string {
  return id !== '' && id.length <= maxIdLength ? id : shortToolId(id, maxIdLength)
}

/**
 * The text that it is, `{}` for none, and U+FFFD for a lone half of a surrogate pair. Templates and gateways read it as an object
 * and refuse the conversation for ever where it is none, so that what else a model once wrote is wrapped.
 */
function argumentsOf({ kind, input, inputPlace }: CallPiece): string {
  const isParsed = isObject(input) || Array.isArray(input)
  const text = isParsed ? writeJson(input) : isGiven(input) ? textAt(input, inputPlace) : ''
  if (kind === 'custom') return wrappedInput(text)
  return ['', 'null'].includes(text.trim())
    ? '{}'
    : wellFormed(isObject(input) ? text : objectText(text))
}

function objectText(text: string): string {
  const value = jsonFrom(text)
  if (value === undefined) return writeJson({ raw_arguments: text })
  if (isObject(value)) return text
  return objectTextIn(text) ?? `{"value":${text}}`
}
