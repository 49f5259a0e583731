/**
 * How hard a Gemini model is to think, and which reasoning it takes back.
 * Source: Gemini API "Thinking" and "Thought signatures", read 2026-11.
 */
import { makers } from '../../neutral/reasoning.ts'
import {
  asLevel,
  nearestEffort,
  overruledNames,
  tokensOf,
  upstreamId,
  wishFor,
  type Model,
  type Wish,
} from '../../model.ts'
import type { Sealed } from '../../neutral/writing.ts'
import { isSealed } from '../../neutral/seal.ts'
import type { ThinkingConfig } from '../../wire/google.ts'

/** The name of Gemini's signatures in the registry of reasoning formats. */
export const maker = makers.google

type Effort = 'minimal' | 'low' | 'medium' | 'high'

const levels = { minimal: 'MINIMAL', low: 'LOW', medium: 'MEDIUM', high: 'HIGH' } as const
const namedEfforts = ['minimal', 'low', 'medium', 'high'] as const
/** Every model with a budget takes a budget between these; tokens. */
const budgetRange = { from: 512, to: 24_576 }

export interface Capability {
  /** in which form the model is told how hard to think; undefined where it does not think */
  thinking: 'level' | 'budget' | undefined
  /** those that it knows; lowest first */
  efforts: readonly Effort[]
  /** `off` can be said */
  stops: boolean
  /** it refuses the first call of a step of the current turn without a signature */
  checksSignatures: boolean
  /** it takes images and files within the result of a tool */
  seesInResults: boolean
  /** it takes penalties other than 0 */
  penalties: boolean
  /** it takes a form of the answer beside tools */
  formatsBesideTools: boolean
  /** tokens of an answer at most; Infinity where that is not known */
  cap: number
}

/** Models that make pictures or speech; most refuse to be told how to think. */
const makesOther = /-(?:image|tts)(?:-|$)/

/** By the version in the upstream id; `gemini-flash-latest` and the like count as the newest. */
export function capabilityOf(model: Pick<Model, 'id' | 'upstream_id' | 'thinking'>): Capability {
  const id = upstreamId(model).toLowerCase()
  const version = versionIn(id)
  const isThird = version >= 3
  const known = makesOther.test(id) ? undefined : thinkingAt(version)
  return {
    thinking: thinkingOf(model) ?? (model.thinking === 'none' ? undefined : known),
    efforts: effortsOf(id, version),
    stops: known === 'budget' && id.includes('flash'),
    checksSignatures: isThird,
    seesInResults: isThird,
    penalties: version < 2.5,
    formatsBesideTools: isThird || version === 0,
    cap: version === 0 ? Infinity : version < 2.5 ? 8192 : 65_536,
  }
}

function thinkingAt(version: number): Capability['thinking'] {
  if (version >= 3) return 'level'
  return version >= 2.5 ? 'budget' : undefined
}

/**
 * The API refuses a level that the model does not know (chatwise-releases #1206). The first Pro of Gemini 3 has two, and only
 * Flash has the lowest, up to 3.6.
 */
function effortsOf(id: string, version: number): readonly Effort[] {
  if (version === 3 && id.includes('pro')) return ['low', 'high']
  const hasMinimal = version >= 3 && version < 3.7 && id.includes('flash')
  return hasMinimal ? ['minimal', 'low', 'medium', 'high'] : ['low', 'medium', 'high']
}

/** The operator's word goes before what is known. */
function thinkingOf({ thinking }: Pick<Model, 'thinking'>): Capability['thinking'] {
  if (thinking === 'budget') return 'budget'
  return thinking === 'adaptive' ? 'level' : undefined
}

function versionIn(id: string): number {
  if (/gemini-(?:pro|flash|flash-lite)-latest/.test(id)) return Infinity
  const [, major, minor = '0'] = /gemini-(\d+)(?:[.-](\d+))?(?!\d)/.exec(id) ?? []
  return major === undefined ? 0 : Number(`${major}.${minor}`)
}

/** Whether the model takes the reasoning under a seal: a signature is bound to the model that made it. */
export function takesSeal(upstreamModel: string): (reasoning: Sealed) => boolean {
  return ({ seal, maker: made, model = upstreamModel }) => {
    const isSignature = 'data' in seal && seal.data !== '' && !isSealed(seal.data)
    return isSignature && made === maker && model === upstreamModel
  }
}

export interface ThinkingPlan {
  thinkingConfig?: ThinkingConfig
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/** What a request has of thinking. Where nobody wishes anything, the model thinks as hard as it does by itself. */
export function planThinking(model: Model, client: Wish, capability: Capability): ThinkingPlan {
  const wish = wishFor(model, client)
  const config = configOf(wish, capability)
  const isShown = !client.hidden && asLevel(wish) !== 'off'
  const isLost = wish.parameter !== undefined && !isMet(wish, capability)
  const overruled = overruledNames(model, client)
  return {
    ...(config && isShown && { thinkingConfig: { includeThoughts: true, ...config } }),
    ...(config && !isShown && Object.keys(config).length > 0 && { thinkingConfig: config }),
    dropped: isLost ? [wish.parameter!, ...overruled] : overruled,
  }
}

/** Tokens that thinking may take. Left to itself a model thinks as at a medium level, or more. */
export function roomToThink(config: ThinkingConfig | undefined, thinks: boolean): number {
  const { thinkingBudget, thinkingLevel } = config ?? {}
  if (thinkingBudget !== undefined) return thinkingBudget
  const effort = namedEfforts.find((one) => levels[one] === thinkingLevel) ?? 'medium'
  return thinks ? tokensOf[effort] : 0
}

/** A model that cannot stop thinking thinks as little as it can: left to itself it would think hard. */
function configOf(wish: Wish, capability: Capability): ThinkingConfig | undefined {
  const { thinking, stops, efforts } = capability
  const wanted = asLevel(wish)
  if (thinking === undefined) return undefined
  if (wanted === undefined) return {}
  const isOff = wanted === 'off'
  if (isOff && stops) return { thinkingBudget: 0 }
  const effort = nearestEffort(isOff ? 'minimal' : wanted, efforts) ?? 'high'
  if (thinking === 'level') return { thinkingLevel: levels[effort] }
  const { budgetTokens = isOff ? tokensOf.minimal : tokensOf[effort] } = wish
  return { thinkingBudget: inRange(budgetTokens) }
}

/** Whether the model thinks as hard as was wished, no more and no less. */
function isMet(wish: Wish, { thinking, stops, efforts }: Capability): boolean {
  const wanted = asLevel(wish)
  if (wanted === undefined) return true
  if (wanted === 'off') return thinking === undefined || stops
  if (wish.budgetTokens !== undefined) return thinking === 'budget'
  return thinking !== undefined && efforts.some((effort) => effort === wanted)
}

function inRange(tokens: number): number {
  return Math.min(Math.max(tokens, budgetRange.from), budgetRange.to)
}
