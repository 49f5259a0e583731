/** Reports a failure to the operator: when it begins, once an hour while it lasts, and when it is over. */
import type { Logger } from '../log/log.ts'

const warnEveryMs = 3_600_000

interface ProblemParts {
  log: Pick<Logger, 'warn' | 'info'>
  /** ms since the epoch */
  now: () => number
  /** what the log says when it is over */
  recovery: string
}

export class Problem {
  readonly #parts: ProblemParts
  #text: string | undefined
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(parts: ProblemParts) {
    this.#parts = parts
  }

  /** Undefined while there is none. */
  get text(): string | undefined {
    return this.#text
  }

  report(text: string): void {
    const { log, now } = this.#parts
    this.#text = text
    // by a clock that may be set back
    if (Math.abs(now() - this.#warnedAt) < warnEveryMs) return
    this.#warnedAt = now()
    log.warn(text)
  }

  over(): void {
    if (this.#text === undefined) return
    this.#text = undefined
    this.#parts.log.info(this.#parts.recovery)
  }
}
