/** Which account a conversation is at home with, for the newest conversations, in this process. */

const mostHomes = 10_000

export class Homes {
  /** by a hash of the conversation, the oldest first */
  readonly #names = new Map<string, string>()

  get size(): number {
    return this.#names.size
  }

  of(conversation: string): string | undefined {
    return this.#names.get(conversation)
  }

  keep(conversation: string, account: string): void {
    this.#names.delete(conversation)
    this.#names.set(conversation, account)
    if (this.#names.size <= mostHomes) return
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest)
      return
    }
  }

  forget(conversation: string): void {
    this.#names.delete(conversation)
  }
}
