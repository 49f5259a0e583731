/**
 * The server of TOKEN_STORE as requests ask it: none waits longer than half a second, and after a failure nobody asks for a
 * while. All that requests ask there goes through one of these, so a server that hangs costs a request that wait once.
 */
import type { Logger } from '../log/log.ts'
import { RedisConnection, within, type RedisServer } from './redis-connection.ts'

const patienceMs = 500
const pauseMs = 1_000

export class SharedServer {
  readonly #connection: RedisConnection
  /** ms, monotonic */
  #pausedUntil = 0

  constructor(server: RedisServer) {
    this.#connection = new RedisConnection(server)
  }

  /** Whether it failed just now. */
  get isPaused(): boolean {
    return performance.now() < this.#pausedUntil
  }

  run(command: string[]): Promise<unknown> {
    return this.#connection.run(command)
  }

  /** What becomes of a command, if that is known soon. Whatever was begun goes on. */
  async soon<T>(settled: Promise<T>): Promise<T> {
    try {
      const silent = `${this.#connection.place} gave no answer within ${patienceMs} ms`
      return await within(patienceMs, settled, silent)
    } catch (error) {
      this.#pausedUntil = performance.now() + pauseMs
      throw error
    }
  }

  close(): void {
    this.#connection.close()
  }
}

/** Why something is not shared at the moment: logged once and, as long as it lasts, shown in `/health`. */
export class SharingProblem {
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #messages: { begin: string; end: string }
  #reason: string | undefined

  constructor(log: Pick<Logger, 'warn' | 'info'>, messages: { begin: string; end: string }) {
    this.#log = log
    this.#messages = messages
  }

  get warnings(): string[] {
    return this.#reason === undefined ? [] : [`${this.#messages.begin}: ${this.#reason}`]
  }

  began({ message: reason }: Error): void {
    if (this.#reason === undefined) this.#log.warn({ reason }, this.#messages.begin)
    this.#reason = reason
  }

  ended(): void {
    if (this.#reason === undefined) return
    this.#reason = undefined
    this.#log.info(this.#messages.end)
  }
}
