/**
 * An answer's bytes on their way into the client's answer, with backpressure. Every request ends here, and `pipeline` of
 * node:stream costs more than all else that is done for a small one (it makes an AbortController and an error each time).
 */
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

/**
 * Resolves when all of `source` is written; the answer is then still to be ended. Rejects when `source` fails; when the
 * client leaves `source` is destroyed.
 */
export function pour(source: Readable, res: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const resume = () => source.resume()
    const leave = () => {
      source.destroy()
      reject(new Error('The client left in the middle of its answer.'))
    }
    const settle = () => {
      res.off('drain', resume).off('close', leave)
    }
    res.on('drain', resume).once('close', leave)
    source.on('data', (piece: Buffer) => {
      if (!res.write(piece)) source.pause()
    })
    source.once('end', () => {
      settle()
      resolve()
    })
    source.on('error', (error) => {
      settle()
      reject(error)
    })
  })
}
