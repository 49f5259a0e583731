/** A server that answers everything in one way, as fast as it can. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** Its `http://127.0.0.1:PORT`; it ends with the test. */
export async function serving(
  t: TestContext,
  answer: (res: ServerResponse) => void,
): Promise<string> {
  const server = createServer((req, res) => {
    req.resume().once('end', () => answer(res))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Ends a stream of any of the APIs. */
export const endOfAny = 'event: message_stop\ndata: {"type":"message_stop"}\n\ndata: [DONE]\n\n'

/** One that streams these bytes, then a line of 64 MB as fast as it is taken. */
export function servingLongLine(t: TestContext, before: string): Promise<string> {
  const piece = 'x'.repeat(1_000_000)
  return serving(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(`${before}data: `)
    let left = 64
    const fill = () => {
      while (left > 0) {
        left -= 1
        if (!res.write(piece)) return res.once('drain', fill)
      }
      return res.end(`\n\n${endOfAny}`)
    }
    fill()
  })
}
