/**
 * Lists of SseEvent -> lists of Delta: the shell that every provider's translator runs in. The translator holds the rules
 * and knows no streams; this file knows JSON, `[DONE]` and the end of input.
 */
import { Transform, type Duplex, type TransformCallback } from 'node:stream'
import { brokenProtocol } from '../errors.ts'
import { EventParser, type ChangingMembers } from '../json/event-parser.ts'
import { isObject, type ExactMembers, type JsonObject } from '../json/value.ts'
import { failed, type Delta, type DeltaOf } from '../neutral/delta.ts'
import type { WrittenTools } from '../neutral/written-tools.ts'
import { ProtocolError } from '../untrusted.ts'
import { listsHeld, sseEvents, type SseEvent } from './sse-events.ts'

export interface TranslateContext {
  /** the model the upstream was asked for; reasoning can only go back to it */
  upstreamModel: string
  /** stands in ids for that of an answer that has none */
  fallbackId?: string
  /** ids of the calls in the conversation, which no call of the answer may have */
  callIds?: readonly string[]
  /** the name of a tool, for one that the model writes in its own way */
  toolName?: ((written: string) => string) | undefined
  /** the tools of the request, for a model that writes its calls into its text */
  toolsInText?: WrittenTools | undefined
  /** the text begins with reasoning, of which only the end is marked */
  reasoningInText?: boolean | undefined
}

type ToolName = TranslateContext['toolName']

/** The rules of one provider: a state machine for one answer. Both throw ProtocolError where a part of it is lost. */
export interface Translator {
  /** the places in which most events of a stream differ; left out: each is parsed as a whole */
  readonly changing?: ChangingMembers
  /** The deltas of one event; `name` is the `event:` line, of use only where the data has no `type`. */
  event(data: JsonObject, name?: string): Delta[]
  /**
   * The input has ended: what completes the answer, or the failure that it was cut. `isDone`: by `[DONE]`, which proves
   * something only where the API has no other end.
   */
  end(isDone?: boolean): Delta[]
  /** the answer is complete, except for what an upstream may report after it, such as its usage */
  readonly awaitsRest?: boolean
}

/** The stages from an upstream's bytes to neutral deltas, by the rules of its provider. */
export function deltaStages(
  rules: { translator: (context: TranslateContext) => Translator; callInput: ExactMembers },
  context: TranslateContext,
): Duplex[] {
  return [sseEvents(), translate(rules.translator(context), rules.callInput, context.toolName)]
}

/** How long an upstream that does not end its answer is given to report the rest. */
const restMs = 5000

/**
 * In: SseEvent[]. Out: Delta[], in the order that `delta.ts` promises. `callInput`: what tools are called with keeps its digits.
 * After `stop` or `failure` its output ends, and 5 s after the translator began to await the rest.
 */
export function translate(
  translator: Translator,
  callInput: ExactMembers,
  toolName?: ToolName,
): Transform {
  return new TranslateStream(translator, callInput, toolName)
}

class TranslateStream extends Transform {
  readonly #translator: Translator
  readonly #parser: EventParser
  readonly #answer: Answer
  #restTimer: NodeJS.Timeout | undefined

  constructor(translator: Translator, callInput: ExactMembers, toolName: ToolName) {
    super({ objectMode: true, highWaterMark: listsHeld })
    this.#translator = translator
    this.#parser = new EventParser(callInput, translator.changing)
    this.#answer = new Answer(translator, toolName)
  }

  override _transform(events: SseEvent[], _encoding: BufferEncoding, done: TransformCallback) {
    this.#emit(events, done)
  }

  override _flush(done: TransformCallback): void {
    this.#emit(undefined, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#restTimer)
    done(error)
  }

