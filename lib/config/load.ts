/** Flag over environment over file over default: read once, checked whole, frozen. */
import { statSync } from 'node:fs'
import path from 'node:path'
import { adminKey } from './admin-key.ts'
import {
  checkFile,
  type CheckedFile,
  type FilePart,
  type Given,
  type GivenPart,
} from './checked-file.ts'
import { accountFaults, severalValues, withAccounts } from './accounts.ts'
import { clientKeys } from './callers.ts'
import { bareClients } from './clients.ts'
import { checkConsistency } from './consistency.ts'
import { factoryHeaders } from './defaults.ts'
import { authWarnings, endpointKeys, withAuth } from './endpoint-auth.ts'
import { readSettings, type Settings, type SettingsOptions } from './env-files.ts'
import { readEnvironment, type Environment, type Problems } from './environment.ts'
import { ConfigError } from './validate.ts'
import { chooseFile, notReadHere, readConfigFile } from './file.ts'
import { readFlags, type Flags } from './flags.ts'
import { foreignKeys } from './foreign-keys.ts'
import { misspeltVariables, strayFile } from './stray-variables.ts'
import { expandHome } from './text-file.ts'
import { findEndpoint, prepared } from './models.ts'
import { zoneWarnings } from './time-zone.ts'
import { oldHosts, retiredVariables, withoutProxies } from './retired.ts'
import type { Config, ConfigData, LogLevel, Model } from './types.ts'

export { ConfigError } from './validate.ts'

export interface LoadOptions extends SettingsOptions {
  flags: Flags
}

export interface Loaded {
  config: Config
  warnings: string[]
  /** what `.env` files add to the environment, for who reads it without this configuration */
  added: Record<string, string>
}

/** Throws ConfigError with every fault. */
export function loadConfig(options: LoadOptions): Loaded {
  const problems: Problems = { faults: [], warnings: [] }
  const settings = readSettings(options, problems.warnings)
  checkDataDir(settings, problems)
  problems.warnings.push(
    ...retiredVariables(settings, options.env),
    ...misspeltVariables(settings),
    ...zoneWarnings(settings),
  )
  const env = readEnvironment(settings, problems)
  const { read: flagged, faults } = readFlags(options.flags)
  problems.faults.push(...faults)
  const file = readFile(options, settings, problems)
  const config = combined({ options, settings, env, flagged, file, problems })
  const { skipped, unserved } = file
  const token_url = env.TOKEN_URL
    ? `${settings.source('TOKEN_URL')}: TOKEN_URL`
    : `${file.path}: auth.token_url`
  const clients = [
    ...file.part.clients.map((_, index) => `${file.path}: clients[${index}]`),
    ...(env.API_KEYS?.named ?? []).map(({ name }) => `${env.API_KEYS!.place}, ${name}`),
  ]
  const admin_key = env.ADMIN_KEY
    ? `${settings.source('ADMIN_KEY')}: ADMIN_KEY`
    : `${file.path}: admin_key`
  const blame = { token_url, token_store: settings.source('TOKEN_STORE'), clients, admin_key }
  checkConsistency(config, { skipped, unserved, blame, settings, ...problems })
  problems.warnings.push(
    ...foreignKeys(config),
    ...strayFile(options.cwd, settings, config.endpoints),
  )
  if (problems.faults.length > 0) throw unshown(problems, file.secrets)
  const served = {
    ...config,
    models: config.models.filter((_, index) => !skipped.models.has(index)),
    endpoints: config.endpoints.filter((_, index) => !skipped.endpoints.has(index)),
  }
  return {
    config: prepared(deepFreeze(served)),
    warnings: problems.warnings,
    added: settings.added,
  }
}

/** Values of references are blanked in faults; shorter ones would also hit other text. */
function unshown({ faults, warnings }: Problems, secrets: string[]): ConfigError {
  const long = secrets.filter(({ length }) => length >= 4)
  const clean = (text: string) => long.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
  return new ConfigError(faults.map(clean), warnings.map(clean))
}

/** A login can still be kept in memory, so this does not stop the start. */
function checkDataDir({ dataDir, source }: Settings, { warnings }: Problems): void {
  if (!isFile(dataDir)) return
  warnings.push(`${source('DATA_DIR')}: DATA_DIR names ${dataDir}, which is a file, not a folder`)
}

function isFile(place: string): boolean {
  try {
    return statSync(place).isFile()
  } catch {
    // it does not exist yet
    return false
  }
}

type ReadFile = Omit<CheckedFile, 'part'> & { part: FilePart; path: string }

