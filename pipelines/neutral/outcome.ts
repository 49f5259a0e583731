/**
 * What is known of an answer besides its bytes: how it ended, what it cost, what is remembered of it for the next turn. It
 * observes the deltas, whichever client they go to and in whichever form.
 */
import type { ProxyError } from '../errors.ts'
import type { Delta, StopReason, Usage } from './delta.ts'
import { PhasesSoFar } from './phases.ts'
import type { Reasoning, Remembered } from './reasoning.ts'

export class AnswerOutcome {
  /** as reported so far */
  usage: Usage | undefined
  stopReason: StopReason | undefined
  /** why the answer broke off; the client has not got it yet */
  failure: ProxyError | undefined
  readonly #remember: ((key: string, remembered: Remembered) => void) | undefined
  #firstCallId: string | undefined
  #reasoning: Reasoning[] | undefined
  #phases: PhasesSoFar | undefined

  /** `remember` is called before the client gets the end of the answer, so that its next request finds what is kept. */
  constructor(remember?: (key: string, remembered: Remembered) => void) {
    this.#remember = remember
  }

  /** Takes each delta before it is serialised. */
  add(delta: Delta): void {
    switch (delta.type) {
      case 'text':
        this.#phases?.text(delta.text)
        break
      case 'start':
      case 'usage':
        this.usage = delta.usage ?? this.usage
        break
      case 'failure':
        this.failure = delta.failure
        break
      case 'tool-start':
        this.#firstCallId ??= delta.id
        this.#keep(delta.reasoning)
        break
      case 'reasoning-stop':
        this.#keep(delta.reasoning)
        break
      case 'phase':
        this.#phases ??= new PhasesSoFar()
        this.#phases.add(delta.phase, delta.at)
        break
      case 'stop':
        this.stopReason = delta.reason
        this.#rememberAnswer()
        break
      default:
    }
  }

  /** Thinking without a signature cannot be handed back. */
  #keep(reasoning: Reasoning | undefined): void {
    if (!reasoning || (reasoning.kind === 'thinking' && !reasoning.seal)) return
    this.#reasoning ??= []
    this.#reasoning.push(reasoning)
  }

  /** Reasoning only of answers with a call: the others are over, and their reasoning is of no more use. */
  #rememberAnswer(): void {
    const callId = this.#firstCallId
    const reasoning = callId === undefined ? undefined : this.#reasoning
    const phases = this.#phases?.unusual(callId !== undefined)
    const key = callId ?? this.#phases?.key
    if (!this.#remember || key === undefined || (!reasoning && !phases)) return
    this.#remember(key, { ...(reasoning && { reasoning }), ...(phases && { phases }) })
  }
}
