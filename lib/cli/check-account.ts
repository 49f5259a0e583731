/**
 * What `droid2api check` finds of an account: what is kept of it, whether a renewed login could be kept, and online whether its
 * token serves. A refresh token is spent only with `--renew`.
 */
import type { Account } from '../account/account.ts'
import type { Member } from '../account/pool.ts'
import { findSource } from '../account/source.ts'
import { RefreshRefused } from '../account/token-endpoint.ts'
import { TokenFileError } from '../account/token-file.ts'
import type { Tokens } from '../account/token-store.ts'
import type { Finding } from './finding.ts'
import type { Running, RunningAccount } from './running-proxy.ts'
import { calledAs } from '../config/called-as.ts'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../../pipelines/errors.ts'

/** The account, or one of those that have a name. */
export interface Checked {
  name?: string
  account: Account
  config: Config
}

/** As messages begin: `token: …`, `token of work: …`. */
function subject(what: string, { name }: Pick<Checked, 'name'>): string {
  return name === undefined ? what : `${what} of ${name}`
}

/** Reads what is kept on this machine; nothing is renewed. */
export async function accountFinding({ account, config }: Checked): Promise<Finding> {
  const { kind } = findSource(config)
  if (kind === 'none') {
    const looked = account.lookedFor().join(', ')
    const init = `${calledAs(config.start_dir)} init`
    const remedy = `Set one of them, let "${init}" write a configuration for keys of your own, or let each client send its own credential.`
    return { level: 'warning', what: `account: none; looked for ${looked}. ${remedy}` }
  }
  return await keptFinding({ account, config }, `account: ${kind}`)
}

/** The same of one that has a name. */
export async function namedFinding(
  checked: Checked,
  { login, file }: Required<Member>['own']['entry'],
): Promise<Finding> {
  const kind = login !== undefined ? 'login' : file !== undefined ? `file ${file}` : 'key'
  return await keptFinding(checked, `account ${checked.name}: ${kind}`)
}

async function keptFinding({ account, config }: Checked, what: string): Promise<Finding> {
  const isElsewhere = config.secrets.token_store !== undefined
  if (!account.store || isElsewhere) return { level: 'ok', what }
  try {
    const { access, expiresAt } = (await account.store.read()) ?? {}
    return { level: 'ok', what: `${what}, ${stateOf(access, expiresAt ?? 0)}` }
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error
    return { level: 'error', what: `${what}: ${error.message}` }
  }
}

function stateOf(access: string | undefined, expiresAt: number): string {
  if (access === undefined) return 'not used yet; --renew tries it'
  const until = new Date(expiresAt).toISOString()
  return expiresAt > Date.now()
    ? `token until ${until}`
    : `token expired ${until}; the start renews it, --renew tries it`
}

/** Where the renewed login is kept, whether it could be, and online whether a store elsewhere can be reached. */
export async function storeFindings(checked: Checked, online: boolean): Promise<Finding[]> {
  const { store } = checked.account
  if (!store) return []
  const isElsewhere = checked.config.secrets.token_store !== undefined
  const where = `${subject('token store', checked)}: ${store.place}`
  if (isElsewhere && !online) return [{ level: 'ok', what: where }]
  try {
    const pair = isElsewhere ? await store.read() : undefined
    const problem = await store.probe()
    if (problem) {
      const lost = 'a renewed login would be lost when the process ends'
      return [{ level: 'error', what: `${where}: ${problem}; ${lost}` }]
    }
    const holds = pair ? ', holds a login' : ', holds no login yet'
    return [{ level: 'ok', what: `${where}${isElsewhere ? holds : ''}` }]
  } catch (error) {
    return [{ level: 'error', what: `${where}: ${(error as Error).message}` }]
  }
}

/** What else is known of the account, although it works. */
export function noteFindings({ account, name }: Checked): Finding[] {
  const about = name === undefined ? 'account' : `account ${name}`
  return account.notes().map((what) => ({ level: 'warning', what: `${about}: ${what}` }))
}

const logIn = 'Log in again with the droid CLI, or set a new DROID_REFRESH_KEY.'

/** The account's token that serves now; undefined where there is none without a renewal. */
export async function usableToken(account: Account): Promise<string | undefined> {
  if (!account.store) return await account.token()
  const kept = await account.store.read().catch(() => undefined)
  return isUsable(kept) ? kept.access : undefined
}

function isUsable(pair: Tokens | undefined): pair is Tokens & { access: string } {
  return pair?.access !== undefined && pair.expiresAt > Date.now()
}

/** The token of a running proxy, else the one that is kept. */
export async function tokenFinding(
  checked: Checked,
  running: Running | undefined,
): Promise<Finding> {
  const token = subject('token', checked)
  const { account, name } = checked
  const known = name === undefined ? running?.account : running?.named.get(name)
  if (known) return runningFinding(token, known)
  if (!account.store) return withoutRenewal(token, account)
  const kept = await account.store.read().catch(() => undefined)
  if (isUsable(kept)) return usable(token, new Date(kept.expiresAt).toISOString())
  return {
    level: 'warning',
    what: `${token}: none is usable; renewing it spends the refresh token. The start does that; \`check --renew\` does it now.`,
  }
}

function runningFinding(
  token: string,
  { isDegraded, lastError, expiresAt }: RunningAccount,
): Finding {
  const until = expiresAt ? ` until ${expiresAt}` : ''
  if (isDegraded || lastError) {
    const level = isDegraded ? 'error' : 'warning'
    const why = lastError ?? 'its login is degraded'
    return { level, what: `${token}: the running proxy says: ${why}` }
  }
  return { level: 'ok', what: `${token}: the running proxy has one that is usable${until}` }
}

/** Renews the token where it is due, unless the new one could not be kept. */
export async function renewalFinding(checked: Checked): Promise<Finding> {
  const token = subject('token', checked)
  const { account } = checked
  if (!account.store) return withoutRenewal(token, account)
  const problem = await account.store.probe()
  if (problem) return { level: 'error', what: `${token}: not renewed, since ${problem}` }
  try {
    await account.start()
    await account.token()
    return usable(token, account.status().expires_at)
  } catch (error) {
    return { level: 'error', what: `${token}: ${whyNot(error)}` }
  }
}

function withoutRenewal(token: string, { source }: Account): Finding {
  const what = source === 'none' ? 'no account' : 'a fixed key'
  return { level: 'ok', what: `${token}: ${what}, nothing to renew` }
}

function usable(token: string, until: string | null): Finding {
  return { level: 'ok', what: `${token}: usable${until ? ` until ${until}` : ''}` }
}

function whyNot(error: unknown): string {
  const { cause } = error as Error
  if (!(error instanceof ProxyError && cause instanceof Error)) return String(error)
  if (cause instanceof TokenFileError) return cause.message
  const remedy =
    cause instanceof RefreshRefused ? logIn : 'Check the network, HTTPS_PROXY and auth.token_url.'
  return `${cause.message}. ${remedy}`
}
