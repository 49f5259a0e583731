/**
 * The log where stdout is a pipe: Docker, systemd, `| tee`. Whoever reads it may stop, and nothing here waits for that:
 * lines that find no room are dropped, and the end of the process waits half a second at most. (pino's own destination
 * writes from a thread, which a full pipe would hold, and with it the end of the process.) The lines of one turn of the event
 * loop go out as one write: each on its own would cost as much as all that its request needs of our own code.
 */
import { once } from 'node:events'
import { Socket } from 'node:net'

/** bytes of log that may wait for a blocked reader */
const maxWaitingBytes = 1024 * 1024
const patienceMs = 500

export interface LogPipe {
  write(line: string): void
  /** Resolves when all is written, or when nobody reads. Nothing can be written afterwards. */
  end(): Promise<void>
}

export function openLogPipe(fd: number): LogPipe {
  const socket = new Socket({ fd, readable: false, writable: true })
  // EPIPE and the like: whoever read the log is gone, and there is no other place to say so
  socket.on('error', () => undefined)
  let lines = ''
  const send = () => {
    if (lines !== '') socket.write(lines)
    lines = ''
  }
  // where the process ends without `end`, such as by an error of ours, the last lines say why
  process.once('exit', send)
  return {
    write(line) {
      if (socket.writableLength + lines.length >= maxWaitingBytes) return
      if (lines === '') setImmediate(send)
      lines += line
    },
    async end() {
      send()
      if (socket.destroyed) return
      const patience = setTimeout(() => socket.destroy(), patienceMs)
      socket.end()
      await once(socket, 'close')
      clearTimeout(patience)
    },
  }
}
