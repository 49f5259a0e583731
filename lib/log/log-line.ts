/**
 * One line of the log for a person's eye, where the log goes to a terminal. A request reads
 * `13:36:04 claude-sonnet-5-5 → anthropic 200 2.2 s 33+54 tokens`, where there was a choice with ` (account work, 2 attempts)`
 * behind it, everything else as time, message and fields.
 */

type Fields = Record<string, unknown>

/** In front of the message, by level; nothing for the usual one. */
const prefixes: Record<string, string> = {
  fatal: 'Error: ',
  error: 'Error: ',
  warn: 'Warning: ',
  debug: 'debug: ',
  trace: 'trace: ',
}

const hidden = new Set(['level', 'time', 'msg', 'err'])

/** In: one JSON line of pino. Out: the line with its line end, in the zone of this machine; what is not JSON as it is. */
export function readableLine(line: string, hasColors = false): string {
  let fields: Fields
  try {
    fields = JSON.parse(line)
  } catch {
    return line
  }
  const isRequest = fields.msg === 'request' && typeof fields.status === 'number'
  const text = printable(isRequest ? requestText(fields) : messageText(fields))
  const shown = hasColors
    ? colored(text, isRequest ? colorOfStatus(fields) : colorOf(fields))
    : text
  return `${timeOf(fields)} ${shown}\n${stackOf(fields)}`
}

function timeOf({ time }: Fields): string {
  return typeof time === 'string' ? new Date(time).toTimeString().slice(0, 8) : ''
}

/** Model and upstream where they are known, else method and route; how it went, how long it took, what it came to. */
function requestText(fields: Fields): string {
  const { model, upstream, method, route, status, durationMs, error, cause, aborted } = fields
  const what = model === undefined ? `${textOf(method)} ${textOf(route)}` : textOf(model)
  const where = upstream === undefined ? '' : ` → ${textOf(upstream)}`
  const left = aborted === true && error === undefined ? 'the client left' : textOf(error)
  const why = cause === undefined ? '' : `(${textOf(cause)})`
  const took = typeof durationMs === 'number' ? duration(durationMs) : ''
  return [what + where, status, took, tokens(fields), wayOf(fields), left, why]
    .filter((part) => part !== '')
    .join(' ')
}

/** Who served where there was a choice, for whom, and how often it was sent. */
function wayOf({ account, fallbackFrom, attempts }: Fields): string {
  const parts = [
    account === undefined ? '' : `account ${textOf(account)}`,
    fallbackFrom === undefined ? '' : `in place of ${textOf(fallbackFrom)}`,
    typeof attempts === 'number' && attempts > 1 ? `${attempts} attempts` : '',
  ].filter((part) => part !== '')
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}

/** Such as `250 ms` or `2.2 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}

function tokens({ inputTokens, outputTokens }: Fields): string {
  if (inputTokens === undefined && outputTokens === undefined) return ''
  return `${Number(inputTokens ?? 0)}+${Number(outputTokens ?? 0)} tokens`
}

function messageText(fields: Fields): string {
  const rest = Object.entries(fields)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${name}=${valueText(value)}`)
  return [`${prefixes[textOf(fields.level)] ?? ''}${textOf(fields.msg)}`, ...rest].join(' ').trim()
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)
}

/** What an error has of its own: its stack, a line each. */
function stackOf({ err }: Fields): string {
  const { stack, message } = (err ?? {}) as Fields
  const text = textOf(stack) || textOf(message)
  return text === '' ? '' : `${text.split('\n').map(printable).join('\n')}\n`
}

/** What would move a terminal's cursor, or begin a line of its own, is written out. */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Source: ECMA-48, "Select graphic rendition". */
const colors = { red: 31, yellow: 33 }

function colorOf({ level }: Fields): keyof typeof colors | undefined {
  if (level === 'warn') return 'yellow'
  return level === 'error' || level === 'fatal' ? 'red' : undefined
}

function colorOfStatus({ status, error }: Fields): keyof typeof colors | undefined {
  const code = Number(status)
  if (code >= 500 || (error !== undefined && code < 400)) return 'red'
  return code >= 400 ? 'yellow' : undefined
}

function colored(text: string, color: keyof typeof colors | undefined): string {
  return color ? `\u001B[${colors[color]}m${text}\u001B[39m` : text
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
