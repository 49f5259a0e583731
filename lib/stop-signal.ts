/** Tells everything that works for a request to stop. Far lighter than an AbortController, and typed in its reason. */
import { ProxyError } from './errors.ts'

export class StopSignal {
  stopped = false
  #reason: ProxyError | undefined
  #listeners: (() => void)[] | undefined

  /** Why; without a reason given the client has left, and nobody reads it. */
  get reason(): ProxyError {
    return this.#reason ?? new ProxyError(499, 'client_closed', 'The client closed the connection.')
  }

  /** Stops, once. */
  stop(reason?: ProxyError): void {
    if (this.stopped) return
    this.stopped = true
    this.#reason = reason
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }

  /** Calls the listener when it stops, at once if it has; hands back what takes the listener out. */
  onStop(listener: () => void): () => void {
    if (this.stopped) {
      listener()
      return () => undefined
    }
    this.#listeners ??= []
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners?.filter((other) => other !== listener)
    }
  }
}
