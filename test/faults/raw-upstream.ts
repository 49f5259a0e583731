/** An upstream that answers with bytes of the test's own, whether they are HTTP or not. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface RawUpstream {
  url: string
  /** requests that came whole */
  readonly requests: number
}

/** `answer` is called for each request that came whole, with its connection and its bytes as Latin-1. */
export async function rawUpstream(
  t: TestContext,
  answer: (socket: Socket, request: string) => void,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const counted = { url: '', requests: 0 }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let got = ''
    socket.on('data', (piece) => {
      got += piece.toString('latin1')
      const end = got.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/content-length: (\d+)/i.exec(got)?.[1] ?? 0)
      if (got.length < end + 4 + length) return
      const request = got
      got = ''
      counted.requests += 1
      answer(socket, request)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  counted.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return counted
}

/** The head of an answer. */
export function head(status: string, ...headers: string[]): string {
  return [`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n')
}
