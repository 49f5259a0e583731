/**
 * The chat messages as Anthropic's `system` and `messages`: one walk, then the turns are put in the
 * order the API wants.
 */
import { badRequest } from '../../errors.ts'
import type { AnthropicBlock, AnthropicMessage, AnthropicTextBlock } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../json/value.ts'
import { assistantBlocks } from './assistant.ts'
import type { HistoryContext } from './assistant.ts'
import { withMessageMark } from './cache-control.ts'
import type { Capability } from './capability.ts'
import { asInstruction, placeInstructions } from './instructions.ts'
import { contentBlocks, isBlank, textBlock } from './parts.ts'
import { isThinking } from './reasoning-history.ts'
import { answeredId, toolResultBlock } from './tool-blocks.ts'
import { pairTools } from './tool-pairs.ts'
import { listAt, nameAt, objectAt } from '../../untrusted.ts'

export interface Conversation {
  system: AnthropicTextBlock[]
  messages: AnthropicMessage[]
}

/** Asks a model that takes no prefill to take up its own unfinished words. */
const goOn = 'Go on from where you stopped.'

interface OpenCall {
  id: string
  name: unknown
}

/** What the model takes of a conversation, by its row in the capability table. */
type ConversationContext = HistoryContext & Pick<Capability, 'prefill' | 'systemTurns'>

/** The whole conversation; throws a 400 that names the place of what cannot be carried over. */
export function conversationOf(messages: unknown, context: ConversationContext): Conversation {
  const system: AnthropicTextBlock[] = []
  const turns: AnthropicMessage[] = []
  const openCalls: OpenCall[] = []
  let hasBegun = false
  for (const [index, value] of listAt(messages, 'messages').entries()) {
    const place = `messages[${index}]`
    const message = objectAt(value, place)
    hasBegun ||= message.role !== 'system' && message.role !== 'developer'
    switch (message.role) {
      case 'system':
      case 'developer': {
        const texts = plainBlocks(message, place, 'system').filter(isText)
        if (hasBegun) turns.push({ role: 'user', content: texts.map(asInstruction) })
        else system.push(...texts)
        break
      }
      case 'user':
        turns.push({ role: 'user', content: plainBlocks(message, place, 'user') })
        break
      case 'assistant': {
        const blocks = assistantBlocks(message, place, `function_call_${index}`, context)
        for (const block of blocks) {
          if (block.type === 'tool_use') openCalls.push({ id: String(block.id), name: block.name })
        }
        turns.push({ role: 'assistant', content: withMessageMark(blocks, message) })
        break
      }
      case 'tool':
      case 'function': {
        const id = resultId(message, place, openCalls)
        turns.push({ role: 'user', content: [toolResultBlock(message, id, place)] })
        break
      }
      default:
        throw unknownRole(place)
    }
  }
  return { system, messages: inOrder(turns, context) }
}

function plainBlocks(
  message: JsonObject,
  place: string,
  speaker: 'system' | 'user',
): AnthropicBlock[] {
  const blocks = contentBlocks(message.content, `${place}.content`, speaker)
  return withMessageMark(
    blocks.filter((block) => !isBlank(block)),
    message,
  )
}

/**
 * The call that a message answers, which is then closed. A `function` message names no id: it
 * answers the latest of its name.
 */
function resultId(message: JsonObject, place: string, openCalls: OpenCall[]): string {
  if (message.role === 'tool') {
    const answered = answeredId(message, place)
    const at = openCalls.findIndex(({ id }) => id === answered)
    if (at !== -1) openCalls.splice(at, 1)
    return answered
  }
  const name = nameAt(message.name, `${place}.name`)
  const at = openCalls.findLastIndex((call) => call.name === name)
  const [call] = at === -1 ? [] : openCalls.splice(at, 1)
  return call?.id ?? `function ${name}`
}

/**
 * Merged, paired, with instructions in their places, beginning with a user turn, and with an end
 * that the model takes.
 */
function inOrder(turns: AnthropicMessage[], context: ConversationContext): AnthropicMessage[] {
  const paired = pairTools(merged(merged(turns).map(withoutLooseThinking)))
  const opening: AnthropicMessage[] =
    paired[0]?.role === 'user' ? [] : [{ role: 'user', content: [textBlock('.')] }]
  const placed = paired.flatMap((turn) => placeInstructions(turn, context.systemTurns))
  return withTakenEnd([...opening, ...placed], context.prefill)
}

/** A prefill must not end in whitespace; a model that takes none is asked to go on. */
function withTakenEnd(turns: AnthropicMessage[], prefill: boolean): AnthropicMessage[] {
  if (prefill) return [...turns.slice(0, -1), ...turns.slice(-1).map(trimPrefill)]
  if (turns.at(-1)?.role !== 'assistant') return turns
  return [...turns, { role: 'user', content: [textBlock(goOn)] }]
}

/** Neighbours of one role become one turn; turns with nothing in them vanish. */
function merged(turns: AnthropicMessage[]): AnthropicMessage[] {
  const result: AnthropicMessage[] = []
  for (const turn of turns) {
    const last = result.at(-1)
    if (turn.content.length === 0) continue
    if (last?.role === turn.role) last.content.push(...turn.content)
    else result.push({ role: turn.role, content: [...turn.content] })
  }
  return result
}

function isText(block: AnthropicBlock): block is AnthropicTextBlock {
  return block.type === 'text'
}

/**
 * The API refuses an assistant turn that has thinking and does not begin with it (two messages in a
 * row), or that ends with it (an answer that was cut while the model thought).
 */
function withoutLooseThinking(turn: AnthropicMessage): AnthropicMessage {
  const [first] = turn.content
  if (turn.role === 'user' || !first) return turn
  const content = isThinking(first)
    ? turn.content
    : turn.content.filter((block) => !isThinking(block))
  const last = content.findLastIndex((block) => !isThinking(block))
  return { ...turn, content: content.slice(0, last + 1) }
}

function trimPrefill(turn: AnthropicMessage): AnthropicMessage {
  const last = turn.content.at(-1)
  if (turn.role === 'user' || last?.type !== 'text') return turn
  const text = String(last.text).trimEnd()
  return { ...turn, content: [...turn.content.slice(0, -1), { ...last, text }] }
}

function unknownRole(place: string) {
  const known = 'system, developer, user, assistant, tool or function'
  const at = `${place}.role`
  return badRequest('invalid_value', at, `${at} is not known; use ${known}.`)
}