function readFile(options: LoadOptions, settings: Settings, problems: Problems): ReadFile {
  const { flags, cwd, packageDir, homeDir } = options
  const { dataDir, seen } = settings
  const variable = settings.pathIn('CONFIG_FILE')
  // no shell expands the ~ of --config=~/config.json
  const flag = flags.config && expandHome(flags.config, homeDir)
  const choice = chooseFile({ flag, variable, cwd, dataDir, packageDir }, seen)
  problems.warnings.push(...notReadHere(choice, { cwd, packageDir }))
  const remarks = {
    fault: (text: string) => problems.faults.push(`${choice.path}: ${text}`),
    warn: (text: string) => problems.warnings.push(`${choice.path}: ${text}`),
  }
  const object = withoutProxies(readConfigFile(choice, seen, problems), settings, remarks)
  const checked = checkFile(object, settings, remarks)
  const { endpoints } = checked.part
  problems.warnings.push(...authWarnings(endpoints), ...oldHosts(endpoints))
  for (const fault of accountFaults(endpoints)) remarks.fault(fault)
  return { ...checked, part: withShipped(checked.part, checked.given), path: choice.path }
}

interface Parts {
  options: LoadOptions
  settings: Settings
  env: Environment
  flagged: Environment
  file: ReadFile
  problems: Problems
}

/** Flag over environment over file. */
function combined({ options, settings, env, flagged, file, problems }: Parts): ConfigData {
  const { part, given, secrets, unserved, path: filePath } = file
  const host = flagged.HOST ?? env.HOST ?? part.host
  const hasClients = part.clients.length > 0
  const keys = { file: filePath, env: env.API_KEYS, listed: part.api_keys, hasClients, host }
  const named = (env.API_KEYS?.named ?? []).map(({ name, key }) => ({ name, key, enabled: true }))
  const { admin_key: listed, ...rest } = part
  const keyGiven = { env: env.ADMIN_KEY, listed, place: `${filePath}: admin_key` }
  const admin = adminKey(keyGiven, problems)
  const fileDir = path.dirname(filePath)
  const own = overEnvironment(part, env, settings, { ...options, fileDir })
  const { homeDir } = options
  return {
    ...rest,
    ...own,
    ...withAccounts(part, severalValues(env), { auth: own.auth, fileDir, homeDir }),
    ...logging(given, part, env, flagged.LOG_LEVEL),
    host,
    port: flagged.PORT ?? env.PORT ?? part.port,
    api_keys: clientKeys(keys, problems),
    ...(admin !== undefined && { admin_key: admin }),
    clients: [...bareClients(part.clients, { file: filePath, ...problems }), ...named],
    file: filePath,
    file_hash: settings.seen.get(filePath)!,
    env_files: settings.files,
    data_dir: settings.dataDir,
    program_dir: options.packageDir,
    start_dir: options.cwd,
    file_secrets: secrets,
    endpoint_secrets: endpointKeys(part.endpoints, settings, problems),
    unserved,
  }
}

/**
 * A file that names endpoints but no models gets the shipped models that it can serve; a Factory endpoint in the short form
 * of old files gets the headers that Factory expects.
 */
function withShipped(file: GivenPart, given: Given): FilePart {
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

/** The APIs call `off` `none`. */
function withLevel(model: Model): Model {
  return (model.reasoning as string) === 'none' ? { ...model, reasoning: 'off' } : model
}

function overEnvironment(
  file: FilePart,
  env: Environment,
  settings: Settings,
  { fileDir, homeDir }: LoadOptions & { fileDir: string },
): Pick<Config, 'auth' | 'secrets' | 'usage' | 'status_page' | 'metrics'> {
  const authFile =
    settings.pathIn('AUTH_FILE') ??
    path.resolve(fileDir, expandHome(file.auth.file ?? '~/.factory/auth.json', homeDir))
  return {
    usage: { ...file.usage, ...(env.USAGE && { enabled: env.USAGE === 'on' }) },
    status_page: env.STATUS_PAGE !== 'off',
    metrics: env.METRICS ? env.METRICS === 'on' : file.metrics,
    auth: {
      ...file.auth,
      file: authFile,
      token_url: env.TOKEN_URL ?? file.auth.token_url,
      client_id: env.AUTH_CLIENT_ID ?? file.auth.client_id,
    },
    secrets: {
      ...(env.FACTORY_API_KEY?.[0] && { factory_api_key: env.FACTORY_API_KEY[0] }),
      ...(env.DROID_REFRESH_KEY?.[0] && { droid_refresh_key: env.DROID_REFRESH_KEY[0] }),
      ...(env.TOKEN_STORE && { token_store: env.TOKEN_STORE }),
    },
  }
}

/** `dev_mode` means debug logs unless somebody named a level; NODE_ENV means `dev_mode` unless the file sets it. */
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
