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
  const sockets = new Set<Socket>()
  /** of those for which something waits */
  const seen = new WeakMap<Socket, Seen>()
  // shared by all of them, since there may be a thousand
  function forget(this: Socket): void {
    sockets.delete(this)
  }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', forget)
  })
  const looks = setInterval(() => {
    const now = performance.now()
    for (const socket of sockets) if (stalledMs(socket, seen, now) > limitMs()) socket.destroy()
  }, everyMs).unref()
  server.once('close', () => clearInterval(looks))
}

/** How long nothing has been taken of what waits, as far as that was seen. */
function stalledMs(socket: Socket, seen: WeakMap<Socket, Seen>, now: number): number {
  const waiting = waitingIn(socket)
  if (waiting === 0) return 0
  const { bytesWritten: written } = socket
  const before = seen.get(socket)
  if (before?.waiting === waiting && before.written === written) return now - before.sinceMs
  seen.set(socket, { written, waiting, sinceMs: now })
  return 0
}

/** Bytes. Of a long answer that was written at once only the handle knows what of it has left, which Node's own timeouts ask, too. */
function waitingIn(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null }
  return handle?.writeQueueSize ?? socket.writableLength
}
