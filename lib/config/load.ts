/** Flag over environment over file over default: read once, checked whole, frozen. */
import path from 'node:path'
import { checkConsistency, findEndpoint } from './consistency.ts'
import { factoryHeaders } from './defaults.ts'
import { authWarnings, withAuth, type GivenEndpoint } from './endpoint-auth.ts'
import { authFaults } from './endpoint-secrets.ts'
import { readEnvironment, type Environment } from './environment.ts'
import { ConfigError } from './faults.ts'
import { chooseFile, readConfigFile } from './file.ts'
import { fileSchema } from './schema.ts'
import type { AuthConfig, Config, LogLevel, Model } from './types.ts'
import { withoutUnknownKeys } from './unknown-keys.ts'
import { validate } from './validate.ts'

export { ConfigError } from './faults.ts'

/** What the command line says; numbers as the texts they came as. */
export interface Flags {
  port?: string | undefined
  host?: string | undefined
  config?: string | undefined
  logLevel?: string | undefined
}

export interface LoadOptions {
  flags: Flags
  env: NodeJS.ProcessEnv
  cwd: string
  /** where the shipped `config.json` is */
  packageDir: string
  homeDir: string
}

type FilePart = Omit<
  Config,
  'auth' | 'file' | 'data_dir' | 'program_dir' | 'start_dir' | 'secrets' | 'endpoint_secrets'
> & {
  auth: Omit<AuthConfig, 'file'> & { file?: string }
}

/** As the schema leaves it. */
type CheckedFile = Omit<FilePart, 'endpoints'> & { endpoints: GivenEndpoint[] }

/** What the file itself says, of the keys that are looked at before the defaults are filled in. */
interface Given {
  dev_mode?: unknown
  log_level?: unknown
  models?: unknown
  endpoints?: { headers?: unknown }[]
}

/** Throws ConfigError with every fault. */
export function loadConfig(options: LoadOptions): { config: Config; warnings: string[] } {
  const { flags, cwd, packageDir, homeDir } = options
  const faults: string[] = []
  const warnings: string[] = []
  const env = readEnvironment(options.env, faults, warnings)
  const flagged = readFlags(flags, faults)
  const variable = env.CONFIG_FILE && expandHome(env.CONFIG_FILE, homeDir)
  const file = chooseFile({ flag: flags.config, variable, cwd, packageDir })
  const unknown: string[] = []
  const written = readConfigFile(file, faults)
  const given = withoutUnknownKeys(written, fileSchema, unknown) as Given
  warnings.push(...unknown.map((warning) => `${file.path}: ${warning}`))
  const checked = validate(file.path, fileSchema, given, faults, false) as unknown as CheckedFile
  faults.push(...authFaults(written.endpoints).map((fault) => `${file.path}: ${fault}`))
  if (env.API_KEYS && listOf(env.API_KEYS).length === 0) {
    faults.push('environment: API_KEYS holds no key')
  }
  if (faults.length > 0) throw new ConfigError(faults)

  const fromFile = withShipped(checked, given)
  warnings.push(...authWarnings(checked.endpoints))
  const config: Config = {
    ...fromFile,
    ...overEnvironment(fromFile, env, { ...options, fileDir: path.dirname(file.path) }),
    ...logging(given, fromFile, env, flagged.LOG_LEVEL),
    ...(flagged.PORT !== undefined && { port: flagged.PORT }),
    ...(flagged.HOST !== undefined && { host: flagged.HOST }),
    file: file.path,
    data_dir: path.resolve(cwd, expandHome(env.DATA_DIR ?? '~/.droid2api', homeDir)),
    program_dir: packageDir,
    start_dir: cwd,
    endpoint_secrets: endpointSecrets(fromFile, options.env),
  }
  checkConsistency(config, faults, warnings)
  if (faults.length > 0) throw new ConfigError(faults)
  return { config: deepFreeze(config), warnings }
}

