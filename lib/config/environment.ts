/** The variables of the environment that this program reads; an empty one counts as not set (compose passes such). */
import type { Settings } from './env-files.ts'
import { noRefreshToken } from './foreign-keys.ts'
import { describe, validate } from './validate.ts'
import type { Schema } from './schema-type.ts'
import { logLevels } from './schema.ts'
import { readSeen, type SeenFiles } from './seen-files.ts'
import { whyUnreadable } from './text-file.ts'
import { bareValue, keyOf, keysOf, listOf, plainName, type Remarks } from './written-value.ts'

export interface Environment {
  PORT?: number
  HOST?: string
  LOG_LEVEL?: string
  NODE_ENV?: string
  CONFIG_FILE?: string
  TOKEN_URL?: string
  AUTH_CLIENT_ID?: string
  /** several are an account each */
  FACTORY_API_KEY?: string[]
  DROID_REFRESH_KEY?: string[]
  TOKEN_STORE?: string
  USAGE?: string
  STATUS_PAGE?: string
  METRICS?: string
  ADMIN_KEY?: string
  API_KEYS?: GivenKeys
}

/** The keys of one variable. */
export interface GivenKeys {
  place: string
  /** those without a name */
  keys: string[]
  named: { name: string; key: string }[]
}

const text = (description: string): Schema => ({ type: 'string', description })

const onOrOff = ['on', 'off']

const onOff = (description: string): Schema => ({ type: 'string', enum: onOrOff, description })

/** What people write for the two. */
const alsoOnOrOff = new Map([
  ['true', 'on'],
  ['yes', 'on'],
  ['1', 'on'],
  ['false', 'off'],
  ['no', 'off'],
  ['0', 'off'],
])

export const environmentSchema: Schema = {
  $id: 'environment',
  type: 'object',
  properties: {
    PORT: { type: 'integer', minimum: 0, maximum: 65_535, description: 'the key port' },
    HOST: text('the key host'),
    LOG_LEVEL: { type: 'string', enum: logLevels, description: 'the key log_level' },
    NODE_ENV: text('development: dev_mode is true'),
    CONFIG_FILE: text('where config.json is'),
    DATA_DIR: text('where state is kept; left out: ~/.droid2api, in the image /app/data'),
    AUTH_FILE: text('the key auth.file'),
    TOKEN_URL: text('the key auth.token_url'),
    AUTH_CLIENT_ID: text('the key auth.client_id'),
    FACTORY_API_KEY: text(
      'fixed key of the account; several, comma separated, are an account each',
    ),
    DROID_REFRESH_KEY: text(
      'refresh token of the account; several, comma separated, are an account each',
    ),
    API_KEYS: text('client keys, comma separated; alice=KEY names one'),
    ADMIN_KEY: text('the key admin_key'),
    USAGE: onOff('off: counts no usage'),
    STATUS_PAGE: onOff('off: there is no page at /status'),
    METRICS: onOff('on: counts for GET /metrics'),
    TOKEN_STORE: text(
      'a Redis or Valkey server in which replicas share logins, usage, limits of clients and rests of accounts: redis://user:password@host:6379/0',
    ),
  },
}

/** Each of these can also be read from a file, named by the variable with `_FILE` behind it. */
export const secretNames = new Set([
  'FACTORY_API_KEY',
  'DROID_REFRESH_KEY',
  'TOKEN_STORE',
  'API_KEYS',
  'ADMIN_KEY',
])

/** Keys that clients present, by the name this program gives them and by those of forks of the original. */
export const clientKeyNames = ['API_KEYS', 'API_ACCESS_KEY', 'PROXY_API_KEY'] as const

/** What is wrong with a configuration, a line each. Faults stop the start. */
export interface Problems {
  faults: string[]
  warnings: string[]
}

