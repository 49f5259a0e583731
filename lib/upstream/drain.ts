/** An answer that nobody wants, read to its end so that its connection can be used again. */
import type { IncomingMessage } from 'node:http'

/** A refusal is a line of JSON; what is longer, or slower, costs more than a new connection. */
const maxBytes = 64 * 1024
const maxMs = 1000

export function drain(answer: IncomingMessage): void {
  let left = maxBytes
  const patience = setTimeout(() => answer.destroy(), maxMs)
  answer.once('close', () => clearTimeout(patience))
  answer.on('error', () => undefined)
  answer.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) answer.destroy()
  })
}
