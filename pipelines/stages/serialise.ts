/**
 * Lists of Delta -> what a client gets: the shells that every client's serialiser runs in, as a stream and as one body. The
 * serialiser holds the rules and knows no streams; this file knows when something is written.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { Transform, Writable, type TransformCallback } from 'node:stream'
import type { ProxyError } from '../errors.ts'
import type { JsonObject } from '../json/value.ts'
import type { Delta, DeltaOf, StopReason, Usage } from '../neutral/delta.ts'
import type { FindAnswer } from '../kept-answer.ts'
import { PhasesSoFar } from '../neutral/phases.ts'
import type { Reasoning, Remembered } from '../neutral/reasoning.ts'
import type { NeutralRequest } from '../neutral/request.ts'
import type { BodySerialiser, StreamSerialiser } from './serialiser.ts'
import { listsHeld } from './sse-events.ts'

/** What the answer to any client depends on. */
export interface AnswerContext {
  /** the model id the client asked for */
  requestedModel: string
  /** the tail of the answer's id where the upstream gave none */
  fallbackId: string
  /** when the upstream answered, where its answer does not have that; seconds */
  createdSeconds: number
  /** the time when it is called; seconds */
  nowSeconds: () => number
  /** the name of the endpoint that answers: reasoning is sealed for it */
  endpoint: string
  /** whether the client wants no readable reasoning; what it cannot read it gets, to hand back */
  hideReasoning: boolean
  /** where the client may name this answer later: takes what it got, and the answer's id ends with `fallbackId` */
  keep?: ((answer: object) => void) | undefined
}

/** How one request is to be answered: by the rules of its client, as the request wishes. */
export interface AnswerForm {
  stream: (context: AnswerContext) => StreamSerialiser
  body: (context: AnswerContext) => BodySerialiser<object>
  /** the client may name the answer later, in place of sending it again */
  keeps: boolean
}

/** What a client asks for, and how it wants to be answered. */
export interface ClientRead {
  request: NeutralRequest
  /** whether it wants a stream; undefined where it does not say */
  stream: boolean | undefined
  /** it needs no answer, so nothing is sent upstream */
  isEmpty: boolean
  form: AnswerForm
}

interface AnyWish {
  stream: boolean | undefined
  isEmpty?: boolean
  keeps?: boolean
}

/**
 * A client's reader together with the two serialisers of its answer. `answer` of what is read is what the request asks of
 * its answer alone; `contextOf` puts it beside what every answer depends on, as an object whose shape is always the same
 * (merging two cost 3 % of a translated request, bench: "JSON 1 KB translated").
 */
export function readWith<Wish extends AnyWish, Context>(
  read: (
    body: JsonObject,
    headers: IncomingHttpHeaders,
    find?: FindAnswer,
  ) => { request: NeutralRequest; answer: Wish },
  contextOf: (context: AnswerContext, wish: Wish) => Context,
  stream: (context: Context) => StreamSerialiser,
  body: (context: Context) => BodySerialiser<object>,
): (body: JsonObject, headers: IncomingHttpHeaders, find?: FindAnswer) => ClientRead {
  return (requestBody, headers, find) => {
    const { request, answer } = read(requestBody, headers, find)
    const form: AnswerForm = {
      stream: (context) => stream(contextOf(context, answer)),
      body: (context) => body(contextOf(context, answer)),
      keeps: answer.keeps === true,
    }
    return { request, stream: answer.stream, isEmpty: answer.isEmpty === true, form }
  }
}

/**
 * In: Delta[]. Out: text, that of one list as one piece unless it is long; as strings, which Node writes without a Buffer in between.
 *
 * Nothing is written before the first delta that has a text, so that an answer which fails at once can still get an HTTP
 * status; one second after `start` the head goes out anyway. It also does after a silence in which not even that came: many
 * clients wait no longer than 300 s for a head, and a local model may take more for a long prompt. After `stop` or `failure`
 * the output ends at once, whether or not the upstream has. A failure is not written: it is in `outcome`.
 * `keepAliveMs`: silence after which the stream is kept alive; 0 for never.
 */
export function serialise(
  serialiser: StreamSerialiser,
  outcome: AnswerOutcome,
  keepAliveMs: number,
): Transform {
  return new SerialiseStream(serialiser, outcome, keepAliveMs)
}

/** The end of a row of stages. In: Delta[]. */
export function collect(serialiser: BodySerialiser<unknown>, outcome: AnswerOutcome): Writable {
  return new Writable({
    objectMode: true,
    write(deltas: Delta[], _encoding, done) {
      addAll(deltas, serialiser, outcome)
      done()
    },
  })
}

/** The same for deltas that are there already. */
export function addAll(
  deltas: Iterable<Delta>,
  serialiser: BodySerialiser<unknown>,
  outcome: AnswerOutcome,
): void {
  for (const delta of deltas) {
    outcome.add(delta)
    serialiser.add(delta)
  }
}

/**
 * A text of so many UTF-16 units goes out by itself. V8 keeps no string above 128 KB beside the others, but takes new memory from
 * the system for each: a tenth of what an event costs a Responses client on Claude (streams of text in `npm run bench -- --roads`).
 */
