/**
 * The program's log: pino, JSON lines on stdout; readable lines where that is a terminal.
 * Every line goes through the redactor. A reader that blocks or goes away never stops the proxy: lines are then dropped.
 */
import { fstatSync } from 'node:fs'
import { pino, type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from '../config/types.ts'
import { readableLine } from './log-line.ts'
import { openLogPipe, type LogPipe } from './log-pipe.ts'
import type { Redact } from './redact.ts'

export type { Logger } from 'pino'

export interface LogOptions {
  level: LogLevel
  readable: boolean
  /** of readable lines: faults stand out */
  hasColors?: boolean
  redact: Redact
  /** where lines go; stdout unless told (tests) */
  destination?: DestinationStream
}

export interface OpenLog {
  log: Logger
  /** what is buffered goes out, as far as somebody reads it; nothing can be logged afterwards */
  end: () => Promise<void>
}

/** The root logger and the way to end it. */
export function openLog(options: LogOptions): OpenLog {
  const sink = options.destination ? given(options.destination) : openStdout()
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const clean = options.redact(line)
        sink.write(options.readable ? readableLine(clean, options.hasColors) : clean)
      },
    },
  )
  return { log, end: () => sink.end() }
}

let lastSecond = Number.NaN
let upToSecond = ''

/** As pino's own `isoTime`, but what two lines of the same second have in common is written once. */
function isoTime(): string {
  const now = Date.now()
  const second = Math.floor(now / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    upToSecond = new Date(second * 1000).toISOString().slice(0, -4)
  }
  return `,"time":"${upToSecond}${String(now % 1000).padStart(3, '0')}Z"`
}

const stdout = 1

function openStdout(): LogPipe {
  const kind = fstatSync(stdout)
  if (kind.isFIFO() || kind.isSocket()) return openLogPipe(stdout)
  return openLogFile()
}

/**
 * A file or a terminal. pino writes what is left when the process ends, and tries for ever where writing fails (a full disk,
 * a terminal that was closed): then what is left has to go first.
 */
function openLogFile(): LogPipe {
  let failing = false
  process.on('exit', () => {
    if (failing) file.destroy()
  })
  const file = pino.destination({ dest: stdout, sync: false })
  // there is no other place to say so
  file.on('error', () => {
    failing = true
  })
  file.on('write', () => {
    failing = false
  })
  return {
    write: (line) => void file.write(line),
    end: () => new Promise((resolve) => file.flush(() => resolve())),
  }
}

function given(destination: DestinationStream): LogPipe {
  return { write: (line) => destination.write(line), end: () => Promise.resolve() }
}