  /** `events`: undefined at the end of the input. */
  #emit(events: readonly SseEvent[] | undefined, done: TransformCallback): void {
    const answer = this.#answer
    if (answer.over) return done()
    let deltas: Delta[]
    try {
      deltas = events ? answer.read(events, this.#parser) : answer.end()
    } catch (error) {
      return done(
        error instanceof Error ? error : new Error('A translator failed.', { cause: error }),
      )
    }
    if (deltas.length > 0) this.push(deltas)
    if (answer.over) {
      clearTimeout(this.#restTimer)
      this.push(null)
    } else if (this.#translator.awaitsRest) {
      this.#restTimer ??= setTimeout(() => this.#endRest(), restMs)
    }
    done()
  }

  #endRest(): void {
    this.#emit(undefined, (error) => {
      if (error) this.destroy(error)
    })
  }
}

/** The same answer when it came as one body: its parts as events, so that both forms obey one set of rules. */
export function translateAll(translator: Translator, events: readonly JsonObject[]): Delta[] {
  const answer = new Answer(translator, undefined)
  return [...answer.translate(events), ...answer.end()]
}

/**
 * One answer, in the order that every answer keeps, whatever its provider did: one `start` first, nothing after `stop` or
 * `failure`. Where a translator throws ProtocolError, the answer fails.
 */
class Answer {
  over = false
  readonly #translator: Translator
  readonly #toolName: ToolName
  #started = false

  constructor(translator: Translator, toolName: ToolName) {
    this.#translator = translator
    this.#toolName = toolName
  }

  read(events: readonly SseEvent[], parser: EventParser): Delta[] {
    const deltas: Delta[] = []
    for (const event of events) {
      if (this.over) break
      try {
        this.#add(deltasOf(event, this.#translator, parser), deltas)
      } catch (error) {
        this.#fail(error, deltas)
      }
    }
    return deltas
  }

  translate(events: readonly JsonObject[]): Delta[] {
    const deltas: Delta[] = []
    for (const event of events) {
      if (this.over) break
      try {
        this.#add(this.#translator.event(event), deltas)
      } catch (error) {
        this.#fail(error, deltas)
      }
    }
    return deltas
  }

  end(): Delta[] {
    const deltas: Delta[] = []
    if (this.over) return deltas
    try {
      this.#add(this.#translator.end(), deltas)
    } catch (error) {
      this.#fail(error, deltas)
    }
    return deltas
  }

  /** Adds each delta that keeps the order. An upstream that never reported its start gets one without an id. */
  #add(added: readonly Delta[], deltas: Delta[]): void {
    for (const delta of added) {
      if (this.over) return
      if (delta.type === 'start') {
        if (!this.#started) deltas.push(delta)
        this.#started = true
        continue
      }
      if (delta.type === 'failure') this.over = true
      else this.#begin(deltas)
      if (delta.type === 'stop') this.over = true
      deltas.push(delta.type === 'tool-start' ? this.#named(delta) : delta)
    }
  }

  #named(start: DeltaOf<'tool-start'>): Delta {
    const name = this.#toolName?.(start.name) ?? start.name
    return name === start.name ? start : { ...start, name }
  }

  #begin(deltas: Delta[]): void {
    if (this.#started) return
    this.#started = true
    deltas.push({ type: 'start', id: undefined })
  }

  #fail(error: unknown, deltas: Delta[]): void {
    if (!(error instanceof ProtocolError)) throw error
    this.#add([failed(brokenProtocol(error.message))], deltas)
  }
}

function deltasOf(
  { event, data, oversized }: SseEvent,
  translator: Translator,
  parser: EventParser,
): Delta[] {
  if (oversized) return [failed(brokenProtocol('The upstream sent an event above the size limit.'))]
  if (data === '[DONE]') return translator.end(true)
  let value: unknown
  try {
    value = parser.parse(data)
  } catch {
    // Blank data is a keep-alive of some gateways; of anything else a part of the answer may be lost.
    if (data.trim() === '') return []
    const message = 'The upstream sent an event that is not JSON; the answer is incomplete.'
    return [failed(brokenProtocol(message))]
  }
  if (isObject(value)) return translator.event(value, event)
  if (!Array.isArray(value)) return []
  // some gateways put several events into one
  return value.flatMap((one: unknown) => (isObject(one) ? translator.event(one, event) : []))
}
