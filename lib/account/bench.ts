/**
 * When an account rests: why, for how long, and who may try it again. A limit of one model rests that model alone. When a rest
 * is over, one request tries the account; until that one knows, the others use what else there is.
 */
import { Age } from './token-state.ts'

/** Why an account rests. `told`: until a time that the upstream named. */
export type Rest =
  | { kind: 'told'; ms: number; why: string; model?: string }
  | { kind: 'untold' | 'unpaid'; why: string }
  /** `login`: when it was renewed last, for a login that can be */
  | { kind: 'refused'; why: string; login: string | null }

/** The first rest without a time, and the longest: of one kind each in a row is twice as long. */
const untold = {
  untold: { firstMs: 30_000, longestMs: 600_000 },
  unpaid: { firstMs: 3_600_000, longestMs: 86_400_000 },
  refused: { firstMs: 600_000, longestMs: 600_000 },
} as const

/** A rest as replicas tell each other of it. */
export interface SharedRest {
  kind: Exclude<Rest['kind'], 'refused'>
  why: string
  /** how many without a time came in a row, this one included */
  inRow: number
  /** what is left of it */
  ms: number
}

interface Mark {
  rest: Rest
  ms: number
  age: Age
  /** settles when the request that tries the account has its result */
  trial: Promise<void> | undefined
}

export interface BenchStatus {
  state: 'ok' | 'cooling' | 'needs_login'
  /** ISO */
  until?: string
  reason?: string
}

/** To be given back when it is known how the request went. */
export interface Seat {
  leave(): void
}

const freeSeat: Seat = { leave: () => undefined }

export class Bench {
  /** by model; the rest of the account as a whole is under `''` */
  readonly #marks = new Map<string, Mark>()
  /** how many rests without a time came in a row, by kind */
  readonly #inRow = new Map<keyof typeof untold, number>()
  /** refusals in a row of which nobody knows whether they are the request's fault or the account's */
  #doubts = 0
  readonly #log: (text: string) => void
  readonly #share: (model: string) => void

  /** `log`: gets a line for each change. `share`: is called when a rest begins, of a model alone or (`''`) of the account. */
  constructor(log: (text: string) => void, share: (model: string) => void = () => undefined) {
    this.#log = log
    this.#share = share
  }

