/** The variables of the environment that this program reads; an empty one counts as not set (compose passes such). */
import { readFileSync } from 'node:fs'
import { logLevels, type Schema } from './schema.ts'
import { validate } from './validate.ts'

export interface Environment {
  PORT?: number
  HOST?: string
  LOG_LEVEL?: string
  NODE_ENV?: string
  CONFIG_FILE?: string
  DATA_DIR?: string
  AUTH_FILE?: string
  TOKEN_URL?: string
  AUTH_CLIENT_ID?: string
  FACTORY_API_KEY?: string
  DROID_REFRESH_KEY?: string
  API_KEYS?: string
  TOKEN_STORE?: string
}

/** Each of these can also be read from a file, named by the variable with `_FILE` behind it. */
const secretNames = ['FACTORY_API_KEY', 'DROID_REFRESH_KEY', 'API_KEYS', 'TOKEN_STORE'] as const

const text = (description: string): Schema => ({ type: 'string', description })

export const environmentSchema: Schema = {
  $id: 'environment',
  type: 'object',
  properties: {
    PORT: { type: 'integer', minimum: 0, maximum: 65_535, description: 'port' },
    HOST: text('host'),
    LOG_LEVEL: { type: 'string', enum: logLevels, description: 'log_level' },
    NODE_ENV: text('development means dev_mode'),
    CONFIG_FILE: text('the configuration file'),
    DATA_DIR: text('where state is kept'),
    AUTH_FILE: text('auth.file'),
    TOKEN_URL: text('auth.token_url'),
    AUTH_CLIENT_ID: text('auth.client_id'),
    FACTORY_API_KEY: text('fixed key'),
    DROID_REFRESH_KEY: text('refresh token'),
    API_KEYS: text('client keys, comma separated'),
    TOKEN_STORE: text('a Redis or Valkey server that keeps the renewed login'),
  },
}

/** The environment's part of the configuration; faults name the variable. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  faults: string[],
  warnings: string[],
): Environment {
  const given: Record<string, string> = {}
  for (const name of Object.keys(environmentSchema.properties ?? {})) {
    const value = env[name]?.trim()
    if (value) given[name] = name === 'LOG_LEVEL' ? value.toLowerCase() : value
  }
  for (const name of secretNames) {
    const secret = secretFromFile(name, env, faults)
    if (secret === undefined) continue
    if (given[name]) warnings.push(`${name} and ${name}_FILE are both set; ${name} is used`)
    else given[name] = secret
  }
  return validate('environment', environmentSchema, given, faults, true)
}

function secretFromFile(
  name: string,
  env: NodeJS.ProcessEnv,
  faults: string[],
): string | undefined {
  const file = env[`${name}_FILE`]?.trim()
  if (!file) return undefined
  try {
    const secret = readFileSync(file, 'utf8').trim()
    if (!secret) faults.push(`environment: ${name}_FILE names a file that is empty`)
    return secret || undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The value is not shown: it may be the secret itself, put into the wrong variable.
    faults.push(`environment: ${name}_FILE names a file that cannot be read (${code})`)
    return undefined
  }
}
