/**
 * Lists of SseEvent -> lists of Delta: the shell that every provider's translator runs in. The translator holds the rules
 * and knows no streams; this file knows JSON, `[DONE]` and the end of input.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { parseAnswer } from '../json/exact-json.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import { brokenProtocol } from '../errors.ts'
import { failed, type Delta } from '../neutral/delta.ts'
import { listsHeld, type SseEvent } from './sse-events.ts'
import { ProtocolError } from '../wire-value.ts'

export interface TranslateContext {
  /** the model the upstream was asked for; reasoning can only go back to it */
  upstreamModel: string
  /** stands in ids for that of an answer that has none */
  fallbackId?: string
}

/** The rules of one provider: a state machine for one answer. Both throw ProtocolError where a part of it is lost. */
export interface Translator {
  /** The deltas of one event; `name` is the `event:` line, of use only where the data has no `type`. */
  event(data: JsonObject, name?: string): Delta[]
  /** The input has ended: what completes the answer, or the failure that it was cut. */
  end(): Delta[]
}

/** In: SseEvent[]. Out: Delta[], in the order that `delta.ts` promises. After `stop` or `failure` its output ends. */
export function translate(translator: Translator): Transform {
  const order = new AnswerOrder()

  function tell(stage: Transform, translateInto: (told: Delta[]) => void, done: TransformCallback) {
    if (order.over) return done()
    const told: Delta[] = []
    try {
      translateInto(told)
    } catch (error) {
      return done(
        error instanceof Error ? error : new Error('A translator failed.', { cause: error }),
      )
    }
    if (told.length > 0) stage.push(told)
    if (order.over) stage.push(null)
    done()
  }

  return new Transform({
    objectMode: true,
    highWaterMark: listsHeld,
    transform(events: SseEvent[], _encoding, done) {
      tell(
        this,
        (told) => {
          for (const event of events) pass(() => retold(event, translator), order, told)
        },
        done,
      )
    },
    flush(done) {
      tell(this, (told) => pass(() => translator.end(), order, told), done)
    },
  })
}

/** The same answer when it came as one body: its parts told as events, so that both forms obey one set of rules. */
export function translateAll(translator: Translator, events: readonly JsonObject[]): Delta[] {
  const order = new AnswerOrder()
  const deltas: Delta[] = []
  for (const event of events) pass(() => translator.event(event), order, deltas)
  pass(() => translator.end(), order, deltas)
  return deltas
}

/** Tells the deltas, or the failure that a part of the answer is lost. */
function pass(deltasOf: () => Delta[], order: AnswerOrder, told: Delta[]): void {
  if (order.over) return
  try {
    order.pass(deltasOf(), told)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    order.pass([failed(brokenProtocol(error.message))], told)
  }
}

function retold({ event, data, oversized }: SseEvent, translator: Translator): Delta[] {
  if (oversized) return [failed(brokenProtocol('The upstream sent an event above the size limit.'))]
  if (data === '[DONE]') return translator.end()
  let value: unknown
  try {
    value = parseAnswer(data)
  } catch {
    // Blank data is a keep-alive of some gateways; of anything else a part of the answer may be lost.
    if (data.trim() === '') return []
    const message = 'The upstream sent an event that is not JSON; the answer is incomplete.'
    return [failed(brokenProtocol(message))]
  }
  // some gateways put several events into one
  const all: unknown[] = Array.isArray(value) ? value : [value]
  return all.flatMap((one) => (isObject(one) ? translator.event(one, event) : []))
}

/** The order that every answer keeps, whatever its provider did: one `start` first, nothing after `stop` or `failure`. */
export class AnswerOrder {
  over = false
  #started = false

  /** Adds each delta that keeps the order to `told`. An upstream that never said it starts gets a `start` without an id. */
  pass(deltas: readonly Delta[], told: Delta[]): void {
    for (const delta of deltas) {
      if (this.over) return
      if (delta.type === 'start') {
        if (!this.#started) told.push(delta)
        this.#started = true
        continue
      }
      if (delta.type === 'failure') this.over = true
      else this.#begin(told)
      if (delta.type === 'stop') this.over = true
      told.push(delta)
    }
  }

  #begin(told: Delta[]): void {
    if (this.#started) return
    this.#started = true
    told.push({ type: 'start', id: undefined })
  }
}