const fullUnits = 48_000

/** How long an answer that has begun may stay without a head. */
const headDelayMs = 1000

class SerialiseStream extends Transform {
  readonly #serialiser: StreamSerialiser
  readonly #outcome: AnswerOutcome
  readonly #keepAliveMs: number
  #headTimer: NodeJS.Timeout | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #hasHead = false
  #over = false

  constructor(serialiser: StreamSerialiser, outcome: AnswerOutcome, keepAliveMs: number) {
    super({ objectMode: true, highWaterMark: listsHeld })
    this.#serialiser = serialiser
    this.#outcome = outcome
    this.#keepAliveMs = keepAliveMs
    if (keepAliveMs > 0) this.#awaitHead(keepAliveMs)
  }

  override _transform(deltas: Delta[], _encoding: BufferEncoding, done: TransformCallback): void {
    let text = ''
    for (const delta of deltas) {
      if (this.#over) break
      text += this.#textOf(delta)
      if (text.length < fullUnits) continue
      this.#write(text)
      text = ''
    }
    if (text !== '') this.#write(text)
    if (this.#over) this.push(null)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#stopTimers()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimers()
    done(error)
  }

  #textOf(delta: Delta): string {
    this.#outcome.add(delta)
    if (delta.type === 'start') {
      // the client knows the answer by the id of the head already
      if (this.#hasHead) return this.#serialiser.write(withoutIdentity(delta))
      this.#awaitHead(headDelayMs)
    } else if (delta.type === 'stop' || delta.type === 'failure') {
      this.#over = true
      this.#stopTimers()
    }
    return this.#serialiser.write(delta)
  }

  #awaitHead(delayMs: number): void {
    clearTimeout(this.#headTimer)
    this.#headTimer = setTimeout(() => this.#write(''), delayMs).unref()
  }

  /** The first piece takes the head along. */
  #write(text: string): void {
    if (this.#hasHead) {
      this.push(text)
      this.#silenceTimer?.refresh()
      return
    }
    this.#hasHead = true
    clearTimeout(this.#headTimer)
    this.#headTimer = undefined
    this.push(this.#serialiser.head() + text)
    if (!this.#over) this.#watchSilence()
  }

  /** A client that does not read gets nothing more: what waits for it is enough. */
  #watchSilence(): void {
    if (this.#keepAliveMs <= 0) return
    this.#silenceTimer = setTimeout(() => {
      if (this.readableLength === 0) this.push(this.#serialiser.keepAlive())
      this.#watchSilence()
    }, this.#keepAliveMs).unref()
  }

  #stopTimers(): void {
    clearTimeout(this.#headTimer)
    clearTimeout(this.#silenceTimer)
  }
}

function withoutIdentity({ type, usage }: DeltaOf<'start'>): Delta {
  return { type, id: undefined, ...(usage && { usage }) }
}

/**
 * What is known of an answer besides its bytes: how it ended, what it cost, what is remembered of it for the next turn. It
 * observes the deltas, whichever client they go to and in whichever form.
 */
export class AnswerOutcome {
  /** as reported so far */
  usage: Usage | undefined
  stopReason: StopReason | undefined
  /** why the answer broke off; the client has not got it yet */
  failure: ProxyError | undefined
  readonly #remember: ((key: string, remembered: Remembered) => void) | undefined
  #firstCallId: string | undefined
  #reasoning: Reasoning[] | undefined
  #phases: PhasesSoFar | undefined

  /** `remember` is called before the client gets the end of the answer, so that its next request finds what is kept. */
  constructor(remember?: (key: string, remembered: Remembered) => void) {
    this.#remember = remember
  }

  /** Takes each delta before it is serialised. */
  add(delta: Delta): void {
    switch (delta.type) {
      case 'text':
        this.#phases?.text(delta.text)
        break
      case 'start':
      case 'usage':
        this.usage = delta.usage ?? this.usage
        break
      case 'failure':
        this.failure = delta.failure
        break
      case 'tool-start':
        this.#firstCallId ??= delta.id
        this.#keep(delta.reasoning)
        break
      case 'reasoning-stop':
        this.#keep(delta.reasoning)
        break
      case 'phase':
        this.#phases ??= new PhasesSoFar()
        this.#phases.add(delta.phase, delta.at)
        break
      case 'stop':
        this.stopReason = delta.reason
        this.#rememberAnswer()
        break
      default:
    }
  }

  /** Thinking without a signature cannot be handed back. */
  #keep(reasoning: Reasoning | undefined): void {
    if (!reasoning || (reasoning.kind === 'thinking' && !reasoning.seal)) return
    this.#reasoning ??= []
    this.#reasoning.push(reasoning)
  }

  /** Reasoning only of answers with a call: the others are over, and their reasoning is of no more use. */
  #rememberAnswer(): void {
    const callId = this.#firstCallId
    const reasoning = callId === undefined ? undefined : this.#reasoning
    const phases = this.#phases?.unusual(callId !== undefined)
    const key = callId ?? this.#phases?.key
    if (!this.#remember || key === undefined || (!reasoning && !phases)) return
    this.#remember(key, { ...(reasoning && { reasoning }), ...(phases && { phases }) })
  }
}
