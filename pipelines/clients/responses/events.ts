/** The events of a Responses stream as they are written. Each has its number, counted over the whole answer. */

/** `response.created` and `response.in_progress`, which are written last: their numbers are taken from the beginning. */
const headEvents = 2

/** Emits one piece of text. */
export type EmitPiece = (piece: string) => void

export class Events {
  #next = headEvents
  #text = ''

  emit(type: string, members: object): void {
    this.#text += eventText(type, members, this.#next)
    this.#next += 1
  }

  /**
   * For events that differ in one member, the piece of text in `delta`: what stands around it is written once, since an answer
   * has thousands. By join(), since V8 would keep a template as a tree of its parts, and go through them for each event.
   */
  pieces(type: string, members: object, behind: object = {}): EmitPiece {
    const begun = JSON.stringify({ type, ...members }).slice(0, -1)
    const before = ['event: ', type, '\ndata: ', begun, ',"delta":'].join('')
    const numbered = JSON.stringify({ ...behind, sequence_number: 0 })
    const after = [',', numbered.slice(1, -'0}'.length)].join('')
    return (piece) => {
      // by itself: so short a text becomes one string
      const end = `${this.#next}}\n\n`
      this.#text += `${before}${JSON.stringify(piece)}${after}${end}`
      this.#next += 1
    }
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

export function eventText(type: string, members: object, sequence_number?: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members, sequence_number })}\n\n`
}
