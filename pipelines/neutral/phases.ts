/**
 * Phases of an answer that chat has no place for: what the model called its text, kept in the memory of reasoning for the
 * next turn. Source: OpenAI API reference "Responses", `phase` of messages, read 2026-11.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Delta, Phase, Place } from './delta.ts'
import type { JsonObject } from '../json/value.ts'
import type { ReasoningDetail } from '../wire/chat.ts'

type PhaseDelta = Extract<Delta, { type: 'phase' }>

/** A phase as it lies in the memory. */
export interface PhaseEntry extends JsonObject {
  type: 'answer.phase'
  phase: Phase
  at: Place
}

/** What is remembered of an answer. */
export type Remembered = ReasoningDetail | PhaseEntry

/** What text is where nobody said it: a preamble to the calls, or the answer. */
export function usualPhase(hasCalls: boolean): Phase {
  return hasCalls ? 'commentary' : 'final_answer'
}

export function isPhaseEntry(entry: Remembered): entry is PhaseEntry {
  return entry.type === 'answer.phase'
}

/** Under what the phases of an answer are remembered: its first tool call, else its text. */
export function keyOfPhases(firstToolCallId: string | undefined, text: string): string {
  return firstToolCallId === undefined
    ? keyFrom(newHash().update(text, encoding))
    : `phases ${firstToolCallId}`
}

const encoding = 'utf16le'

function newHash(): Hash {
  return createHash('sha256')
}

function keyFrom(hash: Hash): string {
  return `phases of ${hash.digest('base64url')}`
}

export class PhasesSoFar {
  readonly #phases: PhaseDelta[] = []
  readonly #text = newHash()
  /** text came before the first phase was told: the hash is not of all of it */
  #late = false

  add(delta: PhaseDelta): void {
    this.#late ||= this.#phases.length === 0 && delta.at.content > 0
    this.#phases.push(delta)
  }

  text(piece: string): void {
    this.#text.update(piece, encoding)
  }

  /** To be asked once, at the end; `undefined` where nothing tells the answer from others. */
  key(firstToolCallId: string | undefined): string | undefined {
    if (firstToolCallId !== undefined) return keyOfPhases(firstToolCallId, '')
    return this.#late ? undefined : keyFrom(this.#text)
  }

  /** For the memory; nothing where all is as it would be taken to be anyway. */
  unusual(hasCalls: boolean): PhaseEntry[] {
    const usual = usualPhase(hasCalls)
    if (this.#phases.every(({ phase }) => phase === usual)) return []
    return this.#phases.map(({ phase, at }) => ({ type: 'answer.phase', phase, at }))
  }
}
