/**
 * Chat Completions -> deltas: the chunks of one completion, or its body.
 * An answer is complete at `[DONE]`, or when the input ends after a finish reason; what is reported behind the reason, such as
 * the usage, still counts. Only the first choice is read.
 * Source: OpenAI API reference "Chat Completions"; the references of OpenRouter, DeepSeek, Mistral, Moonshot and Zhipu, and the
 * sources of vLLM, llama.cpp and Ollama, read 2026-11.
 */
import { emptyAnswer, truncatedAnswer } from '../../errors.ts'
import { changingAt } from '../../json/event-parser.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { asBase64, parseDataUrl } from '../../neutral/data-url.ts'
import { failed, hasNoOutput, type Delta, type Usage } from '../../neutral/delta.ts'
import type { WrittenTools } from '../../neutral/written-tools.ts'
import { AnswerSoFar, SentText, TextBlockSoFar } from '../../neutral/so-far.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import {
  asIndex,
  asName,
  asNumber,
  asObject,
  asObjects,
  asText,
  isGiven,
  partOf,
} from '../../untrusted.ts'
import { notAnAnswer } from '../failure.ts'
import { Calls } from './calls.ts'
import { citationOf, joined, partsOf } from './choices.ts'
import { commonError, reportedError } from './error.ts'
import { failureOf, isCut, reasonFrom, stopReason, usageOf } from './finish.ts'
import { ReasoningSoFarOfChat } from './reasoning.ts'
import { TaggedText, type TextPiece } from './tagged-text.ts'
import { callsAtEnd, WrittenText } from './written/text.ts'

export function commonTranslator(context: TranslateContext): Translator {
  return new CommonTranslator(context)
}

/** In: the body of a 200 answer: a completion, or an error. */
export function commonBody(body: JsonObject, context: TranslateContext): Delta[] {
  const error = reportedError(body)
  if (error !== undefined) return [failed(commonError(error))]
  const isEmpty = asObjects(body.choices).length === 0
  if (isEmpty && !isSpent(body)) return [failed(notAnAnswer('a chat completion', body))]
  const answer = isEmpty ? { ...body, choices: [spent] } : joined(body)
  return translateAll(new CommonTranslator(context, true), [answer])
}

const spent = { index: 0, message: {}, finish_reason: 'length' }

/**
 * Copilot tells so that the limit was spent before a word was said, as with one token, by which Claude Code asks whether a model is there.
 * @see https://github.com/farion1231/cc-switch/pull/4923
 */
function isSpent({ choices, usage }: JsonObject): boolean {
  return Array.isArray(choices) && (usageOf(usage)?.outputTokens ?? 0) > 0
}

/** Some servers count with every chunk; OpenAI pads it with `obfuscation`. */
const changing = changingAt(
  'choices/0/delta/content',
  'choices/0/delta/reasoning_content',
  'choices/0/delta/reasoning',
  'choices/0/delta/reasoning_details/0/text',
  'choices/0/delta/tool_calls/0/function/arguments',
  'usage/completion_tokens',
  'usage/total_tokens',
  'obfuscation',
)

class CommonTranslator implements Translator {
  readonly changing = changing
  readonly #soFar = new AnswerSoFar()
  readonly #text = new TextBlockSoFar(this.#soFar)
  readonly #tagged: TaggedText | WrittenText
  readonly #toolsInText: WrittenTools | undefined
  readonly #isOpened: boolean
  /** the content as it came, where calls are taken out of it */
  readonly #content: SentText | undefined
  readonly #refusal = new SentText()
  readonly #reasoning: ReasoningSoFarOfChat
  readonly #calls: Calls
  /** nothing follows the first event */
  readonly #isBody: boolean
  #isBegun = false
  /** all that was said was taken for reasoning, and nothing has marked it */
  #isUnmarked = false
  #images = 0
  #finish: string | undefined
  #usage: Usage | undefined
  #serviceTier: string | undefined

  constructor(context: TranslateContext, isBody = false) {
    const { upstreamModel, fallbackId, callIds = [], toolsInText } = context
    const { reasoningInText: isOpened = false } = context
    this.#soFar.id = fallbackId
    this.#toolsInText = toolsInText
    this.#isOpened = isOpened
    this.#tagged = toolsInText ? new WrittenText(toolsInText, isOpened) : new TaggedText(isOpened)
    this.#content = toolsInText && new SentText()
    this.#reasoning = new ReasoningSoFarOfChat(this.#soFar, upstreamModel)
    this.#calls = new Calls(this.#soFar, callIds)
    this.#isBody = isBody
  }

