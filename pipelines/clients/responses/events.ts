/** The events of a Responses stream as they are written. Each has its number, counted over the whole answer. */

/** `response.created` and `response.in_progress`, which are written last: their numbers are taken from the beginning. */
const headEvents = 2

/** What stands around the one member that differs between events of a kind: written once, since an answer has thousands. */
export interface Frame {
  before: string
  after: string
}

export class Events {
  #next = headEvents
  #text = ''

  emit(type: string, members: object): void {
    this.#text += eventText(type, { ...members, sequence_number: this.#next })
    this.#next += 1
  }

  /** `name`: the member that holds the piece of text. */
  emitPiece({ before, after }: Frame, piece: string): void {
    this.#text += `${before}${JSON.stringify(piece)}${after}${this.#next}}\n\n`
    this.#next += 1
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

/** The frame of events whose piece of text is `delta`. */
export function frameOf(type: string, members: object, behind: object = {}): Frame {
  const before = JSON.stringify({ type, ...members })
  const after = JSON.stringify({ ...behind, sequence_number: 0 })
  return {
    before: `event: ${type}\ndata: ${before.slice(0, -1)},"delta":`,
    after: `,${after.slice(1, -'0}'.length)}`,
  }
}

export function eventText(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
}
