/**
 * Deltas -> the output items of a Responses answer, with their events where the answer is streamed. Clients act on the event that
 * ends an item, so that every item gets one, but for a call that was cut.
 */
import { signatureOf, type Delta, type DeltaOf } from '../../neutral/delta.ts'
import type { Reasoning } from '../../neutral/reasoning.ts'
import { sealReasoning } from '../../neutral/seal.ts'
import { flatName } from '../../neutral/tools.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { tailOf, type ResponsesAnswerContext } from './answer.ts'
import { CallItem } from './call.ts'
import type { Events } from './events.ts'
import { imageItem } from './image-item.ts'
import { MessageItem, ReasoningItem, type ItemPlace } from './message.ts'

/** The deltas of which the output consists. */
export type OutputDelta = Exclude<Delta, { type: 'start' | 'usage' | 'stop' | 'failure' | 'phase' }>

type Open =
  | { message: MessageItem; place: ItemPlace }
  | { reasoning: ReasoningItem; place: ItemPlace }

export interface OutputItems {
  begin(start: DeltaOf<'start'>): void
  add(delta: OutputDelta): void
  /** The answer has stopped: the whole output. */
  finish(stop: DeltaOf<'stop'>): ResponsesItem[]
  /** The items that have come to their end. */
  finished(): ResponsesItem[]
}

export class Items implements OutputItems {
  readonly #context: ResponsesAnswerContext
  readonly #events: Events | undefined
  #start: DeltaOf<'start'> | undefined
  #count = 0
  /** by their place; those that are not finished are missing */
  readonly #finished: ResponsesItem[] = []
  #open: Open | undefined
  /** what came behind the message that is open and did not go on with the answer */
  readonly #held: OutputDelta[] = []
  /** calls whose end the client has not got */
  readonly #calls = new Map<number, CallItem>()
  /** the call with the latest piece */
  #lastCall: CallItem | undefined
  /** code points of text in the messages that are closed */
  #points = 0

  constructor(context: ResponsesAnswerContext, events?: Events) {
    this.#context = context
    this.#events = events
  }

  begin(start: DeltaOf<'start'>): void {
    this.#start = start
  }

  add(delta: OutputDelta): void {
    if (followsText.has(delta.type) && this.#open && 'message' in this.#open) {
      this.#held.push(delta)
      return
    }
    if (delta.type !== 'annotations') this.#release()
    this.#apply(delta)
  }

  /** More of the answer has come, so that the message in front of what is held is whole. */
  #release(): void {
    if (this.#held.length === 0) return
    for (const delta of this.#held.splice(0)) this.#apply(delta)
  }

  #apply(delta: OutputDelta): void {
    switch (delta.type) {
      case 'text':
        if (delta.text !== '') this.#addText(delta)
        break
      case 'image':
        this.#addImage(delta)
        break
      case 'refusal':
        if (delta.text !== '') this.#message().addRefusal(delta.text)
        break
      case 'text-start':
        this.#endCalls()
        break
      case 'annotations':
        if (this.#open && 'message' in this.#open) this.#open.message.annotate(delta.citations)
        break
      case 'reasoning-start':
        this.#endCalls()
        this.#closeOpen('completed')
        break
      case 'reasoning':
        if (delta.text !== '') this.#addReasoning(delta.text)
        break
      case 'reasoning-part':
        if (this.#open && 'reasoning' in this.#open) this.#open.reasoning.endPart()
        break
      case 'reasoning-stop':
        this.#endReasoning(delta.reasoning)
        break
      case 'search':
        this.#addSearch(delta)
        break
      case 'tool-start':
        for (const one of signatureOf(delta)) this.#apply(one)
        this.#addToCall(delta)
        break
      case 'tool-input':
      case 'tool-stop':
        this.#addToCall(delta)
        break
      default:
        delta satisfies never
    }
  }

  finish({ reason, explanation }: DeltaOf<'stop'>): ResponsesItem[] {
    if (explanation) {
      this.#release()
      this.#message().addRefusal(explanation)
    }
    this.#closeOpen(reason === 'length' ? 'incomplete' : 'completed')
    this.#release()
    this.#closeOpen('completed')
    const isCut = reason === 'length' || reason === 'content-filter'
    for (const call of this.#calls.values()) {
      const cut = isCut && call.isCut(call === this.#lastCall)
      this.#keep(cut ? call.cutOff() : call.finish())
    }
    this.#calls.clear()
    return this.finished()
  }

  finished(): ResponsesItem[] {
    this.#release()
    return this.#finished.filter((item) => item !== undefined)
  }

  #addText({ text, logprobs }: DeltaOf<'text'>): void {
    const shown = this.#context.logprobs ? logprobs : undefined
    this.#message().addText(text, shown)
  }

  /** The message that is open. */
  #message(): MessageItem {
    this.#endCalls()
    if (this.#open && 'message' in this.#open) return this.#open.message
    this.#closeOpen('completed')
    const place = this.#place('msg')
    const message = new MessageItem(place, this.#points, this.#events)
    this.#open = { message, place }
    return message
  }

  #addReasoning(text: string): void {
    const { showsReasoning, hideReasoning } = this.#context
    if (!showsReasoning || hideReasoning) return
    this.#reasoning().addText(text)
  }

  #reasoning(): ReasoningItem {
    if (this.#open && 'reasoning' in this.#open) return this.#open.reasoning
    this.#closeOpen('completed')
    const place = this.#place('rs')
    const reasoning = new ReasoningItem(place, this.#events)
    this.#open = { reasoning, place }
    return reasoning
  }

  /** Codex would carry an item along for ever that has neither text nor seal. */
  #endReasoning(reasoning: Reasoning | undefined): void {
    const isShown = this.#open !== undefined && 'reasoning' in this.#open
    const { sealsReasoning, endpoint } = this.#context
    const seal = sealsReasoning ? sealReasoning(reasoning ?? interrupted, endpoint, isShown) : null
    if (!isShown && !(reasoning?.seal && seal !== null)) return
    const item = this.#reasoning().close(seal)
    this.#keepOpen(item)
  }

  /** A client that declared no search does not know this item. */
  #addSearch({ query, sources, failed }: DeltaOf<'search'>): void {
    this.#endCalls()
    this.#closeOpen('completed')
    if (!this.#context.searches) return
    const place = this.#place('ws')
    const { output_index } = place
    const found = sources.map(({ url }) => ({ type: 'url', url }))
    const action = {
      type: 'search',
      query,
      queries: [query],
      ...(this.#context.showsSources && { sources: found }),
    }
    const item = { id: place.item_id, type: 'web_search_call', status: 'in_progress', action }
    this.#events?.emit('response.output_item.added', {
      output_index,
      item: { ...item, action: { type: 'search', query } },
    })
    for (const state of ['in_progress', 'searching', 'completed']) {
      this.#events?.emit(`response.web_search_call.${state}`, place)
    }
    const done = { ...item, status: failed ? 'failed' : 'completed' }
    this.#events?.emit('response.output_item.done', { output_index, item: done })
    this.#keep({ place, item: done })
  }

  /** As what OpenAI's own tool makes: SDKs and Codex show it, and hand it back. */
  #addImage({ mediaType, base64 }: DeltaOf<'image'>): void {
    this.#endCalls()
    this.#closeOpen('completed')
    const place = this.#place('ig')
    this.#keep({ place, item: imageItem(place, { mediaType, base64 }, this.#events) })
  }

