/** The chat messages as `input` items and the texts that lead them, which go to `instructions`. */
import { badRequest } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { listAt, objectAt } from '../../untrusted.ts'
import { assistantItems, type HistoryContext } from './assistant.ts'
import { inputParts, textPart, textsOf, type Part } from './parts.ts'
import { fillPhases } from './fill-phases.ts'
import { callsOf, OpenCalls, type Call } from './tool-calls.ts'
import { missingOutputItem, resultItem, resultPartItems } from './tool-outputs.ts'

export interface Conversation {
  /** the texts of each system or developer message before any other */
  leading: string[][]
  /** empty where only what leads says anything */
  input: ResponsesItem[]
}

/**
 * A group of calls stands for the outputs that the rest of the history does not give; only its end
 * can tell.
 */
type Draft = ResponsesItem | Call[]

/**
 * The whole conversation; throws a 400 that names the place of what cannot be carried over, or when
 * nothing is left.
 */
export function conversationOf(messages: unknown, context: HistoryContext): Conversation {
  const list = listAt(messages, 'messages').map((value, index) =>
    objectAt(value, `messages[${index}]`),
  )
  const firstOther = list.findIndex((message) => !isInstruction(message))
  const leading: string[][] = []
  const drafts: Draft[][] = []
  const open = new OpenCalls()
  for (const [index, message] of list.entries()) {
    const place = `messages[${index}]`
    if (!isInstruction(message)) {
      drafts.push(draftsOf(message, index, open, context))
      continue
    }
    const parts = inputParts(message.content, `${place}.content`)
    const texts = firstOther === -1 || index < firstOther ? textsOf(parts) : undefined
    if (texts) leading.push(texts)
    else drafts.push(messageItem('developer', parts))
  }
  const input = drafts
    .flat()
    .flatMap((draft) => (Array.isArray(draft) ? missingOutputs(draft) : draft))
  if (input.length === 0 && leading.flat().length === 0) throw nothingLeft()
  if (context.phases) fillPhases(input)
  return { leading, input }
}

/** What leads, as items: the API wants an input also where there is nothing but instructions. */
export function instructionItems(leading: string[][]): ResponsesItem[] {
  return leading.flatMap((texts) => messageItem('developer', texts.map(textPart)))
}

function isInstruction({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

function draftsOf(
  message: JsonObject,
  index: number,
  open: OpenCalls,
  context: HistoryContext,
): Draft[] {
  const place = `messages[${index}]`
  switch (message.role) {
    case 'user':
      return userItems(message.content, `${place}.content`, open)
    case 'assistant': {
      const calls = callsOf(message, place, `function_call_${index}`)
      for (const call of calls) open.add(call)
      return [...assistantItems(message, calls, place, context), calls]
    }
    case 'tool':
    case 'function':
      return [resultItem(message, place, open)]
    default:
      throw unknownRole(place)
  }
}

function userItems(content: unknown, place: string, open: OpenCalls): ResponsesItem[] {
  const results = resultPartItems(content, place, open)
  return [...results, ...messageItem('user', inputParts(content, place, ['tool_result']))]
}

function messageItem(role: 'developer' | 'user', content: Part[]): ResponsesItem[] {
  return content.length > 0 ? [{ type: 'message', role, content }] : []
}

function missingOutputs(calls: Call[]): ResponsesItem[] {
  return calls.filter(({ answered }) => !answered).map(missingOutputItem)
}

function unknownRole(place: string) {
  const known = 'system, developer, user, assistant, tool or function'
  const at = `${place}.role`
  return badRequest('invalid_value', at, `${at} is not known; use ${known}.`)
}

function nothingLeft() {
  const message = 'messages holds nothing to answer; send at least one message with content.'
  return badRequest('invalid_value', 'messages', message)
}
