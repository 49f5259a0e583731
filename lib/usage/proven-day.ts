/**
 * Whether it is as late as the clock says, before anything is deleted for its age: a machine without a battery for its clock may
 * start years ahead, until its network sets it right.
 */

/** Days with usage, or of a clock that went evenly. */
const provingDays = 3
const provingMs = provingDays * 86_400_000
/** What a clock that goes evenly may be set by. */
const slackMs = 3_600_000

export class EvenClock {
  readonly #now: () => number
  readonly #steady: () => number
  #since: { now: number; steady: number }

  /** Both in ms; `steady` is of the clock that cannot be set. */
  constructor(now: () => number, steady: () => number = () => performance.now()) {
    this.#now = now
    this.#steady = steady
    this.#since = { now: now(), steady: steady() }
  }

  /** For three days it was neither set nor stopped. To be asked more often than that. */
  get isProven(): boolean {
    const [now, steady] = [this.#now(), this.#steady()]
    const passed = steady - this.#since.steady
    if (Math.abs(now - this.#since.now - passed) > slackMs) this.#since = { now, steady }
    return steady - this.#since.steady >= provingMs
  }
}

/**
 * The day that it surely is, or was: after it there were two more with usage. Undefined where there are fewer. `days`: those with
 * usage, newest first; later ones than `today` are of another time when the clock was wrong.
 */
export function provenDay(days: Iterable<string>, today: string): string | undefined {
  const seen = new Set<string>()
  for (const day of days) {
    if (day <= today) seen.add(day)
    if (seen.size === provingDays) return day
  }
  return undefined
}
