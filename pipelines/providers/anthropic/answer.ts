/**
 * Anthropic Messages -> deltas: the events of one message, or its body.
 * `ping` and unknown events emit nothing. An answer is complete at `message_stop`, or when the input ends after a stop reason.
 * Source: Anthropic API reference "Messages" and "Streaming messages", read 2026-11.
 */
import { brokenProtocol, truncatedAnswer } from '../../errors.ts'
import { changingAt } from '../../json/event-parser.ts'
import type { JsonObject } from '../../json/value.ts'
import { failed, type Delta, type StopReason, type Usage } from '../../neutral/delta.ts'
import { AnswerSoFar } from '../../neutral/so-far.ts'
import { Blocks } from './blocks.ts'
import { anthropicError } from './error.ts'
import { isError, notAnAnswer } from '../failure.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import {
  asName,
  asNumber,
  asObject,
  asObjects,
  kindOf,
  largerCount,
  partOf,
  unreadable,
} from '../../untrusted.ts'

export function anthropicTranslator(context: TranslateContext): Translator {
  return new AnthropicTranslator(context)
}

/** In: the body of a 200 answer: a message, or an error. */
export function anthropicBody(body: JsonObject, context: TranslateContext): Delta[] {
  const translator = anthropicTranslator(context)
  if (isError(body)) return [failed(anthropicError(body.error ?? body))]
  if (body.content === undefined || body.content === null) {
    return [failed(notAnAnswer('a message', body))]
  }
  return translateAll(translator, [
    { type: 'message_start', message: body },
    { type: 'message_stop' },
  ])
}

const changing = changingAt('delta/text', 'delta/thinking', 'delta/partial_json')

class AnthropicTranslator implements Translator {
  readonly changing = changing
  readonly #answer = new AnswerSoFar()
  readonly #usage = new UsageSoFar()
  readonly #blocks: Blocks
  #opened = false
  #id: string | undefined
  #stopReason: string | undefined
  #stopSequence: string | undefined
  #stopDetails: JsonObject = {}

  constructor({ upstreamModel, fallbackId }: TranslateContext) {
    this.#answer.id = fallbackId
    this.#blocks = new Blocks(this.#answer, upstreamModel)
  }

  event(data: JsonObject, name?: string): Delta[] {
    switch (kindOf(data, name)) {
      case 'content_block_delta':
        return this.#blocks.delta(data.index, data.delta)
      case 'content_block_start':
        return this.#blocks.start(data.index, data.content_block)
      case 'content_block_stop':
        return this.#blocks.stop(data.index, data.content_block)
      case 'message_start':
        return this.#open(partOf(data.message, 'message'))
      case 'message_delta':
        return this.#change(partOf(data.delta, 'delta'), data)
      case 'message_stop':
        return [...this.#change(asObject(data.message), data), ...this.#finish()]
      case 'message':
        // a body where a stream was to be
        return [...this.#open(data), ...this.#finish()]
      case 'error':
        return [failed(anthropicError(data.error ?? data))]
      case undefined:
        // a gateway's own error, which has no type
        return isError(data) ? [failed(anthropicError(data.error))] : []
      default:
        return []
    }
  }

  end(): Delta[] {
    return this.#stopReason === undefined ? [failed(truncatedAnswer())] : this.#finish()
  }

  /** The same message may be begun once more, and then have more. */
  #open(message: JsonObject): Delta[] {
    const id = asName(message.id)
    if (this.#id !== undefined && id !== undefined && id !== this.#id) {
      return [failed(brokenProtocol('The upstream began a second message inside the answer.'))]
    }
    this.#id ??= id
    this.#answer.id = this.#id ?? this.#answer.id
    const content = this.#change(message, message)
    if (this.#opened) return content
    this.#opened = true
    const usage = this.#usage.total()
    return [{ type: 'start', id, ...(usage && { usage }) }, ...content]
  }

  /** In: the members of the message as a whole, and the event that has them, with the usage beside them. */
  #change(message: JsonObject, event: JsonObject): Delta[] {
    this.#usage.merge(event.usage)
    if (message !== event) this.#usage.merge(message.usage)
    this.#stopReason = reasonFrom(message.stop_reason) ?? this.#stopReason
    this.#stopSequence = asName(message.stop_sequence) ?? this.#stopSequence
    if (message.stop_details) this.#stopDetails = asObject(message.stop_details)
    return this.#blocks.complete(message.content)
  }

  #finish(): Delta[] {
    const deltas = this.#blocks.stopAll(isCut(this.#stopReason))
    deltas.push(...this.#answer.closeBlock())
    const usage = this.#usage.total()
    if (usage) deltas.push({ type: 'usage', usage })
    const reason = stopReason(this.#stopReason, this.#answer.tools)
    const explanation = asName(this.#stopDetails.explanation)
    const { serviceTier } = this.#usage
    deltas.push({
      type: 'stop',
      reason,
      ...(reason === 'stop-sequence' &&
        this.#stopSequence !== undefined && { sequence: this.#stopSequence }),
      ...(reason === 'content-filter' && explanation !== undefined && { explanation }),
      ...(serviceTier && { serviceTier }),
    })
    return deltas
  }
}

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
function stopReason(reason: string | undefined, toolCalls: number): StopReason {
  return reasons.get(reason) ?? (toolCalls > 0 ? 'tool-calls' : 'stop')
}

/** Whether the answer ended in the middle: what is open then must not be made to look whole. */
function isCut(reason: string | undefined): boolean {
  return reasons.get(reason) === 'length'
}

/**
 * In: `stop_reason` as it was sent; undefined where there is none. Throws ProtocolError for a value that is not a reason: it
 * may be that the answer was cut.
 */
function reasonFrom(value: unknown): string | undefined {
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
  /** of the cache writes, which it lists by how long they are kept */
  cacheWrite1h?: number | undefined
  thinking?: number | undefined
  searches?: number | undefined
}

/**
 * Tokens of a message. The API's `input_tokens` leave cache reads and writes out; ours include them.
 * Counts are cumulative and never fall: of all that were reported of one the largest holds. Several servers with this API
 * end a stream with zeros for what they had counted at its start.
 */
class UsageSoFar {
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
    const { ephemeral_1h_input_tokens: forAnHour } = asObject(usage.cache_creation)
    counts.cacheWrite1h = largerCount(counts.cacheWrite1h, forAnHour)
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
    const { input, output, cacheRead, cacheWrite, cacheWrite1h, thinking, searches } = this.#counts
    if (input === undefined && output === undefined) return undefined
    const billed = this.#fellBack ? {} : this.#billed
    return {
      inputTokens: (billed.input ?? input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
      outputTokens: billed.output ?? output ?? 0,
      ...(cacheRead !== undefined && { cachedTokens: cacheRead }),
      ...(cacheWrite && { cacheWriteTokens: cacheWrite }),
      ...(cacheWrite1h && { cacheWrite1hTokens: cacheWrite1h }),
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
