/**
 * Gemini answers -> deltas: the events of a stream, each a whole response with what is new in it, or a body. An answer is
 * complete when it gave a reason to end and its input ended. Only the first candidate counts.
 * Source: Gemini API reference "GenerateContentResponse", read 2026-11.
 */
import { brokenProtocol, emptyAnswer, truncatedAnswer } from '../../errors.ts'
import { changingAt } from '../../json/event-parser.ts'
import type { JsonObject } from '../../json/value.ts'
import { failed, type Delta } from '../../neutral/delta.ts'
import { AnswerSoFar } from '../../neutral/so-far.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import {
  asIndex,
  asName,
  asNumber,
  asObject,
  asObjects,
  entriesOf,
  partOf,
  unreadable,
} from '../../untrusted.ts'
import { isError, notAnAnswer } from '../failure.ts'
import { AnswerParts } from './answer-parts.ts'
import { googleError } from './error.ts'
import { isBroken, isCut, isUnspoken, reasonFrom, stopReason, usageFrom } from './finish.ts'
import { groundingFrom } from './grounding.ts'

export function googleTranslator(context: TranslateContext): Translator {
  return new GoogleTranslator(context)
}

/** In: the body of a 200 answer: a response, or an error. */
export function googleBody(body: JsonObject, context: TranslateContext): Delta[] {
  if (isError(body)) return [failed(googleError(body.error))]
  if (!Array.isArray(body.candidates) && !isBlocked(body)) {
    return [failed(notAnAnswer('a response of Gemini', body))]
  }
  return translateAll(googleTranslator(context), [body])
}

function isBlocked({ promptFeedback }: JsonObject): boolean {
  return asName(asObject(promptFeedback).blockReason) !== undefined
}

const changing = changingAt(
  'candidates/0/content/parts/0/text',
  'usageMetadata/candidatesTokenCount',
  'usageMetadata/candidatesTokensDetails/0/tokenCount',
  'usageMetadata/thoughtsTokenCount',
  'usageMetadata/totalTokenCount',
)

class GoogleTranslator implements Translator {
  readonly changing = changing
  readonly #soFar = new AnswerSoFar()
  readonly #parts: AnswerParts
  #started = false
  #usage: JsonObject = {}
  #grounding: JsonObject | undefined
  /** the last that was given */
  #reason: string | undefined
  #message: string | undefined
  /** why the prompt was not answered at all */
  #blocked: string | undefined

  constructor({ upstreamModel, fallbackId }: TranslateContext) {
    this.#soFar.id = fallbackId
    this.#parts = new AnswerParts(this.#soFar, upstreamModel)
  }

  event(data: JsonObject): Delta[] {
    if (isError(data)) return [failed(googleError(data.error))]
    if (data.usageMetadata) this.#usage = asObject(data.usageMetadata)
    const deltas: Delta[] = []
    if (!this.#started) deltas.push(this.#start(data))
    if (data.promptFeedback) this.#block(asObject(data.promptFeedback))
    const candidate = entriesOf(data.candidates, 'candidates', asPart).find(isFirst)
    if (candidate) this.#candidate(candidate, deltas)
    return deltas
  }

  end(): Delta[] {
    if (this.#reason === undefined && this.#blocked === undefined) {
      return [failed(truncatedAnswer())]
    }
    if (this.#reason !== undefined && isBroken(this.#reason, this.#parts.hasContent)) {
      const because = this.#message === undefined ? '' : `: ${this.#message}`
      return [failed(brokenProtocol(`The upstream ended with ${this.#reason}${because}`))]
    }
    if (isUnspoken(this.#reason, this.#parts.hasContent, usageFrom(this.#usage))) {
      return [failed(emptyAnswer())]
    }
    return [...this.#parts.end(isCut(this.#reason)), ...this.#found(), ...this.#finish()]
  }

  #start({ responseId }: JsonObject): Delta {
    this.#started = true
    const id = asName(responseId)
    this.#soFar.id = id ?? this.#soFar.id
    const usage = usageFrom(this.#usage)
    return { type: 'start', id, ...(usage && { usage }) }
  }

  #block({ blockReason, blockReasonMessage }: JsonObject): void {
    this.#blocked ??= asName(blockReasonMessage) ?? asName(blockReason)
  }

  #candidate(candidate: JsonObject, deltas: Delta[]): void {
    this.#reason = reasonFrom(candidate.finishReason) ?? this.#reason
    this.#message = asName(candidate.finishMessage) ?? this.#message
    if (candidate.groundingMetadata) this.#grounding = asObject(candidate.groundingMetadata)
    const content = partOf(candidate.content, 'content')
    const { parts } = content
    if (parts === undefined && isUnreadable(candidate, content)) throw unreadable('content')
    const { logprobsResult } = candidate
    const logprobs = logprobsResult ? logprobsOf(asObject(logprobsResult)) : undefined
    this.#parts.add(entriesOf(parts, 'parts', asPart), logprobs, deltas)
  }

  /** What a search of Google's found. It comes behind the text that rests on it. */
  #found(): Delta[] {
    if (!this.#grounding) return []
    const { queries, sources, citations } = groundingFrom(this.#grounding, this.#parts.offsets)
    const id = `search_${this.#soFar.id ?? ''}`
    return [
      ...(citations.length > 0 ? [{ type: 'annotations' as const, citations }] : []),
      ...queries.map((query, index): Delta => {
        const found = index === 0 ? sources : []
        return { type: 'search', id: `${id}_${index}`, query, sources: found }
      }),
    ]
  }

  #finish(): Delta[] {
    const usage = usageFrom(this.#usage)
    const searches = asObject(this.#grounding).webSearchQueries
    const counted = Array.isArray(searches) ? { searches: searches.length } : {}
    const isRefused = this.#reason === undefined
    const reason = isRefused ? 'content-filter' : stopReason(this.#reason, this.#soFar.tools)
    const explanation = isRefused ? this.#blocked : this.#message
    return [
      ...(usage ? [{ type: 'usage' as const, usage: { ...usage, ...counted } }] : []),
      {
        type: 'stop',
        reason,
        ...(reason === 'content-filter' && explanation !== undefined && { explanation }),
      },
    ]
  }
}

function asPart(text: string): JsonObject {
  return { text }
}

function isFirst({ index }: JsonObject): boolean {
  return (asIndex(index) ?? 0) === 0
}

/** Whether a candidate holds something, and nothing of what is known; the last ones as a rule hold nothing at all. */
function isUnreadable(candidate: JsonObject, content: JsonObject): boolean {
  const isOther = candidate.content === undefined && candidate.finishReason === undefined
  return content.role === undefined && Object.keys(isOther ? candidate : content).length > 0
}

/** Log probabilities in the words of OpenAI, which are those of all clients that ask for them. */
function logprobsOf({ chosenCandidates, topCandidates }: JsonObject): unknown[] | undefined {
  const chosen = asObjects(chosenCandidates)
  if (chosen.length === 0) return undefined
  const alternatives = asObjects(topCandidates).map(({ candidates }) => asObjects(candidates))
  return chosen.map((one, index) => {
    const { token, logprob, bytes } = tokenOf(one)
    return { token, logprob, bytes, top_logprobs: (alternatives[index] ?? []).map(tokenOf) }
  })
}

function tokenOf({ token, logProbability }: JsonObject) {
  const text = asName(token) ?? ''
  return { token: text, logprob: asNumber(logProbability) ?? 0, bytes: [...Buffer.from(text)] }
}
