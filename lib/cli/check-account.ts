/**
 * What `droid2api check` finds of the account: what is kept of it, whether a renewed login could be kept, and online whether its
 * token serves. A refresh token is spent only with `--renew`.
 */
import { findSource } from '../account/source.ts'
import { RefreshRefused } from '../account/token-endpoint.ts'
import { TokenFileError } from '../account/token-file.ts'
import type { Tokens } from '../account/token-store.ts'
import type { App } from '../app.ts'
import type { Finding } from './finding.ts'
import type { Running } from './running-proxy.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { ProxyError } from '../../pipelines/errors.ts'

/** Reads what is kept on this machine; nothing is renewed. */
export async function accountFinding({ account, config }: App): Promise<Finding> {
  const { kind } = findSource(config)
  if (kind === 'none') {
    const looked = account.lookedFor().join(', ')
    const remedy = 'Set one of them, or let each client send its own credential.'
    return { level: 'warning', what: `account: none; looked for ${looked}. ${remedy}` }
  }
  const isElsewhere = config.secrets.token_store !== undefined
  if (!account.store || isElsewhere) return { level: 'ok', what: `account: ${kind}` }
  try {
    const { access, expiresAt } = (await account.store.read()) ?? {}
    return { level: 'ok', what: `account: ${kind}, ${stateOf(access, expiresAt ?? 0)}` }
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error
    return { level: 'error', what: `account: ${kind}: ${error.message}` }
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
export async function storeFindings(
  { account: { store }, config }: App,
  online: boolean,
): Promise<Finding[]> {
  if (!store) return []
  const isElsewhere = config.secrets.token_store !== undefined
  if (isElsewhere && !online) return [{ level: 'ok', what: `token store: ${store.place}` }]
  try {
    const pair = isElsewhere ? await store.read() : undefined
    const problem = await store.probe()
    const where = `token store: ${store.place}`
    if (problem) {
      const lost = 'a renewed login would be lost when the process ends'
      return [{ level: 'error', what: `${where}: ${problem}; ${lost}` }]
    }
    const holds = pair ? ', holds a login' : ', holds no login yet'
    return [{ level: 'ok', what: `${where}${isElsewhere ? holds : ''}` }]
  } catch (error) {
    return [{ level: 'error', what: `token store: ${store.place}: ${(error as Error).message}` }]
  }
}

/** What else is known of the account, although it works. */
export function noteFindings({ account }: App): Finding[] {
  return account.notes().map((what) => ({ level: 'warning', what: `account: ${what}` }))
}

const logIn = 'Log in again with the droid CLI, or set a new DROID_REFRESH_KEY.'

/** The account's token that serves now; undefined where there is none without a renewal. */
export async function usableToken({ account, config }: App): Promise<string | undefined> {
  if (!usesAccount(config)) return undefined
  if (!account.store) return await account.token()
  const kept = await account.store.read().catch(() => undefined)
  return isUsable(kept) ? kept.access : undefined
}

function isUsable(pair: Tokens | undefined): pair is Tokens & { access: string } {
  return pair?.access !== undefined && pair.expiresAt > Date.now()
}

/** The token of a running proxy, else the one that is kept. */
export async function tokenFinding(app: App, running: Running | undefined): Promise<Finding> {
  if (running?.account) return runningFinding(running, running.account)
  if (!app.account.store) return withoutRenewal(app)
  const kept = await app.account.store.read().catch(() => undefined)
  if (isUsable(kept)) return usable(new Date(kept.expiresAt).toISOString())
  return {
    level: 'warning',
    what: 'token: none that serves; it would have to be renewed, which spends the refresh token. The start does that; `check --renew` does it now.',
  }
}

function runningFinding(
  { isDegraded }: Running,
  { lastError, expiresAt }: NonNullable<Running['account']>,
): Finding {
  const until = expiresAt ? ` until ${expiresAt}` : ''
  if (isDegraded || lastError) {
    const level = isDegraded ? 'error' : 'warning'
    return { level, what: `token: the running proxy says: ${lastError ?? 'its login is degraded'}` }
  }
  return { level: 'ok', what: `token: the running proxy has one that is usable${until}` }
}

/** Renews the token where it is due, unless the new one could not be kept. */
export async function renewalFinding(app: App): Promise<Finding> {
  const { account } = app
  if (!account.store) return withoutRenewal(app)
  const problem = await account.store.probe()
  if (problem) return { level: 'error', what: `token: not renewed, since ${problem}` }
  try {
    await account.start()
    await account.token()
    return usable(account.status().expires_at)
  } catch (error) {
    return { level: 'error', what: `token: ${whyNot(error)}` }
  }
}

function withoutRenewal({ account }: App): Finding {
  const what = account.source === 'none' ? 'no account' : 'a fixed key'
  return { level: 'ok', what: `token: ${what}, nothing to renew` }
}

function usable(until: string | null): Finding {
  return { level: 'ok', what: `token: usable${until ? ` until ${until}` : ''}` }
}

function whyNot(error: unknown): string {
  const { cause } = error as Error
  if (!(error instanceof ProxyError && cause instanceof Error)) return String(error)
  if (cause instanceof TokenFileError) return cause.message
  const remedy =
    cause instanceof RefreshRefused ? logIn : 'Check the network, HTTPS_PROXY and auth.token_url.'
  return `${cause.message}. ${remedy}`
}
