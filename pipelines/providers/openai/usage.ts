/** Tokens of a response. Here input already includes the cache and output the reasoning; counts never fall. */
import type { Usage } from '../../neutral/delta.ts'
import { asObject, largerCount } from '../../wire-value.ts'

export class UsageSoFar {
  #input: number | undefined
  #output: number | undefined
  #cached: number | undefined
  #cacheWrite: number | undefined
  #reasoning: number | undefined

  merge(value: unknown): void {
    const usage = asObject(value)
    const input = asObject(usage.input_tokens_details)
    const output = asObject(usage.output_tokens_details)
    this.#input = largerCount(this.#input, usage.input_tokens)
    this.#output = largerCount(this.#output, usage.output_tokens)
    this.#cached = largerCount(this.#cached, input.cached_tokens)
    this.#cacheWrite = largerCount(this.#cacheWrite, input.cache_write_tokens)
    this.#reasoning = largerCount(this.#reasoning, output.reasoning_tokens)
  }

  /** undefined when the upstream reported none. */
  total(): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined
    return {
      inputTokens: this.#input ?? 0,
      outputTokens: this.#output ?? 0,
      ...(this.#cached !== undefined && { cachedTokens: this.#cached }),
      ...(this.#cacheWrite !== undefined && { cacheWriteTokens: this.#cacheWrite }),
      ...(this.#reasoning !== undefined && { reasoningTokens: this.#reasoning }),
    }
  }
}
