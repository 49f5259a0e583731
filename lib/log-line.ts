/** One pino line for a person's eye: time, level, message, then the fields. */

const hidden = new Set(['level', 'time', 'msg'])

/** In: one JSON line of pino. Out: one line of text with its line end; what is not JSON passes as it is. */
export function readableLine(line: string): string {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(line)
  } catch {
    return line
  }
  const time = wordOf(fields.time).slice(11, 19)
  const level = wordOf(fields.level).toUpperCase()
  const rest = Object.entries(fields)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${[time, level.padEnd(5), fields.msg, ...rest].join(' ').trimEnd()}\n`
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
