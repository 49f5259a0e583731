/**
 * What a request lost because its upstream refused it, in the client's words, for `x-droid2api-dropped`. Loaded only where an
 * upstream refused something.
 */
import { JsonDocument } from '../json/document.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import type { Wish } from '../model.ts'
import type { Limits, Nameable, NeutralRequest } from './request.ts'

type Known = 'level' | 'budgetTokens' | 'parameter'

/** What the client asked for, as far as an upstream may refuse it. */
export interface Wishes extends Pick<NeutralRequest, 'names' | 'limits'> {
  /** what the request has of these */
  given: readonly Nameable[]
  reasoning: Pick<Wish, 'names' | 'hidden'> & { [Member in Known]: Wish[Member] | undefined }
}

/** The members of all APIs that an upstream may refuse, with the wish that is lost without them. */
const members: readonly [path: string, of: Nameable][] = [
  ['temperature', 'temperature'],
  ['top_p', 'topP'],
  ['top_k', 'topK'],
  ['presence_penalty', 'presencePenalty'],
  ['frequency_penalty', 'frequencyPenalty'],
  ['top_logprobs', 'logprobs'],
  ['top_logprobs', 'topLogprobs'],
  ['tool_choice', 'toolChoice'],
  ['parallel_tool_calls', 'parallelCalls'],
  ['verbosity', 'verbosity'],
  ['text.verbosity', 'verbosity'],
  ['user', 'user'],
  ['safety_identifier', 'safetyId'],
  ['prompt_cache_key', 'cacheKey'],
  ['service_tier', 'tier'],
  ['metadata', 'metadata'],
]

/** With these a model does what it does anyway. */
const usual: Readonly<Record<string, readonly unknown[]>> = {
  temperature: [1],
  top_p: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  parallel_tool_calls: [true],
  verbosity: ['medium'],
  'text.verbosity': ['medium'],
  service_tier: ['auto', 'default', 'standard_only'],
  tool_choice: ['auto'],
}

/** Names of hints at tools, which are the same in all APIs. */
const toolHints = ['strict', 'defer_loading', 'allowed_callers', 'input_examples', 'output_schema']

/** `before`: the body as it was written; `after`: as it went up in the end. */
export function leftOut(wishes: Wishes, before: Buffer, after: Buffer): string[] {
  const bodies: Bodies = [JsonDocument.parse(before), JsonDocument.parse(after)]
  const lost = members.flatMap(([path, of]) =>
    wishes.given.includes(of) && isLost(bodies, path) ? (wishes.names[of] ?? of) : [],
  )
  return [
    ...new Set([
      ...lost,
      ...lostLimit(wishes, bodies),
      ...lostReasoning(wishes.reasoning, bodies),
      ...toolHints.filter((hint) => countIn(bodies[0], hint) > countIn(bodies[1], hint)),
      ...(imagesIn(bodies[0]) > imagesIn(bodies[1]) ? [wishes.names.image ?? 'image'] : []),
    ]),
  ]
}

type Bodies = readonly [before: JsonDocument, after: JsonDocument]

function isLost(bodies: Bodies, path: string): boolean {
  const was = valueAt(bodies[0], path)
  const type = isObject(was) ? was.type : was
  return !usual[path]?.includes(type) && isChanged(bodies, path)
}

function isChanged([before, after]: Bodies, path: string): boolean {
  const was = valueAt(before, path)
  return was !== undefined && JSON.stringify(was) !== JSON.stringify(valueAt(after, path))
}

function valueAt(document: JsonDocument, path: string): unknown {
  const [first = '', second] = path.split('.')
  const value = document.get(first)
  if (second === undefined) return value
  return isObject(value) ? value[second] : undefined
}

/** One that is only lowered, to what the model has, is none. */
function lostLimit({ names, limits }: Wishes, [before, after]: Bodies): string[] {
  const name = 'max_output_tokens'
  if (before.get(name) === undefined || after.get(name) !== undefined) return []
  const given = (['total', 'answer'] satisfies (keyof Limits)[]).filter((one) => limits[one])
  return given.map((one) => names[one] ?? name)
}

const ofReasoning = ['reasoning_effort', 'reasoning.effort', 'output_config.effort']

/** The client's wish; the operator's level has no parameter. */
function lostReasoning(wish: Wishes['reasoning'], bodies: Bodies): string[] {
  const { parameter, hidden, names } = wish
  if (parameter === undefined) return []
  const [was, is] = bodies.map((body) => body.get('thinking'))
  const isOther = isObject(was) && isObject(is) && was.type !== is.type
  const isGone = isOther
    ? !isTold(wish, is)
    : (isObject(was) && hasOther(was, is)) || ofReasoning.some((path) => isChanged(bodies, path))
  // no other parameter asks to see it
  const isUnread = !hidden && names.includes('thinking') && isChanged(bodies, 'reasoning.summary')
  return [...(isGone ? [parameter] : []), ...(isUnread ? ['thinking'] : [])]
}

/** The form of thinking decides, not how it is shown. */
function hasOther(was: JsonObject, is: unknown): boolean {
  return !isObject(is) || was.budget_tokens !== is.budget_tokens
}

/** Whether the other form of thinking says the same: these levels have an effort and a budget. */
function isTold({ level, budgetTokens }: Wishes['reasoning'], thinking: JsonObject): boolean {
  const hasBoth = level === 'low' || level === 'medium' || level === 'high'
  return hasBoth && (thinking.type === 'enabled' || budgetTokens === undefined)
}

function countIn(document: JsonDocument, hint: string): number {
  const tools = document.get('tools')
  return Array.isArray(tools) ? tools.filter((tool) => isHinted(tool, hint)).length : 0
}

function isHinted(tool: unknown, hint: string): boolean {
  return isObject(tool) && Boolean(isObject(tool.function) ? tool.function[hint] : tool[hint])
}

function imagesIn(document: JsonDocument): number {
  const messages: unknown = document.get('messages')
  return (Array.isArray(messages) ? messages : []).reduce(
    (sum: number, message) => sum + imagesOf(message),
    0,
  )
}

/** In the content of a message, or of a result of a tool. */
function imagesOf(holder: unknown): number {
  if (!isObject(holder)) return 0
  const content: unknown[] = Array.isArray(holder.content) ? holder.content : []
  return content.reduce<number>((sum, part) => sum + imagesOf(part), isImage(holder) ? 1 : 0)
}

function isImage({ type }: JsonObject): boolean {
  return type === 'image'
}
