/**
 * The turns of a request as Anthropic's `system` and `messages`, put in the order that the API wants: roles in turn, every
 * call answered once, in the next user turn, results first.
 * Source: Anthropic API reference "Messages", "Mid-conversation system messages", read 2026-11.
 */
import { isObject } from '../../json/value.ts'
import { orderedPieces, type Sealed } from '../../neutral/writing.ts'
import { makers, type Recall } from '../../neutral/reasoning.ts'
import type { Turn } from '../../neutral/request.ts'
import { matchedResults, uniqueIds } from '../../neutral/tool-id.ts'
import type { ToolNames } from '../../neutral/tools.ts'
import { nothingLeft, noResult, reminder } from '../../neutral/turn.ts'
import type {
  AnthropicBlock,
  AnthropicMessage,
  AnthropicTextBlock,
  ToolResultBlock,
} from '../../wire/anthropic.ts'
import type { Capability } from './capability.ts'
import {
  blocksOf,
  instructionBlocks,
  isBlock,
  isThinking,
  textBlock,
  withTurnMark,
} from './content.ts'

/** Of this API, in the registry of reasoning formats. */
const maker = makers.anthropic

export interface Conversation {
  system: AnthropicTextBlock[]
  messages: AnthropicMessage[]
}

/** What the model takes of a conversation. */
interface ConversationContext extends Pick<Capability, 'prefill' | 'systemTurns'> {
  /** the upstream's name of the model that is asked */
  upstreamModel: string
  names: ToolNames
  /** false for the level `off`: history goes without thinking */
  keepThinking: boolean
  recall?: Recall | undefined
}

/** Asks a model that takes no prefill to go on with its own unfinished text. */
export const goOn = 'Go on from where you stopped.'

/** The whole conversation; throws a 400 with the place of what the API does not take, or where nothing is left. */
export function conversationOf(turns: Turn[], context: ConversationContext): Conversation {
  const taker = {
    takes: (reasoning: Sealed) => context.keepThinking && isOfModel(reasoning, context),
    recall: context.recall,
  }
  const system: AnthropicTextBlock[] = []
  const messages: AnthropicMessage[] = []
  const instructions = new Set<AnthropicBlock>()
  for (const turn of turns) {
    if (turn.role === 'instruction') {
      const texts = withTurnMark(instructionBlocks(turn.pieces), turn.mark)
      if (messages.length === 0) system.push(...texts)
      else {
        for (const text of texts) instructions.add(text)
        messages.push({ role: 'user', content: texts })
      }
    } else {
      const pieces = turn.role === 'user' ? turn.pieces : orderedPieces(turn, taker)
      messages.push({
        role: turn.role,
        content: withTurnMark(blocksOf(pieces, context.names), turn.mark),
      })
    }
  }
  const isSilent = system.length === 0 && messages.every(({ content }) => content.length === 0)
  if (isSilent) throw nothingLeft(turns)
  return { system, messages: inOrder(messages, instructions, context) }
}

/** Newer models bind thinking to the model that made it, and other providers' signatures mean nothing here. */
function isOfModel(reasoning: Sealed, { upstreamModel }: ConversationContext): boolean {
  const { seal, maker: made = maker, model = upstreamModel } = reasoning
  return !('field' in seal) && made === maker && model === upstreamModel
}

