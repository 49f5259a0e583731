/**
 * Deltas -> the output of an answer that is a summary of the conversation: one item that stands for it. Source: OpenAI guide
 * "Compaction" and the types of the `openai` package 7.59, read 2026-11.
 */
import type { DeltaOf } from '../../neutral/delta.ts'
import { sealSummary } from '../../neutral/summary.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { tailOf, type ResponsesAnswerContext } from './answer.ts'
import type { Events } from './events.ts'
import type { OutputDelta, OutputItems } from './items.ts'

/** One item, or none where the model wrote no whole summary. */
export class SummaryItems implements OutputItems {
  readonly #context: ResponsesAnswerContext
  readonly #events: Events | undefined
  #start: DeltaOf<'start'> | undefined
  #summary = ''

  constructor(context: ResponsesAnswerContext, events?: Events) {
    this.#context = context
    this.#events = events
  }

  begin(start: DeltaOf<'start'>): void {
    this.#start = start
  }

  add(delta: OutputDelta): void {
    if (delta.type === 'text') this.#summary += delta.text
    else if (delta.type === 'text-start' && this.#summary !== '') this.#summary += '\n\n'
  }

  finish({ reason }: DeltaOf<'stop'>): ResponsesItem[] {
    const summary = this.#summary.trim()
    if (summary === '' || reason === 'length' || reason === 'content-filter') return []
    const id = `cmp_${tailOf(this.#start, this.#context)}_0`
    const item = { id, type: 'compaction', encrypted_content: sealSummary(summary) }
    for (const state of ['added', 'done']) {
      this.#events?.emit(`response.output_item.${state}`, { output_index: 0, item })
    }
    return [item]
  }

  finished(): ResponsesItem[] {
    return []
  }
}
