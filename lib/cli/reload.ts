/** Takes over a new configuration while requests run. A broken one is reported and changes nothing. */
import { configStateOf, type App } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { switchMetrics } from '../endpoints/metrics.ts'
import type { SeenFiles } from '../config/seen-files.ts'
import type { Config } from '../config/types.ts'
import { ConfigError } from '../config/validate.ts'
import type { BuiltApp } from './build-app.ts'

export interface Read {
  config: Config
  warnings: string[]
}

export interface ReloadParts {
  /** Reads the configuration again. Fails with ConfigError where it is broken. */
  read: () => Promise<Read>
  /** what each file was at the last `read` */
  seen: SeenFiles
}

export class Reloader {
  readonly seen: SeenFiles
  /** what each was that the running configuration is made of */
  loaded: SeenFiles
  /** called after each try to read it */
  afterwards: () => void = () => undefined
  readonly #built: BuiltApp
  readonly #read: ReloadParts['read']
  readonly #outbound = outboundVariables()
  #started: App['account'] | undefined
  /** one after the other */
  #work: Promise<void> = Promise.resolve()
  /** why the files as they are cannot be the configuration */
  #broken: string | undefined
  /** what else is not as it should be with them, such as one that is gone */
  #away: string | undefined

  constructor(built: BuiltApp, { read, seen }: ReloadParts) {
    this.#built = built
    this.#read = read
    this.seen = seen
    this.loaded = new Map(seen)
  }

  /** Never fails. `by`: what asks for it. */
  reload(by: string): Promise<void> {
    // a failure must end neither the process nor the reloads to come
    const logFailure = (error: unknown) =>
      this.#built.app.log.error({ err: error }, 'a reload came about in part only')
    this.#work = this.#work
      .then(() => this.#reload(by))
      .catch(logFailure)
      .then(() => this.afterwards())
      .catch(logFailure)
    return this.#work
  }

  /** A login that no endpoint uses is left alone, as each renewal spends it; a reload may bring one that does. */
  async startAccounts(): Promise<void> {
    const { app } = this.#built
    await app.pool.start(app.config)
    if (this.#started === app.account || !usesAccount(app.config)) return
    this.#started = app.account
    await app.account.start()
  }

  /** Keeps the running configuration, and reports the faults. */
  refuse(faults: readonly string[], reason: string = faults.join('\n')): void {
    const { app } = this.#built
    const since = new Date(app.configState.loadedAt).toISOString()
    this.#broken = `the configuration on disk is broken, the log says why; the one read at ${since} runs`
    app.configState.lastReload = { at: Date.now(), ok: false, faults }
    this.#updateNote()
    app.log.error({ reason }, 'the new configuration is broken; the running one stays')
  }

  /** Something about its files that changes nothing, but is not as it should be; undefined once all is well. */
  readonly note = (text: string | undefined): void => {
    if (text === this.#away) return
    if (text !== undefined) this.#built.app.log.warn(text)
    this.#away = text
    this.#updateNote()
  }

  #updateNote(): void {
    this.#built.app.configState.note = this.#away ?? this.#broken
  }

  async #reload(by: string): Promise<void> {
    try {
      this.#use(await this.#read(), by)
    } catch (error) {
      const { message } = error as Error
      this.refuse(error instanceof ConfigError ? error.faults : [message], message)
      return
    }
    await Promise.all([this.startAccounts(), switchMetrics(this.#built.app)])
  }

  #use({ config: next, warnings }: Read, by: string): void {
    const { app, setLogLevel, warningsOf } = this.#built
    const { running, changes, notes } = whatStays(app.config, next, this.#outbound)
    // Requests under way go on with the secrets of now. The log masks what was a secret when it was asked for, so it is asked now.
    app.secrets()
    this.#changeAccount(running)
    app.config = running
    app.pool.use(running)
    setLogLevel(running.log_level)
    app.warnings = [...warningsOf(warnings), ...notes]
    this.#recordSuccess(next)
    app.log.info({ file: next.file, hash: next.file_hash, by }, 'configuration read again')
    for (const warning of warnings) app.log.warn(warning)
    if (notes.length > 0) app.log.warn({ changes }, 'these keys take effect at the next start')
  }

  #recordSuccess(next: Config): void {
    const lastReload = { at: Date.now(), ok: true, faults: [] }
    this.#built.app.configState = configStateOf(next, lastReload)
    this.loaded = new Map(this.seen)
    this.#broken = undefined
    this.#away = undefined
  }

  /** The account without a name, where what it is made of has changed. */
  #changeAccount(next: Config): void {
    const { app, openAccount } = this.#built
    const { source } = app.account
    if (source !== 'none' && isSame(loginOf(app.config), loginOf(next))) return
    const account = openAccount(next)
    void app.account.stop()
    app.account = account
  }
}

function loginOf({ auth, secrets }: Config) {
  return { auth, key: secrets.factory_api_key, login: secrets.droid_refresh_key }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

interface Change {
  running: unknown
  next: unknown
}

interface Stays {
  /** the new configuration, except for what the process was built with */
  running: Config
  changes: Record<string, Change>
  notes: string[]
}

/** What needs a new start: where the proxy listens, where it keeps things, and the way out. */
function whatStays(now: Config, next: Config, outbound: Record<string, string>): Stays {
  const all: Record<string, Change> = {
    host: { running: now.host, next: next.host },
    port: { running: now.port, next: next.port },
    DATA_DIR: { running: now.data_dir, next: next.data_dir },
    TOKEN_STORE: { running: now.secrets.token_store, next: next.secrets.token_store },
  }
  for (const [name, value] of Object.entries(outboundVariables())) {
    all[name] = { running: outbound[name], next: value }
  }
  const changed = Object.entries(all).filter(([, one]) => one.running !== one.next)
  const changes = Object.fromEntries(
    changed.map(([key, one]): [string, Change] => [
      key,
      { running: shown(key, one.running), next: shown(key, one.next) },
    ]),
  )
  const notes = Object.entries(changes).map(
    ([key, one]) =>
      `${key} is ${String(one.running)} until the next start, then ${String(one.next)}`,
  )
  const { token_store: _, ...secrets } = next.secrets
  const { token_store: store } = now.secrets
  const running = Object.freeze({
    ...next,
    host: now.host,
    port: now.port,
    data_dir: now.data_dir,
    secrets: Object.freeze({ ...secrets, ...(store !== undefined && { token_store: store }) }),
  })
  return { running, changes, notes }
}

/** The settings of the outbound proxy. A `.env` may replace them, but removes nothing from the environment. */
function outboundVariables(): Record<string, string> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY']
  const all = [...names, ...names.map((name) => name.toLowerCase())]
  return Object.fromEntries(all.map((name) => [name, process.env[name] ?? '']))
}

/** An address without user and password; a folder may have an @ in its name. */
function shown(key: string, value: unknown): unknown {
  if (value === undefined || value === '') return 'none'
  return typeof value === 'string' && key !== 'DATA_DIR'
    ? value.replace(/^(\w+:\/\/)?.*@/s, '$1')
    : value
}
