/**
 * Phases of an answer: what its model called its text, remembered for the next turn, since chat has no place for it.
 * Source: OpenAI API reference "Responses", `phase` of messages, read 2026-11.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Phase, PlacedPhase } from './reasoning.ts'

/** The phase of text where its model named none: a preamble to the calls, or the answer. */
export function usualPhase(hasCalls: boolean): Phase {
  return hasCalls ? 'commentary' : 'final_answer'
}

/** Under what the phases of an answer are remembered: its first tool call, as its reasoning is, else its text. */
export function keyOfPhases(firstCallId: string | undefined, text: string): string {
  return firstCallId ?? keyFrom(createHash('sha256').update(text, encoding))
}

const encoding = 'utf16le'

function keyFrom(hash: Hash): string {
  return `phases of ${hash.digest('base64url')}`
}

/** The phases of an answer as its deltas come, made at the first of them: answers without any hash nothing. */
export class PhasesSoFar {
  readonly #phases: PlacedPhase[] = []
  readonly #text = createHash('sha256')
  /** text came before the first phase, when nobody hashed it: the hash is not of all of it */
  #late = false

  add(phase: Phase, at: PlacedPhase['at']): void {
    this.#late ||= this.#phases.length === 0 && at.content > 0
    this.#phases.push({ phase, at })
  }

  text(piece: string): void {
    this.#text.update(piece, encoding)
  }

  /** To be read once, at the end; undefined where the hash cannot tell the answer from others. */
  get key(): string | undefined {
    return this.#late ? undefined : keyFrom(this.#text)
  }

  /** Undefined where every phase is the usual one. */
  unusual(hasCalls: boolean): PlacedPhase[] | undefined {
    const usual = usualPhase(hasCalls)
    return this.#phases.every(({ phase }) => phase === usual) ? undefined : this.#phases
  }
}
