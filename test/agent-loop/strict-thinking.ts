/**
 * What Anthropic Messages refuses about thinking in a history: a block comes back exactly as it was
 * made, where it was made, to the model that made it; and a loop that goes on thinking began so.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../pipelines/json/value.ts'
import { findSeal, sealIn, type IssuedAnswer, type Part } from './issued.ts'
import { partsIn } from './strict-blocks.ts'

export function* refusedThinking(
  turns: unknown[],
  model: string,
  enabled: boolean,
  issued: IssuedAnswer[],
): Iterable<string> {
  for (const turn of turns) {
    if (isObject(turn) && turn.role === 'assistant') {
      yield* refusedTurn(partsIn(turn.content), model, issued)
    }
  }
  if (enabled && loopBeginsWithout(turns)) yield 'loop-thinking: the tool loop began without'
}

function* refusedTurn(blocks: Part[], model: string, issued: IssuedAnswer[]): Iterable<string> {
  const thoughts = blocks.filter(isThinking)
  if (thoughts.length === 0) return
  if (blocks[0] !== thoughts[0]) yield 'thinking-first: a turn with thinking begins without'
  if (blocks.at(-1) === thoughts.at(-1)) yield 'thinking-last: a turn ends with thinking'
  for (const block of thoughts) {
    const found = findSeal(issued, sealIn(block))
    if (!found) {
      yield `thinking-seal: the seal of a ${block.type} block was never given out`
      return
    }
    const { answer, index } = found
    if (answer.model !== model) yield `thinking-model: made by ${answer.model}`
    if (!isDeepStrictEqual(block, answer.parts[index])) yield 'thinking-changed: other text'
  }
  const answers = new Set(thoughts.map((block) => findSeal(issued, sealIn(block))?.answer))
  for (const answer of answers) {
    if (answer && !holdsRun(blocks.map(identity), answer.parts.filter(isFilled).map(identity))) {
      yield 'thinking-order: the turn has not the blocks that were made, in their order'
    }
  }
}

/** Whether a turn, which may be made of several answers, holds one of them whole and in its order. */
function holdsRun(turn: unknown[], answer: unknown[]): boolean {
  return turn.some((_, start) =>
    isDeepStrictEqual(turn.slice(start, start + answer.length), answer),
  )
}

/** Enough of a block to tell its place among the others. */
function identity(block: Part): unknown {
  return sealIn(block) ?? block.id ?? block.text
}

/** Blank text is refused, though the model may have written it. */
export function isFilled({ type, text }: Part): boolean {
  return type !== 'text' || (typeof text === 'string' && text.trim() !== '')
}

/** The turns after the user's last word: whether the first of them begins with something else. */
function loopBeginsWithout(turns: unknown[]): boolean {
  const list = partsIn(turns)
  const lastWord = list.findLastIndex(
    ({ role, content }) =>
      role === 'user' && (typeof content === 'string' || partsIn(content).some(isNoResult)),
  )
  const first = list.slice(lastWord + 1).find(({ role }) => role === 'assistant')
  const begin = first && partsIn(first.content)[0]
  return begin !== undefined && !isThinking(begin)
}

function isNoResult({ type }: Part): boolean {
  return type !== 'tool_result'
}

function isThinking({ type }: Part): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}
