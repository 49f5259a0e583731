/** What clients have used, by window and name. */

export interface Counts {
  requests: number
  tokens: number
}

/**
 * Counts of the windows that were opened last. More than one is kept: a clock may be set over the end of a window and back, and
 * what was used in it must not be forgotten.
 */
export class WindowCounts {
  readonly #windows = new Map<string | number, Map<string, Counts>>()
  readonly #kept: number

  constructor(kept = 3) {
    this.#kept = kept
  }

  /** The counts of a client in a window, to be added to. */
  of(window: string | number, client: string): Counts {
    const clients = this.#opened(window)
    let counts = clients.get(client)
    if (!counts) {
      counts = { requests: 0, tokens: 0 }
      clients.set(client, counts)
    }
    return counts
  }

  #opened(window: string | number): Map<string, Counts> {
    let clients = this.#windows.get(window)
    if (clients) return clients
    clients = new Map()
    this.#windows.set(window, clients)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > this.#kept) this.#windows.delete(oldest!)
    return clients
  }
}