  #addToCall(delta: DeltaOf<'tool-start' | 'tool-input' | 'tool-stop'>): void {
    if (delta.type === 'tool-start') {
      this.#endCalls()
      this.#closeOpen('completed')
      const { plainCalls } = this.#context
      const isPlain = plainCalls?.has(flatName(delta.name, delta.namespace)) ?? false
      const call = new CallItem(
        { ...delta, isPlain },
        (prefix) => this.#place(prefix),
        this.#events,
      )
      this.#calls.set(delta.index, call)
      this.#lastCall = call
      return
    }
    const call = this.#calls.get(delta.index)
    if (!call) return
    if (delta.type === 'tool-stop') call.hasEnded = true
    else {
      call.add(delta.text)
      this.#lastCall = call
    }
  }

  /**
   * More of the answer comes, so that calls which have ended are whole. Not before: where an answer reaches its limit, the call
   * that it was in ends like any other.
   */
  #endCalls(): void {
    if (this.#calls.size === 0) return
    for (const [index, call] of this.#calls) {
      if (!call.hasEnded) continue
      this.#keep(call.finish())
      this.#calls.delete(index)
    }
  }

  #closeOpen(status: 'completed' | 'incomplete'): void {
    const open = this.#open
    if (!open) return
    if ('message' in open) {
      this.#keepOpen(open.message.close(status))
      this.#points = open.message.points
    } else {
      const { sealsReasoning, endpoint } = this.#context
      const seal = sealsReasoning ? sealReasoning(interrupted, endpoint, true) : null
      this.#keepOpen(open.reasoning.close(seal))
    }
  }

  #keepOpen(item: ResponsesItem): void {
    const place = this.#open?.place
    this.#open = undefined
    if (place) this.#keep({ place, item })
  }

  #keep({ place, item }: { place: ItemPlace; item: ResponsesItem }): void {
    this.#finished[place.output_index] = item
  }

  #place(prefix: string): ItemPlace {
    const output_index = this.#count
    this.#count += 1
    const item_id = `${prefix}_${tailOf(this.#start, this.#context)}_${output_index}`
    return { item_id, output_index }
  }
}

/**
 * What may come behind a text that was cut: Gemini puts its signature and its searches there. The message stays open until more
 * comes, since at the limit it is incomplete.
 */
const followsText = new Set<OutputDelta['type']>(['reasoning-start', 'reasoning-stop', 'search'])

/** Interrupted reasoning cannot be handed back. */
const interrupted: Reasoning = { kind: 'raw', text: '' }
