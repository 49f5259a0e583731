/** What Anthropic Messages refuses about the order of turns, and of calls and results in them. */
import { isObject } from '../../pipelines/json/value.ts'
import { shown } from './issued.ts'
import { partsIn } from './strict-blocks.ts'

export function* refusedTurns(turns: unknown[]): Iterable<string> {
  if (turns.length === 0) {
    yield 'turns: none'
    return
  }
  if (roleOf(turns[0]) !== 'user') yield 'first-turn: not of the user'
  const used = new Set<unknown>()
  for (const [index, turn] of turns.entries()) {
    const place = `messages[${index}]`
    if (index > 0 && roleOf(turn) === roleOf(turns[index - 1])) yield `alternation: ${place}`
    const calls = callsOf(turn)
    for (const id of calls) {
      if (used.has(id)) yield `id-twice: ${shown(id)}`
      used.add(id)
    }
    if (index > 0) yield* refusedResults(turn, callsOf(turns[index - 1]), place)
    else yield* refusedResults(turn, [], place)
    if (calls.length > 0 && index === turns.length - 1) yield `unanswered: ${calls.join(', ')}`
  }
}

/** The results of a turn after a turn with these calls. */
function* refusedResults(turn: unknown, calls: unknown[], place: string): Iterable<string> {
  const types = contentOf(turn)
  const answered = types
    .filter(({ type }) => type === 'tool_result')
    .map(({ tool_use_id: id }) => id)
  for (const id of calls) if (!answered.includes(id)) yield `unanswered: ${shown(id)}`
  for (const [index, id] of answered.entries()) {
    if (!calls.includes(id)) yield `orphan: ${shown(id)} in ${place}`
    if (answered.indexOf(id) !== index) yield `result-twice: ${shown(id)}`
  }
  const firstOther = types.findIndex(({ type }) => type !== 'tool_result')
  const lastResult = types.findLastIndex(({ type }) => type === 'tool_result')
  if (firstOther !== -1 && firstOther < lastResult) yield `results-first: ${place}`
}

function callsOf(turn: unknown): unknown[] {
  return contentOf(turn)
    .filter(({ type }) => type === 'tool_use')
    .map(({ id }) => id)
}

function contentOf(turn: unknown) {
  return isObject(turn) ? partsIn(turn.content) : []
}

function roleOf(turn: unknown): unknown {
  return isObject(turn) ? turn.role : undefined
}
