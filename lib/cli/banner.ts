/** What a person sees at start: the address, the account's state, and lines to copy for each client. */
import type { App } from '../app.ts'
import { calledAs } from '../config/called-as.ts'
import { loopback } from '../config/callers.ts'
import { credentialLines, credentialSummary, usesAccount } from '../config/endpoint-auth.ts'
import type { Config } from '../config/types.ts'
import { setupBlocks } from '../setup/blocks.ts'
import { neededNoProxy } from '../setup/clients.ts'

/** `http://127.0.0.1:3000`, with a loopback name for a listener on all addresses. */
export function listenerUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const name =
    host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** The lines for a terminal: `title` sets the headings off. */
export function banner(app: App, url: string, title: (text: string) => string): string {
  const { config } = app
  return `${[
    title(`droid2api ${app.version} listens on ${url}`),
    `Configuration: ${[config.file, ...config.env_files].join(', ')}`,
    ...summary(app, credentialSummary),
    ...pageLine(config, url),
    ...app.warnings.map((warning) => `Warning: ${warning}`),
    '',
    ...setupBlocks(config, url).map(({ name, lines }) =>
      [title(name), ...lines.map((line) => `  ${line}`)].join('\n'),
    ),
    ...noProxyLine(config, url),
  ].join('\n')}\n\n`
}

/** The address of the status page; none if nobody can reach it. */
function pageLine({ status_page: isOn, host, prepared }: Config, url: string): string[] {
  if (!isOn) return []
  if (prepared.adminKey) return [`Status page: ${url}/status, with the admin key as the password`]
  const isHere = loopback.test(host) || host === '::' || host === '0.0.0.0'
  return isHere ? [`Status page: ${url}/status, from this machine`] : []
}

function noProxyLine({ start_dir: startDir }: Config, url: string): string[] {
  const list = neededNoProxy(process.env, url)
  if (list === undefined) return []
  return [
    `Behind an HTTP proxy a client needs NO_PROXY=${list}, too; ${calledAs(startDir)} env sets it.`,
  ]
}

/** The account, and whose credential each endpoint gets; in the demo there is neither. */
export function startLines(app: App): string[] {
  return summary(app, credentialLines)
}

function summary(app: App, linesOf: typeof credentialLines): string[] {
  if (app.accountNote) return [app.accountNote]
  const account = accountLine(app)
  const endpoints = linesOf(app.config, app.account.source !== 'none')
  return account === undefined ? endpoints : [account, ...endpoints]
}

/** One line on the account: what serves, or what was looked for; undefined where no endpoint uses one. */
export function accountLine(app: App): string | undefined {
  if (app.accountNote) return app.accountNote
  if (!usesAccount(app.config)) return undefined
  const { source, state, expires_at: expiresAt, last_error: lastError } = app.account.status()
  if (source === 'none') {
    const looked = app.account.lookedFor().join(', ')
    const called = calledAs(app.config.start_dir)
    return `No account: looked for ${looked}. Without one: ${called} init or demo`
  }
  if (state === 'degraded') return `Account: ${source}, degraded: ${lastError ?? 'no usable token'}`
  return `Account: ${source}${tokenState(expiresAt)}`
}

/** A token that expired while the proxy was off is being renewed by now. */
function tokenState(expiresAt: string | null): string {
  if (expiresAt === null) return ''
  const isOver = Date.parse(expiresAt) <= Date.now()
  return isOver ? `, token expired ${expiresAt}, being renewed` : `, token until ${expiresAt}`
}
