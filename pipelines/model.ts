/**
 * A model as the pipelines need it: its configuration entry without the connection settings. Also the reasoning levels, and
 * the rules that choose between the operator's level and the client's wish.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from './json/value.ts'
import type { FindAnswer } from './kept-answer.ts'

export type ReasoningLevel =
  | 'off'
  | 'minimal'
  | 'low'
  | 'medium'
  | 'high'
  | 'xhigh'
  | 'max'
  | 'auto'
export type ThinkingMode = 'budget' | 'adaptive' | 'none'

export interface Model {
  /** as clients name it */
  id: string
  /** as the upstream names it, where that differs */
  upstream_id?: string
  /** the operator's level; `auto`: the client's wish */
  reasoning: ReasoningLevel
  thinking?: ThinkingMode
  /** tokens */
  max_output_tokens?: number
  fast?: boolean
  /** the provider's own web search may go up beside functions, where the client merely lists it */
  web_search?: boolean
  /** false: the model cannot see any */
  images?: boolean
  /** a server leaves the calls of its model in the text */
  calls_in_text?: boolean
  /** a server leaves the reasoning of its model in the text, and the template has begun it */
  reasoning_in_text?: boolean
}

/** The upstream's name for a model entry. */
export function upstreamId(model: Pick<Model, 'id' | 'upstream_id'>): string {
  return model.upstream_id ?? model.id
}

/** What a provider's `rewrite` gets besides the request body. */
export interface RewriteContext {
  model: Model
  /** the operator's prompt; `""` for none */
  systemPrompt: string
  /** the client's headers; names in lower case */
  headers: IncomingHttpHeaders
  /** what follows the path of the API, such as `/count_tokens`; else `""` */
  subPath: string
  /** whether the client gets a stream: the body's own value, else the default */
  stream: boolean
  /** the history is of another provider: what only that one can read of its reasoning stays behind */
  isForeign?: boolean
  /** the `anthropic-beta` that the operator has fixed for the endpoint */
  fixedBetas?: string | undefined
  /** the upstream's name for another model that the request names; throws ProxyError 403 for one that the client may not use */
  nameOf?: (name: string) => string
  /** the answers of this program that the request may name */
  find?: FindAnswer
}

/** APIs spell `off` differently: `none`, a disabled object or no field. */
export type Level = 'off' | Effort

/** A level at which the model thinks. */
export type Effort = (typeof efforts)[number]

/** Lowest first. */
export const efforts = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

const levels = new Map<unknown, Level>([
  ['none', 'off'],
  ...efforts.map((effort) => [effort, effort] as const),
])

/** The level of OpenAI's word for an effort; undefined for what is none. */
export function levelOfWord(word: unknown): Level | undefined {
  return levels.get(word)
}

/** Tokens that a model thinks at such a level, as far as an API counts them; at a higher one as at `high`. */
export const tokensOf = { minimal: 512, low: 4096, medium: 12_288, high: 24_576 } as const

/** Tokens; what is beyond is enough for an answer and its reasoning. */
const everyModelHas = 32_000

/**
 * The limit of a request, tokens; undefined for none. `answer`: of the answer alone, from a client that means its reasoning beside it,
 * which needs `room`, unless it only asks whether anybody is there. `most`: up to which it is raised.
 */
export function limitWithRoom(
  { total, answer }: { total?: number; answer?: number },
  room: number,
  most = everyModelHas,
): number | undefined {
  if (total !== undefined || answer === undefined || answer <= 1) return total ?? answer
  return Math.max(answer, Math.min(answer + room, most))
}

/** Tokens up to which a budget counts as that level; a larger one is `high`. */
const budgets: [upTo: number, level: Effort][] = [
  [tokensOf.low, 'low'],
  [tokensOf.medium, 'medium'],
]

/** How hard the client wants the model to think. Without level, budget, `own` and effort it leaves that to the model. */
export interface Wish {
  level?: Level
  /** tokens: goes before the level where the model takes a budget */
  budgetTokens?: number
  /** the wish in the form of one API, for its own writer, where it goes before level and budget */
  own?: { api: string; value: JsonObject }
  /** an effort that by itself does not switch reasoning on */
  effort?: Effort
  /** the client's parameter that the wish is from, for what is dropped */
  parameter?: string
  /** every parameter of the client's that is about reasoning, understood or not */
  names: string[]
  /** the client sent an unknown effort */
  isUnknownWord?: boolean
  /** the reasoning is hidden, though the model may think */
  hidden: boolean
  /** the client sends the wish with every request, whatever its user chose */
  isSentAlways?: true
}

/** The wish that holds for a request: the operator's level, or with `auto` the client's. */
export function wishFor(model: Pick<Model, 'reasoning'>, client: Wish): Wish {
  if (model.reasoning === 'auto') return client
  return { level: model.reasoning, names: [], hidden: client.hidden }
}

/**
 * Names of the client's own reasoning parameters that go no further: the operator's level overrules them, or nobody knows
 * the effort in them.
 */
export function overruledNames(model: Pick<Model, 'reasoning'>, client: Wish): string[] {
  if (model.reasoning === 'auto') return client.isUnknownWord ? ['reasoning_effort'] : []
  return client.parameter === undefined || client.level === model.reasoning ? [] : client.names
}

/** The wish as one level, for models that take nothing else: a budget counts by its size. */
export function asLevel(wish: Pick<Wish, 'level' | 'budgetTokens' | 'effort'>): Level | undefined {
  if (wish.level !== undefined) return wish.level
  return wish.budgetTokens === undefined ? wish.effort : levelOfBudget(wish.budgetTokens)
}

function levelOfBudget(tokens: number): Effort {
  return budgets.find(([upTo]) => tokens <= upTo)?.[1] ?? 'high'
}

/**
 * The effort where the model knows it, else the nearest that it knows: the highest below, or the lowest where all are above.
 * `undefined` where the model knows none.
 */
export function nearestEffort<Known extends Effort>(
  effort: Effort,
  known: readonly Known[],
): Known | undefined {
  const rank = (one: Effort) => efforts.indexOf(one)
  const below = known.filter((one) => rank(one) <= rank(effort))
  return below.at(-1) ?? known[0]
}
