/**
 * The neutral request: what a client asks for, in the form of no API. A client's reader makes it, a provider's writer reads it,
 * and neither knows the other. Nothing in it is changed after it has been read.
 *
 * Each piece and each tool has the `place` where the client wrote it, for errors; `names` has the client's name of what is
 * named in `x-droid2api-dropped`. Strings and data are carried by reference, never copied.
 */
import type { JsonObject } from '../json/value.ts'
import type { Wish } from '../model.ts'
import type { Mark, Own, Turn } from './turn.ts'

export type * from './turn.ts'

export interface NeutralRequest {
  /** as the client named it */
  model: string
  /** in the client's order, unmerged; those of the role `instruction` at the front lead the conversation */
  turns: Turn[]
  tools: Tool[]
  /** what the conversation itself makes of the tools, in its order; see `tools.ts` */
  toolChanges?: ToolChange[]
  toolChoice?: ToolChoice
  /** false: one call at a time */
  parallelCalls?: boolean
  limits: Limits
  sampling: Sampling
  /** sequences, each once, none empty */
  stop: string[]
  format?: AnswerFormat
  reasoning: Wish
  /** besides text the answer may hold pictures */
  wantsImages?: true
  verbosity?: string
  /** who asks, as the client's user or as an id that is safe to hand on */
  user?: string
  safetyId?: string
  /** what groups requests for the prompt cache */
  cacheKey?: string
  /** the client counts on the cache without marking anything, as its own API needs no marks */
  wantsCache?: true
  /** how soon it is to be answered, and at what price */
  tier?: string
  metadata?: JsonObject
  /** a text that much of the answer is expected to repeat */
  prediction?: unknown
  /** the provider is to keep the answer */
  store?: boolean
  /** the pieces of a stream are to be padded, so that their length gives nothing away */
  padded?: boolean
  /** a mark on the whole request */
  mark?: JsonObject
  /** top-level members that only one API knows, by that API: its writer takes them, every other drops them */
  own: Readonly<Record<string, JsonObject>>
  /** the client's names of what no writer carries over */
  lost: string[]
  /** the client's name of a member where it is not the neutral one, such as `top_p` for `topP` */
  names: Names
}

/** What may be dropped by a writer. */
export type Nameable =
  | keyof Sampling
  | Exclude<keyof Limits, 'isOpen'>
  | 'image'
  | 'toolChoice'
  | 'parallelCalls'
  | 'format'
  | 'verbosity'
  | 'cacheKey'
  | 'user'
  | 'safetyId'
  | 'tier'
  | 'metadata'
  | 'prediction'
  | 'store'
  | 'padded'
  | 'wantsImages'

export type Names = Readonly<Partial<Record<Nameable, string>>>

export type Tool = FunctionTool | CustomTool | HostedTool

interface ToolBase {
  place: string
  mark?: Mark
  /** the model gets to know it only once something loads it */
  deferred?: true
}

export interface FunctionTool extends ToolBase {
  kind: 'function'
  name: string
  /** the group of tools that the name belongs to */
  namespace?: string
  /** which of its API's own tools the client declared with it, to be called in a form of its own */
  builtIn?: string
  description?: string
  /** as the client wrote it; undefined for none */
  schema: unknown
  /** of the schema */
  schemaPlace: string
  /** `if-possible`: of an API whose schemas need not fit the rules of others */
  strict?: boolean | 'if-possible'
  /** the tool in the form of its API */
  own?: Own
  /** its other members, by the client's names; no nulls */
  more: JsonObject
}

/** Called with free text instead of arguments. */
export interface CustomTool extends ToolBase {
  kind: 'custom'
  name: string
  /** the group of tools that the name belongs to */
  namespace?: string
  description?: string
  /** the grammar of its input */
  grammar?: JsonObject
  more: JsonObject
}

/** Run by a provider, or at least known to it alone. */
export interface HostedTool extends ToolBase {
  kind: 'hosted'
  /** the type, as the client wrote it; undefined where the client asked for a search without a tool */
  written?: string
  /** the tool in the form of its API; undefined as above */
  own?: Own
  /** what it looks for, where it searches the web: any provider's own search will do */
  search?: WebSearch
  /** finds deferred tools */
  findsTools?: true
  /** the client runs it, though its provider alone knows how it is called */
  isClientRun?: true
  /** the client's name of it where it is dropped; it is not in silence that such a one is all that a request has */
  lostName?: string
}

export interface WebSearch {
  /** how much of what was found is read: low, medium, high */
  size?: string
  /** of city, region, country and timezone those that the client names */
  location?: JsonObject
  /** as the client wrote it */
  allowedDomains?: unknown
  blockedDomains?: unknown
  /** the client gets what was found, not only what the model makes of it */
  showsSources?: true
}

export type ToolChange =
  | { type: 'load' | 'remove'; name: string; namespace?: string }
  /** in place of one of the same name, if there is one */
  | { type: 'add'; tool: FunctionTool | CustomTool }

/** `place`: where the client chose. */
export type ToolChoice = { place: string } & (
  | { type: 'auto' | 'none' | 'any' }
  | ({ type: 'tool' } & NamedTool)
  | { type: 'allowed'; mode: 'auto' | 'any'; tools: AllowedTool[] }
  /** a tool that a provider runs */
  | { type: 'hosted'; tool: HostedTool }
  /** a choice in the form of one API, which may be another's than the writer's */
  | { type: 'own'; api: string; value: unknown }
)

/** A tool, as a choice names it. */
export interface NamedTool {
  kind: 'function' | 'custom'
  name: string
  namespace?: string
  /** where the name stands */
  namePlace: string
}

export type AllowedTool = NamedTool | { kind: 'own'; value: JsonObject; place: string }

/** Tokens. */
export interface Limits {
  /** reasoning included */
  total?: number
  /** the answer alone, from clients that know of no reasoning */
  answer?: number
  /** the client sets none and means it: as much as the model can */
  isOpen?: true
}

export interface Sampling {
  temperature?: number
  topP?: number
  topK?: number
  seed?: unknown
  presencePenalty?: number
  frequencyPenalty?: number
  logitBias?: unknown
  logprobs?: boolean
  topLogprobs?: number
}

export type AnswerFormat =
  | { type: 'json' }
  /** `place`: of the schema's holder */
  | {
      type: 'schema'
      schema: JsonObject
      /** undefined where the client gave none, though its API wants one */
      name?: string
      description?: string
      /** `if-possible`: as for tools */
      strict?: boolean | 'if-possible'
      place: string
    }
