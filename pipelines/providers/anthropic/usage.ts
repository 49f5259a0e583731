/**
 * Tokens of an Anthropic answer. Its `input_tokens` leave cache reads and writes out; ours include them.
 * Counts are cumulative and never fall: of all that was said of one the largest holds. Several servers that speak this API
 * end a stream with zeros for what they had counted at its start.
 */
import type { Usage } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { asName, asNumber, asObject, asObjects, largerCount } from '../../wire-value.ts'

interface Counts {
  input?: number | undefined
  output?: number | undefined
  cacheRead?: number | undefined
  cacheWrite?: number | undefined
  thinking?: number | undefined
}

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
    this.#mergeSteps(asObjects(usage.iterations))
    const tier = asName(usage.service_tier)
    if (tier) this.serviceTier = serviceTiers.get(tier)
  }

  /** undefined when the upstream reported none. */
  total(): Usage | undefined {
    const { input, output, cacheRead, cacheWrite, thinking } = this.#counts
    if (input === undefined && output === undefined) return undefined
    const billed = this.#fellBack ? {} : this.#billed
    return {
      inputTokens: (billed.input ?? input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
      outputTokens: billed.output ?? output ?? 0,
      ...(cacheRead !== undefined && { cachedTokens: cacheRead }),
      ...(cacheWrite && { cacheWriteTokens: cacheWrite }),
      ...(thinking !== undefined && { reasoningTokens: thinking }),
    }
  }

  /**
   * With server-side compaction the top-level counts tell the last step only. After a fallback to another model they tell
   * the whole, and an advisor's tokens never count.
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
