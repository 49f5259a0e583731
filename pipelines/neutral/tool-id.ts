/** Tool call ids that an upstream accepts, and which result belongs to which call. */
import { createHash } from 'node:crypto'

const safe = /^[A-Za-z0-9_-]{1,64}$/
const maxLength = 64
const keptCharacters = 50
const hashDigits = 10

/**
 * An id as it is when the upstream would take it, else its allowed characters and a piece of its
 * hash: the call and its result are renamed alike without a table.
 */
export function safeToolId(id: string): string {
  return safe.test(id) ? id : shortToolId(id, maxLength)
}

/** Allowed characters of an id and a piece of its hash, together at most so many. */
export function shortToolId(id: string, limit: number): string {
  const length = Math.min(keptCharacters, limit - hashDigits - 1)
  const kept = id.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, length)
  const hash = createHash('sha256').update(id).digest('hex').slice(0, hashDigits)
  return `${kept}_${hash}`
}

/** A function that gives every id out once: the second time with a suffix. What it gives is at most so long. */
export function uniqueIds(limit: number): (id: string) => string {
  const used = new Set<string>()
  const counts = new Map<string, number>()
  return (id) => {
    let count = counts.get(id) ?? 0
    let candidate = id
    while (used.has(candidate)) {
      count = Math.max(count, 1) + 1
      const suffix = `_${count}`
      candidate = id.slice(0, limit - suffix.length) + suffix
    }
    counts.set(id, count)
    used.add(candidate)
    return candidate
  }
}

interface Matched<Call, Result> {
  /** in the order of the results */
  given: Map<Call, Result>
  /** those of calls that are not there */
  loose: Result[]
}

/**
 * The results of one turn's calls, by their ids. Of calls that have one id each takes the next result of that id; of several results
 * for one call the last counts. `call.id`, `idOf`: as the client knows them.
 */
export function matchedResults<Call extends { id: string }, Result>(
  calls: readonly Call[],
  results: readonly Result[],
  idOf: (result: Result) => string | undefined,
): Matched<Call, Result> {
  const given = new Map<Call, Result>()
  const loose: Result[] = []
  if (results.length === 0) return { given, loose }
  const callsOfId = new Map<string | undefined, Call[]>()
  for (const call of calls) {
    const sameId = callsOfId.get(call.id)
    if (sameId) sameId.push(call)
    else callsOfId.set(call.id, [call])
  }
  const seen = new Map<string | undefined, number>()
  for (const result of results) {
    const id = idOf(result)
    const sameId = callsOfId.get(id)
    if (!sameId) {
      loose.push(result)
      continue
    }
    let at = 0
    if (sameId.length > 1) {
      at = Math.min(seen.get(id) ?? 0, sameId.length - 1)
      seen.set(id, at + 1)
    }
    given.set(sameId[at]!, result)
  }
  return { given, loose }
}

/**
 * The calls of a history that wait for their result, wherever behind them it stands. Some models and clients count their ids
 * anew in every turn, or give two calls of a turn the same, so that an id alone does not tell whose result it is.
 */
export class OpenCalls<Call extends { id: string }> {
  readonly #byId = new Map<string, { call: Call; round: number }[]>()
  #round = 0

  /** `call.id`: as the client knows it. */
  add(call: Call): void {
    const waiting = this.#byId.get(call.id)
    const entry = { call, round: this.#round }
    if (waiting) waiting.push(entry)
    else this.#byId.set(call.id, [entry])
  }

  /** Somebody else than the assistant speaks: what it calls from here on was not called together with what is open. */
  endRound(): void {
    this.#round += 1
  }

  /** The call that a result under this id answers: the first of its kind in the latest round that has one. */
  answer(id: string): Call | undefined {
    const waiting = this.#byId.get(id) ?? []
    const round = waiting.at(-1)?.round
    const first = waiting.findIndex((one) => one.round === round)
    return first === -1 ? undefined : waiting.splice(first, 1)[0]!.call
  }
}