/** Merged, paired, with instructions in their places, beginning with a user turn, and with an end that the model takes. */
function inOrder(
  turns: AnthropicMessage[],
  instructions: ReadonlySet<AnthropicBlock>,
  { prefill, systemTurns }: ConversationContext,
): AnthropicMessage[] {
  const paired = pairTools(merged(merged(turns).map(withoutLooseThinking)))
  const opening: AnthropicMessage[] =
    paired[0]?.role === 'user' ? [] : [{ role: 'user', content: [textBlock('.')] }]
  const placed =
    instructions.size === 0
      ? paired
      : paired.flatMap((turn) => placeInstructions(turn, instructions, systemTurns))
  return withTakenEnd([...opening, ...placed], prefill)
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

/**
 * The API refuses an assistant turn that has thinking and does not begin with it (two messages in a row), or that ends with
 * it (an answer that was cut while the model thought).
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

/** A prefill must not end in whitespace; a model that takes none is asked to go on. */
function withTakenEnd(turns: AnthropicMessage[], prefill: boolean): AnthropicMessage[] {
  if (prefill) return [...turns.slice(0, -1), ...turns.slice(-1).map(trimPrefill)]
  if (turns.at(-1)?.role !== 'assistant') return turns
  return [...turns, { role: 'user', content: [textBlock(goOn)] }]
}

function trimPrefill(turn: AnthropicMessage): AnthropicMessage {
  const last = turn.content.at(-1)
  if (turn.role === 'user' || !last || !isBlock(last, 'text')) return turn
  return {
    ...turn,
    content: [...turn.content.slice(0, -1), { ...last, text: last.text.trimEnd() }],
  }
}

/**
 * Instructions in mid-conversation stay where they were given: in the top-level `system` each would change the beginning of
 * the prompt, and the cache of the whole history would be lost. Where the model knows system turns, those at the end of a user
 * turn become one: the API takes a system turn behind a user's only, in front of an assistant's or at the very end. All others
 * become user text in their place.
 */
function placeInstructions(
  turn: AnthropicMessage,
  instructions: ReadonlySet<AnthropicBlock>,
  systemTurns: boolean,
): AnthropicMessage[] {
  const { role, content } = turn
  if (!content.some((block) => instructions.has(block))) return [turn]
  const end = content.findLastIndex((block) => !instructions.has(block)) + 1
  const split = systemTurns && end > 0 ? end : content.length
  const before = content
    .slice(0, split)
    .map((block) => (instructions.has(block) ? asReminder(block) : block))
  const last = content.slice(split)
  return [
    { role, content: before },
    ...(last.length > 0 ? [{ role: 'system' as const, content: last }] : []),
  ]
}

function asReminder(block: AnthropicBlock): AnthropicBlock {
  return { ...block, text: reminder(String(block.text)) }
}

const maxIdLength = 64

interface OpenCall {
  /** as the client knows it */
  id: string
  sent: string
}

/** The turns, in which neighbours have different roles, with their tools paired, and no id used twice. */
function pairTools(turns: AnthropicMessage[]): AnthropicMessage[] {
  if (!turns.some(({ content }) => content.some(isOfTool))) return turns
  const paired: AnthropicMessage[] = []
  const uniqueId = uniqueIds(maxIdLength)
  let open: OpenCall[] = []
  for (const turn of turns) {
    if (turn.role === 'user') {
      paired.push({ role: 'user', content: answers(turn.content, open) })
      open = []
      continue
    }
    const calls: OpenCall[] = []
    const content = turn.content.map((block) => {
      if (!isBlock(block, 'tool_use')) return block
      const sent = uniqueId(block.id)
      calls.push({ id: block.id, sent })
      return Object.assign({}, block, { id: sent })
    })
    paired.push({ role: 'assistant', content })
    open = calls
  }
  if (open.length > 0) paired.push({ role: 'user', content: answers([], open) })
  return paired
}

function isOfTool(block: AnthropicBlock): boolean {
  return isBlock(block, 'tool_use') || isBlock(block, 'tool_result')
}

/** A user turn after the turn that made `calls`: results, then missing results, then orphans as text, then the rest. */
function answers(content: AnthropicBlock[], calls: OpenCall[]): AnthropicBlock[] {
  const results: ToolResultBlock[] = []
  const others: AnthropicBlock[] = []
  for (const block of content) {
    if (isBlock(block, 'tool_result')) results.push(block)
    else others.push(block)
  }
  const { given, loose } = matchedResults(calls, results, ({ tool_use_id: id }) => id)
  const told: AnthropicBlock[] = []
  for (const [{ sent }, result] of given) told.push({ ...result, tool_use_id: sent })
  for (const call of calls) if (!given.has(call)) told.push(missingResult(call.sent))
  for (const result of loose) told.push(...orphanBlocks(result))
  for (const block of others) told.push(block)
  return told
}

function missingResult(id: string): ToolResultBlock {
  return { type: 'tool_result', tool_use_id: id, is_error: true, content: noResult }
}

/** A result that nobody asked for goes up as text; images and documents of it follow as they are. */
function orphanBlocks(result: ToolResultBlock): AnthropicBlock[] {
  const { content = '', tool_use_id: id, cache_control: mark } = result
  const parts = typeof content === 'string' ? [] : content
  const texts = parts.map((part) => part.text).filter((text) => typeof text === 'string')
  const text = typeof content === 'string' ? content : texts.join('\n')
  const heading = textBlock(`Tool result (${id}):\n${text}`)
  const media = parts.filter(({ type }) => type === 'image' || type === 'document')
  return [{ ...heading, ...(isObject(mark) && { cache_control: mark }) }, ...media]
}
