/**
 * The program's log, and what must not be in it: pino, JSON lines on stdout, readable lines where that is a terminal. Every line
 * goes through the redactor. A reader that blocks or goes away never stops the proxy: lines are then dropped.
 */
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { pino, type DestinationStream, type Logger } from 'pino'
import { endpointSecretsIn } from '../config/endpoint-auth.ts'
import type { Config, LogLevel } from '../config/types.ts'
import { readableLine } from './log-line.ts'

export type { Logger } from 'pino'

export type Redact = (text: string) => string

export interface LogOptions {
  level: LogLevel
  readable: boolean
  /** of readable lines: faults stand out */
  hasColors?: boolean
  redact: Redact
  /** where lines go; stdout unless given (tests) */
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
      timestamp: pino.stdTimeFunctions.isoTime,
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
  // there is no other place to report it
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

/** bytes of log that may wait for a blocked reader */
const maxWaitingBytes = 1024 * 1024
const patienceMs = 500

interface LogPipe {
  write(line: string): void
  /** Resolves when everything is written, or when the reader is gone. Nothing can be written afterwards. */
  end(): Promise<void>
}

/**
 * The log where stdout is a pipe: Docker, systemd, `| tee`. Whoever reads it may stop, and nothing here waits for that:
 * lines that find no room are dropped, and the end of the process waits half a second at most. (pino's own destination
 * writes from a thread, which a full pipe would hold, and with it the end of the process.) The lines of one turn of the event
 * loop go out as one write.
 */
function openLogPipe(fd: number): LogPipe {
  const socket = new Socket({ fd, readable: false, writable: true })
  // EPIPE and the like: the reader is gone, and there is no other place to report it
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

/** Each costs a search in each line. */
const mostFormer = 50

/** Anything shorter would also hit ordinary words. */
const shortestSecret = 8

interface Holders {
  config: Config
  account: { secrets(): string[] }
  pool: { secrets(): string[] }
}

/**
 * All secrets known now that are long enough to look for. `list` is called for each log line and many answers, so the list is
 * made anew only after something has changed.
 */
export class KnownSecrets {
  #holders: Holders | undefined
  #config: Config | undefined
  #tokens: readonly string[] = []
  #known: string[]
  readonly #lasting: readonly string[]
  /** those that a reload took away, the latest last: a request that began before it still uses them */
  #former: readonly string[] = []

  /** `lasting`: those that never change */
  constructor(lasting: readonly string[]) {
    this.#lasting = lasting
    this.#known = lasting.filter(isLong)
  }

  /** Adds those of the configuration, which may be replaced, and of the account, which renews its tokens. */
  watch(holders: Holders): void {
    this.#holders = holders
  }

  readonly list = (): string[] => {
    if (!this.#holders) return this.#known
    const { config, account, pool } = this.#holders
    const own = account.secrets()
    const tokens = config.accounts.length > 0 ? [...own, ...pool.secrets()] : own
    if (config !== this.#config || !isSame(tokens, this.#tokens)) {
      if (config !== this.#config) this.#former = [...this.#former, ...this.#known]
      this.#config = config
      this.#tokens = tokens
      const {
        api_keys: bare,
        clients,
        admin_key: admin = '',
        endpoint_secrets: others,
        file_secrets: filled,
      } = config
      const keys = [...bare, ...clients.map(({ key }) => key), admin]
      const inEndpoints = [...Object.values(others), ...endpointSecretsIn(config)]
      const all = [...tokens, ...keys, ...inEndpoints, ...filled, ...this.#lasting]
      const now = new Set(all.filter(isLong))
      this.#former = [...new Set(this.#former)].filter((one) => !now.has(one)).slice(-mostFormer)
      this.#known = [...now, ...this.#former]
    }
    return this.#known
  }
}

function isLong({ length }: string): boolean {
  return length >= shortestSecret
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index])
}

/**
 * The second net under "never log a header": finds secrets by value in whatever text leaves the process, also where an upstream
 * or a library echoes them, and puts `[redacted]` in their place. `secrets`: asked at each call, since tokens rotate.
 */
export function redactor(secrets: () => Iterable<string>): Redact {
  return (text) => {
    let clean = text
    for (const secret of secrets()) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, '[redacted]')
    }
    return clean
  }
}
