/** What a refusal says of how long an answer may be. */
import type { JsonDocument } from '../json/document.ts'

/**
 * Agents ask for as long an answer as their usual model can give, which a local one has not the room for: 32000 tokens of Claude
 * Code's of a context of 32768. In: what is in it, and what of that the input takes.
 * Source: cc-switch #1022, claude-code-best #272, cc-haha #29 (vLLM, DeepSeek), SGLang, TGI, read 2026-11.
 */
const rooms = [
  /maximum context length is (\d+) tokens and your request has (\d+) input tokens/i,
  /maximum context length is (\d+) tokens\. However, you requested [^(]{0,40}\((\d+) in the messages/i,
  /maximum context length of (\d+) tokens\. You requested a total of \d+ tokens: (\d+) tokens from the input/i,
  /`max_new_tokens` must be <= (\d+)\. Given: (\d+) `inputs` tokens/i,
]

/** Where the model has a limit of its own. */
const limits = [
  /range of `?max_(?:completion_)?tokens`? (?:is|should be) \[1, ?(\d+)\]/i,
  /supports at most (\d+) completion tokens/i,
  /`?max_(?:completion_)?tokens`? must be (?:less than or equal to|at most|<=) `?(\d+)/i,
]

/** Whether a refusal is of one of these. */
export const limitWords = new RegExp(
  [...rooms, ...limits].map(({ source }) => source).join('|'),
  'i',
)

/** Tokens. With less room than this the conversation is too long, which the client has to hear. */
const leastRoom = 1024

/** Whether the conversation itself is what is too long. */
export function leavesNoRoom(refusal: string): boolean {
  return (roomIn(refusal) ?? leastRoom) < leastRoom
}

/** The longest answer that there is room for; undefined where there is none, or nothing says it. */
export function mostIn(refusal: string): number | undefined {
  const room = roomIn(refusal)
  if (room !== undefined) return room >= leastRoom ? room : undefined
  const limit = limits.map((one) => one.exec(refusal)?.[1]).find((one) => one !== undefined)
  return limit === undefined ? undefined : Number(limit)
}

function roomIn(refusal: string): number | undefined {
  for (const words of rooms) {
    const [, all, input] = words.exec(refusal) ?? []
    if (all !== undefined) return Number(all) - Number(input)
  }
  return undefined
}

/** False where nothing in the request is beyond it. */
export function lowerTo(document: JsonDocument, most: number | undefined): boolean {
  if (most === undefined) return false
  const over = ['max_tokens', 'max_completion_tokens'].filter((name) => {
    const asked = document.get(name)
    return typeof asked === 'number' && asked > most
  })
  for (const name of over) document.set(name, most)
  return over.length > 0
}
