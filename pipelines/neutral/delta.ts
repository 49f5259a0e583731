/**
 * The neutral delta: a provider's answer piece by piece, in terms of no API.
 * A translate stage turns one provider's events into deltas, a serialise stage turns deltas into one client API's bytes;
 * neither knows the other.
 *
 * Order:
 * - `start` comes first. The end is `usage` (where the upstream reported it) and `stop`, or `failure`; nothing follows it.
 * - At most one block of text or reasoning is open. `text` comes only after a `text-start`, `reasoning` only between
 *   `reasoning-start` and `reasoning-stop`.
 * - `text-start`, `reasoning-start`, `refusal`, `tool-start`, `search`, `usage` and `stop` end an open block of text; all else
 *   leaves it open. `reasoning-stop` comes before any of these, and only a `failure` may come without it.
 * - Calls may interleave, also with text and reasoning: `tool-input` comes after its call's `tool-start`, and `tool-stop` is
 *   its end as far as is known by then. After it, more input comes only where a later event of the upstream has more.
 *
 * Where an upstream interleaves its blocks, a block that is interrupted ends, and begins again with its next piece.
 */
import type { ProxyError } from '../errors.ts'
import type { Phase, Place, Reasoning } from './reasoning.ts'

export type Delta =
  /** The upstream began to answer. `createdSeconds` and `usage` (as counted then) only where the upstream reported them. */
  | { type: 'start'; id: string | undefined; createdSeconds?: number; usage?: Usage }
  /** A block of text begins: a content block, an output part. It has at least one piece. */
  | { type: 'text-start' }
  | { type: 'text'; text: string; logprobs?: unknown[] }
  /** A refusal by the model, where its API keeps it apart from the text. */
  | { type: 'refusal'; text: string }
  /** A block or item of reasoning begins. `resumed`: some of its text came before, and was interrupted. */
  | { type: 'reasoning-start'; kind: Reasoning['kind']; index: number; at: Place; resumed?: true }
  /** Readable reasoning. */
  | { type: 'reasoning'; text: string }
  /** The next piece begins another part of this block, such as the next heading of a summary. */
  | { type: 'reasoning-part' }
  /**
   * `reasoning`: the block or item as a whole, with its seal. Left out where the block was interrupted. Where the seal came
   * later than the end, a second start and stop have it, without the text.
   */
  | { type: 'reasoning-stop'; reasoning?: Reasoning }
  /** What the model calls its text from a place on. May come after that text. */
  | { type: 'phase'; phase: Phase; at: Place }
  /** Of text that came before; while its block is open, unless the upstream has them only later. */
  | { type: 'annotations'; citations: Citation[] }
  /** `index` counts the calls of this answer from 0 in order of first appearance. */
  | {
      type: 'tool-start'
      index: number
      kind: 'function' | 'custom'
      id: string
      name: string
      /** the group of tools that the name belongs to */
      namespace?: string
      /** what its model signed the call with, where it signs calls; its place is the call's */
      reasoning?: Reasoning
      /** which of its API's own tools the client declared with it, to be called in a form of its own */
      builtIn?: string
    }
  /** A piece of the arguments (or of a custom tool's input); the pieces concatenate to what the upstream sent. */
  | { type: 'tool-input'; index: number; text: string }
  | { type: 'tool-stop'; index: number }
  /** A picture that the model made, whole. It leaves an open block of text open. */
  | { type: 'image'; mediaType: string; base64: string }
  /** A web search that the provider ran for the model, once it is over. */
  | { type: 'search'; id: string; query: string; sources: Source[]; failed?: true }
  | { type: 'usage'; usage: Usage }
  | {
      type: 'stop'
      reason: StopReason
      /** the stop sequence that was reached */
      sequence?: string
      /** why the answer was refused */
      explanation?: string
      serviceTier?: string
    }
  /** The answer broke off; the status serves where no byte has been sent yet. */
  | { type: 'failure'; failure: ProxyError }

/** What a search found. */
export interface Source {
  url: string
  /** `""` where the provider names none */
  title: string
}

/** A place on the web that text is taken from. Offsets are code points of the whole content. */
export interface Citation extends Source {
  start: number
  end: number
}

export type StopReason = 'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'content-filter'

/** Tokens. `inputTokens` includes cache reads and writes, `outputTokens` includes reasoning. */
export interface Usage {
  inputTokens: number
  outputTokens: number
  cachedTokens?: number
  cacheWriteTokens?: number
  /** those of them that are kept for an hour */
  cacheWrite1hTokens?: number
  reasoningTokens?: number
  /** web searches, a count */
  searches?: number
}

/** A delta of that type. */
export type DeltaOf<T extends Delta['type']> = Extract<Delta, { type: T }>

/** What a call is signed with, as reasoning in front of it: for clients that keep seals in places of their own. */
export function signatureOf(
  call: DeltaOf<'tool-start'>,
): DeltaOf<'reasoning-start' | 'reasoning-stop'>[] {
  const { reasoning } = call
  if (!reasoning) return []
  const { kind, index = 0, at = { content: 0, tools: call.index } } = reasoning
  return [
    { type: 'reasoning-start', kind, index, at },
    { type: 'reasoning-stop', reasoning },
  ]
}

/** For APIs whose answers have no place for a picture: that there was one must not be lost. */
export function imageNote({ mediaType }: DeltaOf<'image'>): DeltaOf<'text'> {
  return {
    type: 'text',
    text: `\n\n[Here the model made an image (${mediaType}), for which this API has no place.]\n\n`,
  }
}

/** Whether it was counted, and was nothing. Of a prompt of no tokens nobody has counted anything. */
export function hasNoOutput(usage: Usage | undefined): boolean {
  return usage !== undefined && usage.inputTokens > 0 && usage.outputTokens === 0
}

/** The end of an answer that failed. */
export function failed(failure: ProxyError): DeltaOf<'failure'> {
  return { type: 'failure', failure }
}
