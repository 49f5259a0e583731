/**
 * Tokens of an Anthropic answer. Its `input_tokens` leave cache reads and writes out; ours include them.
 * Counts are cumulative: a later number replaces an earlier one, `null` and absent keep it.
 */
import type { Usage } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { asName, asNumber, asObject, asObjects } from '../wire-value.ts'

interface Counts {
  input?: number
  output?: number
  cacheRead?: number
  cacheWrite?: number
  thinking?: number
}

export class UsageSoFar {
  /** as the OpenAI API names it; undefined where it has no name for it */
  serviceTier: string | undefined
  readonly #counts: Counts = {}
  #iterations: JsonObject[] = []

  merge(value: unknown): void {
    const usage = asObject(value)
    const counts = this.#counts
    counts.input = asNumber(usage.input_tokens) ?? counts.input
    counts.output = asNumber(usage.output_tokens) ?? counts.output
    counts.cacheRead = asNumber(usage.cache_read_input_tokens) ?? counts.cacheRead
    counts.cacheWrite = asNumber(usage.cache_creation_input_tokens) ?? counts.cacheWrite
    const { thinking_tokens: thinking } = asObject(usage.output_tokens_details)
    counts.thinking = asNumber(thinking) ?? counts.thinking
    if (Array.isArray(usage.iterations)) this.#iterations = asObjects(usage.iterations)
    const tier = asName(usage.service_tier)
    if (tier) this.serviceTier = serviceTiers.get(tier)
  }

  /** undefined when the upstream reported none. */
  total(): Usage | undefined {
    const { input, output, cacheRead, cacheWrite, thinking } = this.#counts
    if (input === undefined && output === undefined) return undefined
    const steps = this.#billedSteps()
    const ownInput = steps ? sum(steps, 'input_tokens') : (input ?? 0)
    return {
      inputTokens: ownInput + (cacheRead ?? 0) + (cacheWrite ?? 0),
      outputTokens: steps ? sum(steps, 'output_tokens') : (output ?? 0),
      ...(cacheRead !== undefined && { cachedTokens: cacheRead }),
      ...(cacheWrite && { cacheWriteTokens: cacheWrite }),
      ...(thinking !== undefined && { reasoningTokens: thinking }),
    }
  }

  /**
   * The steps that a bill consists of: with server-side compaction the top-level counts tell the last step only. After a
   * fallback to another model they tell the whole, and an advisor's tokens never count.
   */
  #billedSteps(): JsonObject[] | undefined {
    if (this.#iterations.some(({ type }) => type === 'fallback_message')) return undefined
    const steps = this.#iterations.filter(({ type }) => type === 'message' || type === 'compaction')
    return steps.length > 0 ? steps : undefined
  }
}

const serviceTiers = new Map([
  ['standard', 'default'],
  ['priority', 'priority'],
])

function sum(entries: JsonObject[], key: string): number {
  return entries.reduce((total, entry) => total + (asNumber(entry[key]) ?? 0), 0)
}
