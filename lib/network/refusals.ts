/** Endpoints that could not be reached several times in a row: where there is another, they are tried last for a while. */

const mostInRow = 5
const restMs = 15_000

export class Refusals {
  /** by the endpoint's name */
  readonly #known = new Map<string, { inRow: number; untilMs: number }>()

  refused(endpoint: string): void {
    const inRow = (this.#known.get(endpoint)?.inRow ?? 0) + 1
    const untilMs = inRow >= mostInRow ? performance.now() + restMs : 0
    this.#known.set(endpoint, { inRow, untilMs })
  }

  answered(endpoint: string): void {
    this.#known.delete(endpoint)
  }

  isResting(endpoint: string): boolean {
    return (this.#known.get(endpoint)?.untilMs ?? 0) > performance.now()
  }
}
