/**
 * Chat Completions -> deltas: the chunks of one completion, or its body.
 * An answer is complete at `[DONE]`, or when the input ends after a finish reason; what is reported behind the reason, such as
 * the usage, still counts. Only the first choice is read.
 * Source: OpenAI API reference "Chat Completions"; the references of OpenRouter, DeepSeek, Mistral, Moonshot and Zhipu, and the
 * sources of vLLM, llama.cpp and Ollama, read 2026-11.
 */
import { ProxyError, truncatedAnswer } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { failed, type Citation, type Delta, type Usage } from '../../neutral/delta.ts'
import { AnswerSoFar, SentText, TextBlockSoFar } from '../../neutral/so-far.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import {
  asIndex,
  asLabel,
  asName,
  asNumber,
  asObject,
  asObjects,
  asText,
  partOf,
} from '../../wire-value.ts'
import { notAnAnswer } from '../failure.ts'
import { Calls } from './calls.ts'
import { commonError, reportedError } from './error.ts'
import { isCut, stopReason, usageOf } from './finish.ts'
import { ReasoningSoFarOfChat, TaggedText, type TextPiece } from './reasoning.ts'

export interface CommonContext extends TranslateContext {
  /** ids of the calls in the conversation, which no call of the answer may have */
  callIds?: Iterable<string>
}

export function commonTranslator(context: CommonContext): Translator {
  return new CommonTranslator(context)
}

/** In: the body of a 200 answer: a completion, or an error. */
export function commonBody(body: JsonObject, context: CommonContext): Delta[] {
  const error = reportedError(body)
  if (error !== undefined) return [failed(commonError(error))]
  if (asObjects(body.choices).length === 0) return [failed(notAnAnswer('a chat completion', body))]
  return translateAll(new CommonTranslator(context, true), [body])
}

/** Reasons that mean that there is no answer. */
const failures = new Map<string, ProxyError>([
  ['error', endedBy('error')],
  ['network_error', endedBy('network_error')],
  [
    'insufficient_system_resource',
    new ProxyError(503, 'overloaded', 'The upstream had no resources left to finish the answer.'),
  ],
])

function endedBy(reason: string): ProxyError {
  const message = `The upstream broke its answer off with the finish reason ${reason}.`
  return new ProxyError(502, 'upstream_error', message, { type: 'upstream_error' })
}

class CommonTranslator implements Translator {
  readonly #soFar = new AnswerSoFar()
  readonly #text = new TextBlockSoFar(this.#soFar)
  readonly #tagged = new TaggedText()
  /** content as it came, with tags */
  readonly #content = new SentText()
  readonly #refusal = new SentText()
  readonly #reasoning: ReasoningSoFarOfChat
  readonly #calls: Calls
  /** nothing follows the first event */
  readonly #isBody: boolean
  #isBegun = false
  #finish: string | undefined
  #usage: Usage | undefined
  #serviceTier: string | undefined

  constructor({ upstreamModel, fallbackId, callIds = [] }: CommonContext, isBody = false) {
    this.#soFar.id = fallbackId
    this.#reasoning = new ReasoningSoFarOfChat(this.#soFar, upstreamModel)
    this.#calls = new Calls(this.#soFar, callIds)
    this.#isBody = isBody
  }

