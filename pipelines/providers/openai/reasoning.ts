/**
 * Whether an OpenAI model reasons in a request and how hard, and the reasoning that it takes back. Without a store upstream
 * the API takes reasoning only encrypted: what is merely readable is left out, and so is the item's id, which nobody would
 * find.
 */
import type { Taker } from '../../neutral/writing.ts'
import {
  asLevel,
  nearestEffort,
  tokensOf,
  upstreamId,
  wishFor,
  type Model,
  type Wish,
} from '../../model.ts'
import { makers, type Reasoning } from '../../neutral/reasoning.ts'
import type { ReasoningInput, ResponsesRequest } from '../../wire/responses.ts'
import { capabilityOf, type Capability } from './capability.ts'

/** The name of this API's encrypted reasoning in the registry of reasoning formats. */
export const maker = makers.openai
/** What `include` asks for that a model may refuse: what it thought, and how likely its words were. */
export const ENCRYPTED_REASONING = 'reasoning.encrypted_content'
export const LOGPROBS = 'message.output_text.logprobs'
/** With this begin the ids of reasoning items, where a client keeps an id and no format. */
const idPrefix = 'rs_'

type SomeModel = Pick<Model, 'id' | 'upstream_id' | 'reasoning'>

export interface ReasoningPlan {
  reasoning: NonNullable<ResponsesRequest['reasoning']> | undefined
  /** the model takes what only reasoning models take */
  reasons: boolean
  /** the model takes sampling parameters and gives log probabilities */
  samples: boolean
  /** tokens that it may take of the limit of an answer */
  room: number
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/** Tokens; a model that is told nothing reasons as hard as at `medium`, if it can be told to stop, not at all. */
const rooms: Record<string, number> = { none: 0, ...tokensOf }

/** What a request for the model has of reasoning, and what that leaves room for. */
export function planReasoning(model: SomeModel, client: Wish): ReasoningPlan {
  const capability = capabilityOfModel(model)
  const wish = wishFor(model, client)
  const effort = effortOf(wish, capability, model.reasoning !== 'auto')
  const reasons = capability.reasons === true || effort !== undefined
  const isDropped = wish.parameter !== undefined && isLost(wish, effort, capability)
  return {
    reasoning: effort && reasoningOf(effort, client.hidden),
    reasons,
    samples: !reasons || effort === 'none',
    room: reasons ? (rooms[effort ?? (capability.none ? 'none' : 'medium')] ?? tokensOf.high) : 0,
    dropped: isDropped ? [wish.parameter!] : [],
  }
}

/**
 * Whether the model takes reasoning parameters and no sampling parameters: by its upstream id (o-series, gpt-5 and later
 * without `-chat`, codex), or because the operator gave it a level. `auto` says nothing about the model: one that does not
 * reason refuses `include: ["reasoning.encrypted_content"]`.
 */
export function isReasoningModel(model: SomeModel): boolean {
  return capabilityOfModel(model).reasons === true
}

/** The operator's level, or the nearest that the model knows; undefined for `off` and `auto`. */
export function operatorsEffort(model: SomeModel): string | undefined {
  if (model.reasoning === 'off' || model.reasoning === 'auto') return undefined
  return nearestEffort(model.reasoning, capabilityOfModel(model).efforts)
}

/** Whether the upstream model takes reasoning back: it is bound to the model that made it. */
export function takesReasoning(upstreamModel: string): Taker['takes'] {
  return ({ maker: itsMaker, model, seal }) => {
    if (!('data' in seal) || (model !== undefined && model !== upstreamModel)) return false
    return itsMaker === undefined ? seal.id?.startsWith(idPrefix) === true : itsMaker === maker
  }
}

/** The item of reasoning under a seal; undefined without encrypted content. */
export function reasoningItem({ kind, text, seal }: Reasoning): ReasoningInput | undefined {
  if (!seal || !('data' in seal)) return undefined
  const hasSummary = kind === 'summary' && text !== ''
  return {
    type: 'reasoning',
    summary: hasSummary ? [{ type: 'summary_text', text }] : [],
    encrypted_content: seal.data,
  }
}

/** An operator who gives a model a level knows it better than its id does. */
function capabilityOfModel(model: SomeModel): Capability {
  const capability = capabilityOf(upstreamId(model))
  const isGiven = model.reasoning !== 'off' && model.reasoning !== 'auto'
  if (!isGiven || capability.reasons === true) return capability
  return { ...capability, reasons: true, efforts: ['low', 'medium', 'high'] }
}

/** Nothing where the operator chose `off`, where nobody chose anything, or where the model knows no effort. */
function effortOf(wish: Wish, { efforts, none, reasons }: Capability, isOperators: boolean) {
  const level = asLevel(wish)
  if (level === undefined) return undefined
  if (level !== 'off') return nearestEffort(level, efforts)
  if (isOperators) return undefined
  if (none) return 'none'
  // a model that always reasons gets its lowest effort; one of which that is not known gets none
  return reasons === true ? efforts[0] : undefined
}

/** Whether the model gets less, more or something vaguer than was wished: a budget becomes a level. */
function isLost(wish: Wish, effort: string | undefined, { reasons }: Capability): boolean {
  const wanted = asLevel(wish)
  if (wanted === undefined) return false
  if (wanted === 'off') return effort !== 'none' && reasons === true
  return effort !== wanted || (wish.level === undefined && wish.budgetTokens !== undefined)
}

function reasoningOf(effort: string, hidden: boolean) {
  return effort === 'none' || hidden ? { effort } : { effort, summary: 'auto' }
}
