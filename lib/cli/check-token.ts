/** What `droid2api check --online` finds of the account's token. A refresh token is spent only where `--renew` says so. */
import { RefreshRefused } from '../account/token-endpoint.ts'
import { TokenFileError } from '../account/token-file.ts'
import type { Tokens } from '../account/token-store.ts'
import type { App } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { Finding } from './check.ts'
import type { Running } from './running-proxy.ts'

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

/** What a running proxy says of its login, or what is kept of it. */
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
