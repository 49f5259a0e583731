/**
 * Counts by the values of labels. They are found through maps, one for each label, so that counting makes no text. Over all metrics
 * only so many sets of values are kept: what comes beyond is counted under `other`.
 */

/** How many sets of label values may be kept, over all metrics that share it. */
export class Bound {
  #used = 0
  readonly #most: number
  /** how often something was counted under `other` for want of room */
  dropped = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Takes room for so many sets; false where there is none. */
  take(sets: number): boolean {
    if (this.#used + sets > this.#most) {
      this.dropped += 1
      return false
    }
    this.#used += sets
    return true
  }

  /** Room that is left, from 0 to 1. */
  get free(): number {
    return 1 - this.#used / this.#most
  }
}

type Branch<T> = Map<string, Branch<T> | T>

/** What one metric, or several with the same labels, have counted. */
export class Series<Label extends string, T> {
  readonly labels: readonly Label[]
  readonly #make: () => T
  readonly #bound: Bound
  readonly #width: number
  readonly #root: Branch<T> = new Map()
  readonly #all: { values: readonly string[]; counted: T }[] = []

  /** `width`: how many sets one entry comes to, where it holds those of a further label. */
  constructor(labels: readonly Label[], make: () => T, bound: Bound, width = 1) {
    this.labels = labels
    this.#make = make
    this.#bound = bound
    this.#width = width
  }

  /** What is counted for these values, which stand in the order of the labels. */
  of(...values: string[]): T {
    return this.#found(values) ?? this.#made(values)
  }

  /** All sets, in the order in which they came. */
  get all(): readonly { values: readonly string[]; counted: T }[] {
    return this.#all
  }

  #found(values: readonly string[]): T | undefined {
    let branch: Branch<T> | T | undefined = this.#root
    for (const value of values) {
      branch = (branch as Branch<T>).get(value)
      if (branch === undefined) return undefined
    }
    return branch as T
  }

  #made(values: readonly string[]): T {
    if (this.#bound.take(this.#width)) return this.#added(values)
    const others = values.map(() => 'other')
    return this.#found(others) ?? this.#added(others)
  }

  #added(values: readonly string[]): T {
    const counted = this.#make()
    let branch = this.#root
    for (const value of values.slice(0, -1)) {
      let next = branch.get(value) as Branch<T> | undefined
      if (!next) {
        next = new Map()
        branch.set(value, next)
      }
      branch = next
    }
    branch.set(values.at(-1)!, counted)
    this.#all.push({ values, counted })
    return counted
  }
}

/** One number that only grows. */
export interface Counter {
  count: number
}

export function counter(): Counter {
  return { count: 0 }
}

/** The bounds of the buckets in ms: 10, twice as much each, up to 5.5 minutes. */
export const bucketsMs = Array.from({ length: 16 }, (_, index) => 10 * 2 ** index)

/** Spans of time. */
export class Histogram {
  /** by bucket, each alone; the last holds what is longer than all bounds */
  readonly counts: number[] = Array.from({ length: bucketsMs.length + 1 }, () => 0)
  sumMs = 0

  add(ms: number): void {
    let bucket = 0
    while (bucket < bucketsMs.length && ms > bucketsMs[bucket]!) bucket += 1
    this.counts[bucket]! += 1
    this.sumMs += ms
  }
}
