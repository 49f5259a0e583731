/**
 * Upstreams that refuse to be asked for the tokens of a stream, where the client did not ask for them: for a while they are
 * not asked again.
 */
import type { Logger } from '../log/log.ts'

/** An upstream may have become a newer one. */
const keptMs = 3_600_000

interface Place {
  endpoint: { name: string }
  model: { id: string }
  url: URL
}

export class PlainStreams {
  readonly #log: Pick<Logger, 'warn'>
  /** by address and model: when it refused, in ms, monotonic */
  readonly #refused = new Map<string, number>()

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log
  }

  add(place: Place): void {
    const name = nameOf(place)
    if (!this.#refused.has(name)) {
      this.#log.warn(
        { endpoint: place.endpoint.name, model: place.model.id },
        'an upstream refuses to be asked for the tokens of a stream',
      )
    }
    this.#refused.set(name, performance.now())
  }

  has(place: Place): boolean {
    const at = this.#refused.get(nameOf(place))
    return at !== undefined && performance.now() - at < keptMs
  }
}

function nameOf({ url, model }: Place): string {
  return `${url.href} ${model.id}`
}
