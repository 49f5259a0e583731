/** The flags of the command line that stand for a variable: checked as the variables that they overrule. */
import { environmentSchema, type Environment } from './environment.ts'
import { describe, validate } from './validate.ts'

/** The flags of the command line; numbers as the texts they came as. */
export interface Flags {
  port?: string | undefined
  host?: string | undefined
  config?: string | undefined
  logLevel?: string | undefined
}

const names: Record<string, string> = { PORT: '--port', HOST: '--host', LOG_LEVEL: '--log-level' }

export function readFlags({ port, host, logLevel }: Flags): {
  read: Environment
  faults: string[]
} {
  const variables = { PORT: port, HOST: host, LOG_LEVEL: logLevel?.toLowerCase() }
  const given = Object.entries(variables).filter(([, value]) => value !== undefined)
  if (given.length === 0) return { read: {}, faults: [] }
  const { data, found } = validate(environmentSchema, Object.fromEntries(given), true)
  const faults = describe(found).map((line) => line.replace(/^\w+/, (name) => names[name] ?? name))
  return { read: data, faults }
}
