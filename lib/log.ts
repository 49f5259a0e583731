/**
 * The program's log: pino, JSON lines on stdout; readable lines where `dev_mode` meets a terminal.
 * Every line goes through the redactor. A reader that blocks or goes away never stops the proxy: lines are then dropped.
 */
import { pino, type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from './config/types.ts'
import { readableLine } from './log-line.ts'
import type { Redact } from './redact.ts'

export type { Logger } from 'pino'

/** bytes of log that may wait for a blocked reader */
const maxWaitingBytes = 1024 * 1024

export interface LogOptions {
  level: LogLevel
  readable: boolean
  redact: Redact
  /** where lines go; stdout unless told (tests) */
  destination?: DestinationStream
}

/** The root logger and the way to empty its buffer before the process ends. */
export function openLog(options: LogOptions): { log: Logger; flush: () => void } {
  const sink = options.destination ?? openStdout()
  const log = pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const clean = options.redact(line)
        sink.write(options.readable ? readableLine(clean) : clean)
      },
    },
  )
  return { log, flush: () => flushQuietly(sink) }
}

function openStdout(): DestinationStream {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes })
  // EPIPE and the like: whoever read the log is gone, and there is no other place to say so
  stdout.on('error', () => undefined)
  return stdout
}

function flushQuietly(sink: DestinationStream): void {
  if (!('flushSync' in sink) || typeof sink.flushSync !== 'function') return
  try {
    sink.flushSync()
  } catch {
    // the reader is gone, or stdout was never opened: nothing can be said any more
  }
}
