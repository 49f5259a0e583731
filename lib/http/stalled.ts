/**
 * A client that takes nothing of its answer, such as a program that was stopped: its connection stays, and with it the place that
 * its request has among those of its key, the upstream's answer and its account. To the system it is slow, for ever.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

interface Seen {
  written: number
  waiting: number
  /** ms, monotonic: since when both are so */
  sinceMs: number
}

/**
 * Ends a connection of which nothing is taken for so long, though something waits to be. Looked for from time to time: a timer on each
 * connection would be set anew by each piece of a stream.
 */
export function endStalled(server: Server, limitMs: () => number, everyMs = 10_000): void {
  const sockets = new Map<Socket, Seen>()
  server.on('connection', (socket) => {
    sockets.set(socket, { written: 0, waiting: 0, sinceMs: 0 })
    socket.once('close', () => sockets.delete(socket))
  })
  const looks = setInterval(() => {
    const now = performance.now()
    for (const [socket, seen] of sockets)
      if (isStalled(socket, seen, now, limitMs())) socket.destroy()
  }, everyMs).unref()
  server.once('close', () => clearInterval(looks))
}

function isStalled(socket: Socket, seen: Seen, now: number, limitMs: number): boolean {
  const waiting = waitingIn(socket)
  const { bytesWritten: written } = socket
  if (waiting > 0 && waiting === seen.waiting && written === seen.written) {
    return now - seen.sinceMs >= limitMs
  }
  Object.assign(seen, { written, waiting, sinceMs: now })
  return false
}

/** Bytes. Of a long answer that was written at once only the handle knows what of it has left, which Node's own timeouts ask, too. */
function waitingIn(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null }
  return handle?.writeQueueSize ?? socket.writableLength
}