  event(data: JsonObject, name?: string): Delta[] {
    const error = reportedError(data, name)
    if (error !== undefined) return [failed(commonError(error))]
    const deltas = this.#begin(data)
    this.#usage = usageOf(data.usage) ?? this.#usage
    this.#serviceTier = asName(data.service_tier) ?? this.#serviceTier
    for (const choice of asObjects(data.choices)) {
      this.#usage = usageOf(choice.usage) ?? this.#usage
      if ((asIndex(choice.index) ?? 0) === 0) deltas.push(...this.#choice(choice))
    }
    return deltas
  }

  get awaitsRest(): boolean {
    return this.#finish !== undefined
  }

  /** `isDone`: by `[DONE]`, or since a body has no other end. */
  end(isDone = this.#isBody): Delta[] {
    if (this.#finish === undefined && !(isDone && this.#isWhole)) return [failed(truncatedAnswer())]
    const cut = isCut(this.#finish)
    const rest = [...this.#spoken(this.#tagged.flush()), ...this.#reasoning.close()]
    const calls = this.#calls.close(cut)
    const reason = stopReason(this.#finish, this.#soFar.tools)
    return [
      ...rest,
      ...calls,
      ...(this.#usage ? [{ type: 'usage' as const, usage: this.#usage }] : []),
      { type: 'stop', reason, ...(this.#serviceTier && { serviceTier: this.#serviceTier }) },
    ]
  }

  /** Something was said, and no call broke off. */
  get #isWhole(): boolean {
    const said = this.#content.length + this.#refusal.length + this.#soFar.tools
    return said > 0 && !this.#calls.isInMiddle
  }

  #begin(data: JsonObject): Delta[] {
    if (this.#isBegun) return []
    this.#isBegun = true
    const id = asName(data.id)
    this.#soFar.id = id ?? this.#soFar.id
    const created = asNumber(data.created)
    const seconds = created === undefined ? {} : { createdSeconds: Math.floor(created) }
    return [{ type: 'start', id, ...seconds }]
  }

  #choice(choice: JsonObject): Delta[] {
    const isWhole = !isObject(choice.delta) && isObject(choice.message)
    const delta = isWhole ? asObject(choice.message) : partOf(choice.delta, 'delta')
    const deltas = [
      ...this.#reasoned(delta, isWhole),
      ...this.#said(delta.content, isWhole, choice.logprobs),
      ...this.#refused(asText(delta.refusal, 'refusal'), isWhole),
      ...this.#cited(delta.annotations),
      ...this.#called(delta),
    ]
    this.#finish = asName(choice.finish_reason) ?? this.#finish
    const failure = failures.get(this.#finish ?? '')
    return failure ? [...deltas, failed(failure)] : deltas
  }

  #reasoned(delta: JsonObject, isWhole: boolean): Delta[] {
    const deltas = this.#reasoning.add(delta, isWhole)
    // text that may have been a tag is none
    return this.#reasoning.hasField ? [...deltas, ...this.#spoken(this.#tagged.flush())] : deltas
  }

  #said(content: unknown, isWhole: boolean, logprobs: unknown): Delta[] {
    const { thinking, text } = partsOf(content)
    const rest = isWhole ? this.#content.restOf(text) : text
    this.#content.add(rest)
    const inline =
      isWhole && this.#content.length > rest.length ? [] : this.#reasoning.inline(thinking)
    return [...inline, ...this.#spoken(this.#tagged.push(rest), asObject(logprobs).content)]
  }

  /** Log probabilities are of the text as it came: where a tag was in it, they fit no more. */
  #spoken(pieces: TextPiece[], logprobs?: unknown): Delta[] {
    return pieces.flatMap(({ kind, text }) => {
      if (kind === 'reasoning') return this.#reasoning.inline(text)
      const known = Array.isArray(logprobs) && pieces.length === 1 ? [logprobs] : []
      return [...this.#reasoning.close(), ...this.#text.piece(text, ...known)]
    })
  }

  #refused(text: string, isWhole: boolean): Delta[] {
    const rest = isWhole ? this.#refusal.restOf(text) : text
    if (rest === '') return []
    this.#refusal.add(rest)
    return [
      ...this.#reasoning.close(),
      ...this.#soFar.closeBlock(),
      { type: 'refusal', text: rest },
    ]
  }

  #cited(annotations: unknown): Delta[] {
    const citations = asObjects(annotations).flatMap((annotation) => citationOf(annotation) ?? [])
    return citations.length > 0 ? [{ type: 'annotations', citations }] : []
  }

  #called({ tool_calls: calls, function_call: legacy }: JsonObject): Delta[] {
    const given = isObject(legacy) ? [{ index: 0, function: legacy }] : calls
    const hasCalls = Array.isArray(given) ? given.length > 0 : Boolean(given)
    if (!hasCalls) return []
    const before = [...this.#spoken(this.#tagged.flush()), ...this.#reasoning.close()]
    return [...before, ...this.#calls.add(given)]
  }
}

/** Mistral has its thinking among the parts of the content. */
function partsOf(content: unknown): { thinking: string; text: string } {
  if (!Array.isArray(content)) return { thinking: '', text: asText(content, 'content') }
  const parts: unknown[] = content
  const thinking = parts.filter((part) => asObject(part).type === 'thinking')
  const texts = parts.filter((part) => !isObject(part) || part.text !== undefined)
  return {
    thinking: thinking.map((part) => asText(asObject(part).thinking, 'thinking')).join(''),
    text: asText(texts, 'content'),
  }
}

function citationOf({ type, url_citation: value }: JsonObject): Citation | undefined {
  const { url, title, start_index: start, end_index: end } = asObject(value)
  const [from, to] = [asNumber(start), asNumber(end)]
  if (type !== 'url_citation' || typeof url !== 'string') return undefined
  if (from === undefined || to === undefined) return undefined
  return { url, title: asLabel(title), start: from, end: to }
}
