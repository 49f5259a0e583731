/**
 * What of earlier turns an API refuses, and would for ever, as the client sends it each time: its session ends. Thinking that it has not
 * signed, or not for this account, or that stands elsewhere than it was. References to tools that are gone, or that it does not know.
 * Pictures that it cannot read, or takes in no such place. Texts without a word, calls and results that lost one another. Betas that it
 * does not know, and settings.
 * @see https://github.com/anthropics/claude-code/issues/21726
 * @see https://github.com/can1357/oh-my-pi/issues/6379
 * @see https://github.com/anthropics/claude-code/issues/79970
 * @see https://github.com/MoonshotAI/Kimi-K2/issues/118
 * @see https://github.com/anthropics/claude-code/issues/22230
 * @see https://github.com/anthropics/claude-code/issues/9346
 * @see https://github.com/anthropics/claude-code/issues/55369
 * @see https://github.com/anthropics/claude-code/issues/18528
 * @see https://github.com/openclaw/openclaw/issues/18212
 * @see https://github.com/QuantumNous/new-api/issues/2975
 */
import { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'
import type { RefusablePast } from '../refusable.ts'
import { doWithoutBetas, keepToBetas } from './fit.ts'
import { paired, withoutEmpty } from './pairs.ts'
import { rewriteReferences } from './references.ts'
import { takeSealsOut } from './rewrite.ts'
import { changeBlocks } from './sent-turns.ts'
import { refusedSettings } from './settings.ts'
import { hasBudgetInVain, takeThinkingOut } from './thinking-edits.ts'

const ofThinking =
  /invalid `?(?:signature|data)`? in `?(?:redacted_)?thinking|\bthinking\.(?:signature|thinking)\b|each thinking block must|thinking`? blocks? in the latest assistant message cannot be modified/i
const ofReference = /\btool[ _]reference/i
const ofImage =
  /could not process image|image cannot be empty|\bimage\.source\.|image dimensions|\bimage (?:in the conversation )?exceeds|, but the image appears|unknown variant `image`|only text tool_result blocks/i
const ofEmpty =
  /content blocks must (?:be non-empty|contain non-whitespace)|set for empty text|must have non-empty content/i
const ofPairs =
  /`?tool_use`? ids were found without `?tool_result|unexpected `?tool_use_id`? found in `?tool_result/i

const ofBetas = /for the \W{0,2}anthropic-beta\W{0,2} header|invalid beta flag/i

type TakeOut = (document: JsonDocument, refusal: string, turns: number) => unknown

const parts: [of: RegExp, takeOut: TakeOut][] = [
  [ofThinking, (document, _refusal, turns) => takeSealsOut(document, true, turns)],
  [ofReference, rewriteReferences],
  [ofImage, takeImagesOut],
  // what holds a history together is looked for in all of it
  [ofEmpty, (document) => document.changeItems('messages', withoutEmpty)],
  [ofPairs, (document) => document.changeItems('messages', paired)],
  [ofBetas, leaveBetasOut],
  ...refusedSettings,
]

export const pastTurns: RefusablePast = {
  refusals: [400, 422],
  turns: 'messages',
  isRefused: (refusal) => parts.some(([of]) => of.test(refusal)),
  isOwn: (refusal) => ofThinking.test(refusal),
  headers(refusal, sent) {
    const list = ofBetas.test(refusal) ? sent('anthropic-beta') : undefined
    if (list === undefined) return undefined
    const named = betasNamed(refusal)
    const betas = list.split(',').map((beta) => beta.trim())
    const left = betas.filter((beta) => named !== 'all' && !named.includes(beta))
    if (left.length === betas.length) return undefined
    return { 'anthropic-beta': left.length > 0 ? left.join(',') : undefined }
  },
  leaveOut(body, refusal, turns = Number.POSITIVE_INFINITY) {
    const document = JsonDocument.parse(body)
    // a refusal may speak of what is not in the request, beside what is
    for (const [of, takeOut] of parts) {
      if (of.test(refusal)) takeOut(document, refusal, turns)
      if (document.isChanged) break
    }
    if (!document.isChanged) return undefined
    if (hasBudgetInVain(document)) takeThinkingOut(document)
    return document.pieces()
  },
}

/** Bedrock names none of those that it does not know. */
function betasNamed(refusal: string): string[] | 'all' {
  const named = [...refusal.matchAll(/`([\w-]{1,80}-\d[\d-]{0,20})`/g)].map(([, beta]) => beta!)
  return named.length > 0 ? named : 'all'
}

function leaveBetasOut(document: JsonDocument, refusal: string): void {
  const named = betasNamed(refusal)
  if (named === 'all') keepToBetas(document, '')
  else doWithoutBetas(document, named)
}

/** What the user has just sent is for him to send otherwise; what a tool gave, the model is told of. */
function takeImagesOut(document: JsonDocument, refusal: string, turns: number): boolean {
  const place = /\bmessages\.(\d+)\./.exec(refusal)?.[1]
  return changeBlocks(document, turns, (block, at, count) => {
    if (!isObject(block) || (place !== undefined && Number(place) !== at)) return block
    if (block.type === 'image') return at < count - 1 ? refusedImage : block
    if (block.type !== 'tool_result' || !Array.isArray(block.content)) return block
    const content: unknown[] = block.content
    if (!content.some(isImage)) return block
    return { ...block, content: content.map((one) => (isImage(one) ? refusedImage : one)) }
  })
}

const refusedImage = { type: 'text', text: '[an image that the API of the model refused]' }

function isImage(value: unknown): boolean {
  return isObject(value) && value.type === 'image'
}