  event(data: JsonObject, name?: string): Delta[] {
    const error = reportedError(data, name)
    if (error !== undefined) return [failed(commonError(error))]
    const deltas: Delta[] = []
    if (!this.#isBegun) deltas.push(this.#begin(data))
    if (data.usage) this.#usage = usageOf(data.usage) ?? this.#usage
    if (data.service_tier) this.#serviceTier = asName(data.service_tier)
    const { choices } = data
    if (!isGiven(choices)) return deltas
    const all: unknown[] = Array.isArray(choices) ? choices : [choices]
    for (const choice of all) this.#choice(partOf(choice, 'choices'), deltas)
    return deltas
  }

  get awaitsRest(): boolean {
    return this.#finish !== undefined
  }

  /** `isDone`: by `[DONE]`, or since a body has no other end. */
  end(isDone = this.#isBody): Delta[] {
    const cut = isCut(this.#finish)
    const deltas: Delta[] = []
    const rest = this.#tagged.flush(!cut)
    this.#write(cut ? rest : this.#withThoughtCalls(rest), undefined, deltas)
    if (!cut) this.#sayUnmarked(deltas)
    if (this.#finish === undefined && !(isDone && this.#isWhole)) return [failed(truncatedAnswer())]
    if (!cut && this.#said === 0 && this.#reasoning.isEmpty && hasNoOutput(this.#usage)) {
      return [failed(emptyAnswer())]
    }
    this.#reasoning.close(deltas)
    deltas.push(...this.#calls.close(cut))
    if (this.#usage) deltas.push({ type: 'usage', usage: this.#usage })
    const reason = stopReason(this.#finish, this.#soFar.tools)
    const serviceTier = this.#serviceTier
    deltas.push({ type: 'stop', reason, ...(serviceTier && { serviceTier }) })
    return deltas
  }

  /** Something was said, and no call broke off. */
  get #isWhole(): boolean {
    return this.#said > 0 && !this.#calls.isInMiddle
  }

  /** 0 for nothing */
  get #said(): number {
    return this.#text.sent.length + this.#refusal.length + this.#soFar.tools + this.#images
  }

  /** The model did not think this time: what went out as its reasoning is its answer, which no client may miss. */
  #sayUnmarked(deltas: Delta[]): void {
    const isUnmarked = this.#isUnmarked || this.#tagged.isUnmarked
    if (!isUnmarked || this.#text.sent.length > 0 || this.#soFar.tools > 0) return
    this.#write([{ kind: 'text', text: this.#reasoning.openText }], undefined, deltas)
  }

  /** Models that forget to end their reasoning write the call into it, and wait for its result. */
  #withThoughtCalls(rest: TextPiece[]): TextPiece[] {
    const isSilent = this.#text.sent.length === 0 && this.#soFar.tools === 0
    if (!this.#toolsInText || !isSilent) return rest
    const thought = rest.filter(({ kind }) => kind === 'reasoning')
    if (rest.some(({ kind, text }) => kind !== 'reasoning' && text.trim() !== '')) return rest
    const end = thought.map(({ text }) => text).join('')
    const calls = callsAtEnd(this.#reasoning.openText + end, this.#toolsInText)
    return calls.length > 0 ? [...thought, ...calls] : rest
  }

  #begin(data: JsonObject): Delta {
    this.#isBegun = true
    const id = asName(data.id)
    this.#soFar.id = id ?? this.#soFar.id
    const created = asNumber(data.created)
    return {
      type: 'start',
      id,
      ...(created !== undefined && { createdSeconds: Math.floor(created) }),
    }
  }

  /** Most chunks hold one member, so that what is absent must cost nothing. */
  #choice(choice: JsonObject, deltas: Delta[]): void {
    if (choice.usage) this.#usage = usageOf(choice.usage) ?? this.#usage
    if (choice.index !== 0 && (asIndex(choice.index) ?? 0) !== 0) return
    const isWhole = isGiven(choice.message) && !isObject(choice.delta)
    const delta = isWhole ? partOf(choice.message, 'message') : partOf(choice.delta, 'delta')
    if (this.#reasoning.isIn(delta)) this.#reason(delta, isWhole, deltas)
    if (isGiven(delta.content)) this.#say(delta.content, choice.logprobs, isWhole, deltas)
    // while the text that they cite is open
    if (isGiven(delta.annotations)) this.#cite(delta.annotations, deltas)
    if (isGiven(delta.images)) this.#show(delta.images, deltas)
    if (isGiven(delta.refusal)) this.#refuse(asText(delta.refusal, 'refusal'), isWhole, deltas)
    if (isGiven(delta.tool_calls)) this.#call(delta.tool_calls, deltas)
    else if (isObject(delta.function_call)) {
      this.#call([{ index: 0, function: delta.function_call }], deltas)
    }
    if (choice.finish_reason) this.#stop(reasonFrom(choice.finish_reason), deltas)
  }

  #reason(delta: JsonObject, isWhole: boolean, deltas: Delta[]): void {
    this.#reasoning.add(delta, isWhole, deltas)
    // text that may have been a tag is none
    if (this.#reasoning.hasField) this.#write(this.#tagged.flushBehind(), undefined, deltas)
  }

  #say(content: unknown, logprobs: unknown, isWhole: boolean, deltas: Delta[]): void {
    const { thinking, text } = partsOf(content)
    const sent = this.#content
    if (isWhole && !sent) {
      this.#complete(thinking, text, logprobs, deltas)
      return
    }
    if (thinking !== '' && (!isWhole || this.#reasoning.isEmpty)) {
      this.#reasoning.inline(thinking, deltas)
    }
    const rest = sent && isWhole ? sent.restOf(text) : text
    sent?.add(rest)
    this.#write(this.#tagged.push(rest), logprobs, deltas)
  }

  /** Adds of a whole content what the pieces left out. */
  #complete(thinking: string, content: string, logprobs: unknown, deltas: Delta[]): void {
    const before = this.#reasoning.hasField ? [] : this.#tagged.push('')
    this.#write([...before, ...this.#tagged.flush()], undefined, deltas)
    const tagged = new TaggedText(this.#isOpened)
    const pieces = this.#reasoning.hasField
      ? [{ kind: 'text' as const, text: content.replace(/^[\r\n]+/, '') }]
      : [...tagged.push(content), ...tagged.flush()]
    this.#isUnmarked = tagged.isUnmarked
    const textOf = (wanted: TextPiece['kind']) =>
      pieces.map(({ kind, text }) => (kind === wanted ? text : '')).join('')
    const thought = this.#reasoning.isEmpty ? thinking + textOf('reasoning') : ''
    const rest = this.#text.sent.restOf(textOf('text'))
    this.#reasoning.inline(thought, deltas)
    if (rest !== '') this.#write([{ kind: 'text', text: rest }], logprobs, deltas)
  }

  /** Log probabilities are of the text as it came: where a tag was in it, they fit no more. */
  #write(pieces: readonly TextPiece[], logprobs: unknown, deltas: Delta[]): void {
    for (const piece of pieces) {
      const { kind, text } = piece
      if (kind === 'reasoning') {
        this.#reasoning.inline(text, deltas)
        continue
      }
      this.#reasoning.close(deltas)
      if (kind === 'call') {
        deltas.push(...this.#calls.add({ function: { name: piece.name, arguments: text } }))
      } else {
        const tokens = pieces.length === 1 && isObject(logprobs) ? logprobs.content : undefined
        deltas.push(...this.#text.piece(text, Array.isArray(tokens) ? tokens : undefined))
      }
    }
  }

  #refuse(text: string, isWhole: boolean, deltas: Delta[]): void {
    const rest = isWhole ? this.#refusal.restOf(text) : text
    if (rest === '') return
    this.#refusal.add(rest)
    this.#write(this.#tagged.flush(), undefined, deltas)
    this.#reasoning.close(deltas)
    deltas.push(...this.#soFar.closeBlock())
    deltas.push({ type: 'refusal', text: rest })
  }

  #cite(annotations: unknown, deltas: Delta[]): void {
    const citations = asObjects(annotations).flatMap((annotation) => citationOf(annotation) ?? [])
    if (citations.length === 0) return
    this.#write(this.#tagged.flush(), undefined, deltas)
    deltas.push({ type: 'annotations', citations })
  }

  /** As OpenRouter has them. Those at an address are left out: no server is known to send one. */
  #show(images: unknown, deltas: Delta[]): void {
    for (const { image_url: value } of asObjects(images)) {
      const inline = parseDataUrl(asName(asObject(value).url) ?? '')
      if (!inline) continue
      this.#write(this.#tagged.flush(), undefined, deltas)
      this.#reasoning.close(deltas)
      deltas.push({ type: 'image', mediaType: inline.mediaType, base64: asBase64(inline) })
      this.#images += 1
    }
  }

  #call(calls: unknown, deltas: Delta[]): void {
    if (Array.isArray(calls) && calls.length === 0) return
    this.#write(this.#tagged.flush(), undefined, deltas)
    this.#reasoning.close(deltas)
    deltas.push(...this.#calls.add(calls))
  }

  #stop(reason: string, deltas: Delta[]): void {
    this.#finish = reason
    const failure = failureOf(this.#finish)
    if (failure) deltas.push(failed(failure))
  }
}
