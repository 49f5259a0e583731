/**
 * The neutral delta: what a provider's answer says, piece by piece, in no API's words.
 * A translate stage turns one provider's events into deltas, a serialise stage turns deltas into one client API's bytes;
 * neither knows the other.
 *
 * Order: `start` first; text, reasoning and tool deltas as the model produced them; then either `usage` (when the upstream
 * reported it) and `stop`, or `failure`. Nothing follows `stop` or `failure`.
 */
import type { ProxyError } from '../errors.ts'
import type { ReasoningDetail, UrlCitation } from '../wire/chat.ts'

export type Delta =
  /** The upstream began to answer. `createdSeconds` and `usage` (as counted then) only where the upstream said so. */
  | { type: 'start'; id: string | undefined; createdSeconds?: number; usage?: Usage }
  | { type: 'text'; text: string; logprobs?: unknown[] }
  | { type: 'refusal'; text: string }
  /** Readable reasoning. */
  | { type: 'reasoning'; text: string }
  /** Reasoning that is complete and can be handed back, once its block or item has ended. */
  | { type: 'reasoning-detail'; details: ReasoningDetail[] }
  /** What the text from a place on is, as its model told. May come after that text. */
  | { type: 'phase'; phase: Phase; at: Place }
  /** Offsets are code points of the whole content. */
  | { type: 'annotations'; annotations: UrlCitation[] }
  /** `index` counts the calls of this answer from 0 in order of first appearance. */
  | { type: 'tool-start'; index: number; kind: 'function' | 'custom'; id: string; name: string }
  /** A piece of the arguments (or of a custom tool's input); the pieces concatenate to what the upstream sent. */
  | { type: 'tool-input'; index: number; text: string }
  | { type: 'tool-stop'; index: number }
  | { type: 'usage'; usage: Usage }
  | { type: 'stop'; reason: StopReason; serviceTier?: string }
  /** The answer broke off; the status serves where no byte has been sent yet. */
  | { type: 'failure'; failure: ProxyError }

/** A preamble to more work, or the answer. */
export type Phase = 'commentary' | 'final_answer'

export function isPhase(value: unknown): value is Phase {
  return value === 'commentary' || value === 'final_answer'
}

/** How many code points of content and how many tool calls come before. */
export interface Place {
  content: number
  tools: number
}

export type StopReason = 'stop' | 'length' | 'tool-calls' | 'content-filter'

/** Tokens. `inputTokens` includes cache reads and writes, `outputTokens` includes reasoning. */
export interface Usage {
  inputTokens: number
  outputTokens: number
  cachedTokens?: number
  cacheWriteTokens?: number
  reasoningTokens?: number
}

/** The end of an answer that failed. */
export function failed(failure: ProxyError): Extract<Delta, { type: 'failure' }> {
  return { type: 'failure', failure }
}
