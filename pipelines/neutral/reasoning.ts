/**
 * Reasoning in terms of no API: what of it can be read, and the seal under which its model takes it back. An answer emits it
 * (`delta.ts`), the memory keeps it, a request hands it back (`request.ts`).
 */
import type { JsonObject } from '../json/value.ts'

/** How many code points of content and how many tool calls come before. */
export interface Place {
  content: number
  tools: number
}

/** What a model makes of its reasoning so that it can be handed back. */
export type Seal =
  /** a signature of the text */
  | { signature: string }
  /**
   * The reasoning encrypted. `id`: of the item that it came in, only where the upstream named one. `on`: Google's belong to the
   * call behind them, then with the id that the model gave the call, or to the text before them.
   */
  | { data: string; id?: string; on?: 'call' | 'text' }
  /** of chat upstreams, which take it back unsealed: the member that it came in, and the entries where that is a list */
  | { field: ReasoningField; entries?: JsonObject[] }

/** Members of a chat message that hold reasoning; `inline`: it stood in the content, and is not handed back. */
export const reasoningFields = [
  'reasoning_content',
  'reasoning',
  'reasoning_text',
  'reasoning_details',
  'inline',
] as const

/** What the formats of reasoning are called, by provider: in the registry of such formats, or here. */
export const makers = {
  anthropic: 'anthropic-claude-v1',
  openai: 'openai-responses-v1',
  google: 'google-gemini-v1',
  common: 'common',
} as const

export type ReasoningField = (typeof reasoningFields)[number]

/** One block or item of reasoning. An item whose seal comes late is two of one index: its text first, then its seal. */
export interface Reasoning {
  /** `thinking`: the text that a signature signs. `summary`: what may be read of encrypted reasoning. `raw`: of open models */
  kind: 'thinking' | 'summary' | 'raw'
  /** which block or item of the answer */
  index?: number
  /** readable; `""` where there is none */
  text: string
  /** the format, in the name that the registry of reasoning formats has for it; undefined where a client leaves it out */
  maker?: string
  /** the upstream's name of the model that made it, which alone takes it back; undefined where a client leaves it out */
  model?: string
  seal?: Seal
  /** the endpoint that it came from; only where a client hands that back */
  endpoint?: string
  /** where it stood in its answer; left out: in front of everything */
  at?: Place
}

/** A preamble to more work, or the answer. */
export type Phase = 'commentary' | 'final_answer'

export function isPhase(value: unknown): value is Phase {
  return value === 'commentary' || value === 'final_answer'
}

/** What the text of an answer is from a place on. */
export interface PlacedPhase {
  phase: Phase
  at: Place
}

/** What is remembered of an answer, under its first tool call or its text. */
export interface Remembered {
  reasoning?: Reasoning[]
  phases?: PlacedPhase[]
}

/** What was remembered under a key. */
export type Recall = (key: string) => Remembered | undefined