/**
 * A file that names endpoints but no models gets the shipped models that it can serve; a Factory endpoint in the short form
 * of old files gets the headers that Factory expects.
 */
function withShipped(file: CheckedFile, given: Given): FilePart {
  const endpoints = file.endpoints.map((endpoint, index) => {
    const bare = given.endpoints && given.endpoints[index]?.headers === undefined
    const isFactory = bare && /^https:\/\/[\w.-]+\.factory\.ai\//.test(endpoint.base_url)
    return withAuth(isFactory ? { ...endpoint, headers: factoryHeaders } : endpoint)
  })
  const models = given.models
    ? file.models.map(withLevel)
    : file.models.filter((model) => findEndpoint(endpoints, model))
  return { ...file, endpoints, models }
}

/** `none` is the word of the APIs for `off`. */
function withLevel(model: Model): Model {
  return (model.reasoning as string) === 'none' ? { ...model, reasoning: 'off' } : model
}

/** Flags are checked as the variables they overrule. */
function readFlags(flags: Flags, faults: string[]): Environment {
  const given = Object.entries({
    PORT: flags.port,
    HOST: flags.host,
    LOG_LEVEL: flags.logLevel?.toLowerCase(),
  }).filter(([, value]) => value !== undefined)
  const found: string[] = []
  const checked = readEnvironment(Object.fromEntries(given), found, [])
  const names: Record<string, string> = { PORT: '--port', HOST: '--host', LOG_LEVEL: '--log-level' }
  for (const fault of found) {
    faults.push(fault.replace(/^environment: (\w+)/, (_, name: string) => names[name] ?? name))
  }
  return checked
}

function overEnvironment(
  file: FilePart,
  env: Environment,
  options: LoadOptions & { fileDir: string },
): Pick<Config, 'port' | 'host' | 'api_keys' | 'auth' | 'secrets'> {
  const { cwd, fileDir, homeDir } = options
  const authFile = env.AUTH_FILE
    ? path.resolve(cwd, expandHome(env.AUTH_FILE, homeDir))
    : path.resolve(fileDir, expandHome(file.auth.file ?? '~/.factory/auth.json', homeDir))
  return {
    port: env.PORT ?? file.port,
    host: env.HOST ?? file.host,
    api_keys: env.API_KEYS ? listOf(env.API_KEYS) : file.api_keys,
    auth: {
      ...file.auth,
      file: authFile,
      token_url: env.TOKEN_URL ?? file.auth.token_url,
      client_id: env.AUTH_CLIENT_ID ?? file.auth.client_id,
    },
    secrets: {
      ...(env.FACTORY_API_KEY && { factory_api_key: env.FACTORY_API_KEY }),
      ...(env.DROID_REFRESH_KEY && { droid_refresh_key: env.DROID_REFRESH_KEY }),
      ...(env.TOKEN_STORE && { token_store: env.TOKEN_STORE }),
    },
  }
}

/** `dev_mode` means debug logs unless somebody named a level; NODE_ENV means `dev_mode` unless the file says. */
function logging(
  given: Given,
  file: FilePart,
  env: Environment,
  flag: string | undefined,
): Pick<Config, 'log_level' | 'dev_mode'> {
  const devMode = given.dev_mode === undefined ? env.NODE_ENV === 'development' : file.dev_mode
  const named = flag ?? env.LOG_LEVEL ?? given.log_level
  return {
    dev_mode: devMode,
    log_level: (named ?? (devMode ? 'debug' : file.log_level)) as LogLevel,
  }
}

function endpointSecrets({ endpoints }: FilePart, env: NodeJS.ProcessEnv): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const { auth } of endpoints) {
    const secret = typeof auth === 'object' ? env[auth.env]?.trim() : undefined
    if (typeof auth === 'object' && secret) secrets[auth.env] = secret
  }
  return secrets
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function expandHome(file: string, homeDir: string): string {
  return file === '~' || file.startsWith('~/') ? path.join(homeDir, file.slice(1)) : file
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