/** The environment's part of the configuration; faults name the variable and the place it was set. */
export function readEnvironment(settings: Settings, problems: Problems): Environment {
  const given: Record<string, string> = {}
  for (const [name, { enum: words }] of Object.entries(environmentSchema.properties!)) {
    if (secretNames.has(name)) continue
    const value = bareOf(name, settings, problems)
    if (value) given[name] = words ? wordOf(value.toLowerCase(), words) : value
  }
  const { data, found } = validate(environmentSchema, given, true)
  const read: Environment = data
  for (const fault of found) {
    const [, name = ''] = fault.instancePath.split('/')
    problems.faults.push(...describe([fault]).map((line) => `${settings.source(name)}: ${line}`))
  }
  const secret = (name: string) =>
    [writtenSecret(name, settings, problems) ?? '', remarksOn(name, settings, problems)] as const
  const [login, onLogin] = secret('DROID_REFRESH_KEY')
  const wrong = noRefreshToken(login, { file: 'AUTH_FILE', key: 'FACTORY_API_KEY' })
  if (wrong) onLogin.fault(wrong)
  const logins = wrong ? [] : keysOf(login, onLogin)
  if (logins.length > 0) read.DROID_REFRESH_KEY = logins
  const keys = keysOf(...secret('FACTORY_API_KEY'))
  if (keys.length > 0) read.FACTORY_API_KEY = keys
  const store = bareValue(...secret('TOKEN_STORE'))
  if (store) read.TOKEN_STORE = store
  const admin = keyOf(...secret('ADMIN_KEY'))
  if (admin) read.ADMIN_KEY = admin
  const clients = clientKeys(settings, problems)
  if (clients) read.API_KEYS = clients
  return read
}

function wordOf(value: string, words: readonly unknown[]): string {
  return (words === onOrOff && alsoOnOrOff.get(value)) || value
}

/** Remarks on a variable, which begin with its place. */
export function remarksOn(name: string, settings: Settings, problems: Problems): Remarks {
  const place = `${settings.source(name)}: ${name}`
  return {
    fault: (what) => problems.faults.push(`${place} ${what}`),
    warn: (what) => problems.warnings.push(`${place} ${what}`),
  }
}

function bareOf(name: string, settings: Settings, problems: Problems): string | undefined {
  const written = settings.get(name)
  return written && bareValue(written, remarksOn(name, settings, problems))
}

/** Undefined where no variable names a key. A list without a usable one is empty: it was meant to close the proxy. */
function clientKeys(settings: Settings, problems: Problems): Environment['API_KEYS'] {
  const names = clientKeyNames.filter((name) => settings.get(name) ?? settings.get(`${name}_FILE`))
  const [name, ...others] = names
  if (name === undefined) return undefined
  for (const other of others) {
    problems.warnings.push(`${settings.source(other)}: ${other} is not used beside ${name}`)
  }
  const remarks = remarksOn(name, settings, problems)
  if (name !== 'API_KEYS') {
    remarks.warn('is the name of API_KEYS in a fork; its key is required, rename it')
  }
  const written = writtenSecret(name, settings, problems)
  const bare = written && bareValue(written, remarks)
  const listed = listOf(bare ?? '', remarks)
  if (bare && listed.length === 0) remarks.fault('holds no key')
  const found: GivenKeys = { place: `${settings.source(name)}: ${name}`, keys: [], named: [] }
  for (const entry of listed) {
    const [, client, named] = namedKey.exec(entry) ?? []
    if (client === undefined && /^[^=]{1,32}=[^=]/.test(entry)) remarks.warn(unnamed)
    const key = keyOf(named ?? entry, remarks, true)
    if (key === undefined) continue
    if (client !== undefined) found.named.push({ name: client, key })
    else found.keys.push(key)
  }
  return found
}

const unnamed =
  'holds a key with a = in it; a name before a key has small letters, digits, ".", "_" or "-" alone'

/** `alice=KEY`. A key in base64 may end in `=`, so something else follows a name. */
const namedKey = new RegExp(String.raw`^(${plainName})=(?!=*$)(.+)$`, 's')

function writtenSecret(name: string, settings: Settings, problems: Problems): string | undefined {
  const written = settings.get(name)
  const file = settings.pathIn(`${name}_FILE`)
  if (file === undefined) return written
  if (written) {
    problems.warnings.push(`${name} and ${name}_FILE are both set; ${name} is used`)
    return written
  }
  return secretIn(file, settings.seen, remarksOn(`${name}_FILE`, settings, problems))
}

function secretIn(file: string, seen: SeenFiles, { fault }: Remarks): string | undefined {
  try {
    const secret = readSeen(file, seen).trim()
    if (!secret) fault('names a file that is empty')
    return secret || undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The value of a missing file's variable is not shown: it may be the secret itself, set in the wrong variable.
    if (code === 'EISDIR') fault(`names ${file}: ${whyUnreadable(error)}`)
    else fault(`names a file that cannot be read (${code})`)
    return undefined
  }
}
