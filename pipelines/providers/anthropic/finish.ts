/** How a message ended: why Claude stopped, and what it cost. */
import type { JsonObject } from '../../json/value.ts'
import type { StopReason, Usage } from '../../neutral/delta.ts'
import { asName, asNumber, asObject, asObjects, largerCount, unreadable } from '../../wire-value.ts'

/**
 * `pause_turn`: the API broke off a long turn with its own tools, and goes on when the turn is sent back as it is. A client
 * of another API cannot do that, since the server's blocks are not in what it gets; by `length` it knows that more would
 * come.
 */
const reasons = new Map<string | undefined, StopReason>([
  ['stop_sequence', 'stop-sequence'],
  ['pause_turn', 'length'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
])

/** `toolCalls`: how many of the client's tools this answer calls. Unknown reasons count as `end_turn`. */
export function stopReason(reason: string | undefined, toolCalls: number): StopReason {
  return reasons.get(reason) ?? (toolCalls > 0 ? 'tool-calls' : 'stop')
}

/** Whether the answer ended in the middle: what is open then must not be made to look whole. */
export function isCut(reason: string | undefined): boolean {
  return reasons.get(reason) === 'length'
}

/**
 * In: `stop_reason` as it was sent; undefined where there is none. Throws ProtocolError for a value that is not a reason: it
 * may be that the answer was cut.
 */
export function reasonFrom(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const { type = value } = asObject(value)
  if (typeof type === 'string') return type
  throw unreadable('stop_reason')
}

interface Counts {
  input?: number | undefined
  output?: number | undefined
  cacheRead?: number | undefined
  cacheWrite?: number | undefined
  thinking?: number | undefined
  searches?: number | undefined
}

/**
 * Tokens of a message. The API's `input_tokens` leave cache reads and writes out; ours include them.
 * Counts are cumulative and never fall: of all that were reported of one the largest holds. Several servers with this API
 * end a stream with zeros for what they had counted at its start.
 */
export class UsageSoFar {
  /** as the OpenAI API names it; undefined where it has no name for it */
  serviceTier: string | undefined
  readonly #counts: Counts = {}
  /** the steps that a bill consists of, where there are several */
  readonly #billed: Pick<Counts, 'input' | 'output'> = {}
  #fellBack = false

  merge(value: unknown): void {
    const usage = asObject(value)
    const counts = this.#counts
    counts.input = largerCount(counts.input, usage.input_tokens)
    counts.output = largerCount(counts.output, usage.output_tokens)
    counts.cacheRead = largerCount(counts.cacheRead, usage.cache_read_input_tokens)
    counts.cacheWrite = largerCount(counts.cacheWrite, usage.cache_creation_input_tokens)
    const { thinking_tokens: thinking } = asObject(usage.output_tokens_details)
    counts.thinking = largerCount(counts.thinking, thinking)
    const { web_search_requests: searches } = asObject(usage.server_tool_use)
    counts.searches = largerCount(counts.searches, searches)
    this.#mergeSteps(asObjects(usage.iterations))
    const tier = asName(usage.service_tier)
    if (tier) this.serviceTier = serviceTiers.get(tier)
  }

  /** undefined when the upstream reported none. */
  total(): Usage | undefined {
    const { input, output, cacheRead, cacheWrite, thinking, searches } = this.#counts
    if (input === undefined && output === undefined) return undefined
    const billed = this.#fellBack ? {} : this.#billed
    return {
      inputTokens: (billed.input ?? input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
      outputTokens: billed.output ?? output ?? 0,
      ...(cacheRead !== undefined && { cachedTokens: cacheRead }),
      ...(cacheWrite && { cacheWriteTokens: cacheWrite }),
      ...(thinking !== undefined && { reasoningTokens: thinking }),
      ...(searches && { searches }),
    }
  }

  /**
   * With server-side compaction the top-level counts are those of the last step only. After a fallback to another model they
   * are those of the whole, and an advisor's tokens never count.
   */
  #mergeSteps(steps: JsonObject[]): void {
    this.#fellBack ||= steps.some(({ type }) => type === 'fallback_message')
    const counted = steps.filter(({ type }) => type === 'message' || type === 'compaction')
    if (counted.length === 0) return
    const billed = this.#billed
    billed.input = largerCount(billed.input, sum(counted, 'input_tokens'))
    billed.output = largerCount(billed.output, sum(counted, 'output_tokens'))
  }
}

const serviceTiers = new Map([
  ['standard', 'default'],
  ['priority', 'priority'],
])

function sum(entries: JsonObject[], key: string): number {
  return entries.reduce((total, entry) => total + (asNumber(entry[key]) ?? 0), 0)
}