  /** ms until it may be used for the model: 0 for now, also where somebody tries it already */
  leftMs(model: string): number {
    return Math.max(0, ...this.#of(model).map(leftOf))
  }

  /** Whether one more request may have it now. */
  isFree(model: string): boolean {
    return this.#of(model).every((mark) => leftOf(mark) === 0 && mark.trial === undefined)
  }

  /** Why not, in the words of the log; undefined where it may. */
  whyNot(model: string): string | undefined {
    const [mark] = this.#of(model)
      .filter((one) => leftOf(one) > 0 || one.trial !== undefined)
      .toSorted((one, other) => leftOf(other) - leftOf(one))
    if (!mark) return undefined
    const { why, kind } = mark.rest
    if (leftOf(mark) === 0) return `another request tries it after its rest (${why})`
    const until = isoIn(leftOf(mark))
    return `${kind === 'refused' ? 'needs_login' : 'cools down'} until ${until} (${why})`
  }

  /** A seat for one request; undefined while the account rests, or somebody else tries it. */
  take(model: string): Seat | undefined {
    const marks = this.#of(model)
    if (marks.length === 0) return freeSeat
    if (!this.isFree(model)) return undefined
    let over: (() => void) | undefined
    const trial = new Promise<void>((resolve) => (over = resolve))
    for (const mark of marks) mark.trial = trial
    return {
      leave() {
        for (const mark of marks) mark.trial = undefined
        over?.()
      },
    }
  }

  /** Settles when a trial that is under way is over; undefined where there is none. */
  trial(model: string): Promise<void> | undefined {
    return this.#of(model).find((mark) => mark.trial !== undefined && leftOf(mark) === 0)?.trial
  }

  rest(rest: Rest): void {
    const place = rest.kind === 'told' ? (rest.model ?? '') : ''
    const before = this.#marks.get(place)
    const isResting = before !== undefined && leftOf(before) > 0
    // of many requests that were on their way only one is a step
    if (isResting && rest.kind !== 'told' && before.rest.kind === rest.kind) return
    const ms = rest.kind === 'told' ? rest.ms : this.#doubled(rest.kind)
    if (isResting && leftOf(before) >= ms) return
    if (rest.kind !== 'told') this.#inRow.set(rest.kind, this.#countOf(rest.kind) + 1)
    this.#marks.set(place, { rest, ms, age: new Age(0), trial: undefined })
    const isKnown = isResting && before.rest.why === rest.why
    if (!isKnown) this.#log(`cools down until ${isoIn(ms)} (${rest.why})`)
    this.#share(place)
  }

  /** What other replicas have to know of a rest; undefined where there is none. */
  shared(place: string): SharedRest | undefined {
    const mark = this.#marks.get(place)
    if (!mark || mark.rest.kind === 'refused' || leftOf(mark) === 0) return undefined
    const { kind, why } = mark.rest
    return { kind, why, inRow: kind === 'told' ? 0 : this.#countOf(kind), ms: leftOf(mark) }
  }

  /** Takes over a rest that another replica has told of, unless it ends no later (`slackMs`) than the one here. */
  adopt({ kind, why, inRow, ms }: SharedRest, place: string, slackMs: number): void {
    const before = this.#marks.get(place)
    const leftMs = before ? leftOf(before) : 0
    if (ms <= leftMs + slackMs) return
    if (kind !== 'told') this.#inRow.set(kind, Math.max(inRow, this.#countOf(kind)))
    const rest: Rest =
      kind === 'told' ? { kind, ms, why, ...(place !== '' && { model: place }) } : { kind, why }
    this.#marks.set(place, { rest, ms, age: new Age(0), trial: undefined })
    if (leftMs > 0 && before?.rest.why === why) return
    this.#log(`cools down until ${isoIn(ms)} (${why}; met by another replica)`)
  }

  /** The upstream took a request. */
  served(model: string): void {
    this.#doubts = 0
    if (this.#isUnmarked) return
    if (this.leftMs(model) === 0) this.#inRow.clear()
    for (const place of ['', model]) {
      const mark = this.#marks.get(place)
      if (mark && leftOf(mark) === 0) {
        this.#marks.delete(place)
        this.#log('serves again')
      }
    }
  }

  /** A refused login rests until it is another: `last` says when it was renewed last. */
  lookAgain(last: () => string | null): void {
    const rest = this.#marks.get('')?.rest
    if (rest?.kind === 'refused' && rest.login !== last()) this.#marks.delete('')
  }

  /** Ends all rests, as if their time were over: one request may try each. Whether there was one. */
  end(): boolean {
    const resting = [...this.#marks.values()].filter((mark) => leftOf(mark) > 0)
    for (const mark of resting) mark.ms = 0
    if (resting.length > 0) this.#log('may be tried again: its rest was ended')
    return resting.length > 0
  }

  /** Three refusals in a row may be the account's fault. */
  doubt(): void {
    this.#doubts += 1
  }

  get isSuspect(): boolean {
    return this.#doubts >= 3
  }

  status(): BenchStatus {
    const resting = [...this.#marks.values()].filter((mark) => leftOf(mark) > 0)
    const [longest] = resting.toSorted((one, other) => leftOf(other) - leftOf(one))
    const whole = this.#marks.get('')
    const mark = whole && leftOf(whole) > 0 ? whole : longest
    if (!mark) return { state: 'ok' }
    const state = mark.rest.kind === 'refused' ? 'needs_login' : 'cooling'
    return { state, until: isoIn(leftOf(mark)), reason: mark.rest.why }
  }

  #doubled(kind: keyof typeof untold): number {
    const { firstMs, longestMs } = untold[kind]
    return Math.min(firstMs * 2 ** this.#countOf(kind), longestMs)
  }

  #countOf(kind: keyof typeof untold): number {
    return this.#inRow.get(kind) ?? 0
  }

  /** It neither rests nor has rested of late, as nearly always. */
  get #isUnmarked(): boolean {
    return this.#marks.size === 0 && this.#inRow.size === 0
  }

  #of(model: string): readonly Mark[] {
    if (this.#marks.size === 0) return noMarks
    return ['', model].flatMap((place) => this.#marks.get(place) ?? [])
  }
}

const noMarks: readonly Mark[] = []

function leftOf({ ms, age }: Mark): number {
  return Math.max(0, ms - age.ms)
}

function isoIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
