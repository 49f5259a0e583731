/** What `droid2api check` finds of the account: offline what is kept of it, online whether it can be renewed. */
import { RefreshRefused } from '../account/token-endpoint.ts'
import { findSource } from '../account/source.ts'
import { TokenFileError } from '../account/token-file.ts'
import type { App } from '../app.ts'
import { ProxyError } from '../errors.ts'
import type { Finding } from './check.ts'

const logIn = 'Log in again with the droid CLI, or set a new DROID_REFRESH_KEY.'

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
  if (access === undefined) return 'not used yet; --online tries it'
  const until = new Date(expiresAt).toISOString()
  return expiresAt > Date.now()
    ? `token until ${until}`
    : `token expired ${until}; the start renews it, --online tries it`
}

/** Where the renewed login is kept, and online whether it can be. */
export async function storeFindings(
  { account: { store } }: App,
  online: boolean,
): Promise<Finding[]> {
  if (!store) return []
  const where = `token store: ${store.place}`
  if (!online) return [{ level: 'ok', what: where }]
  try {
    const pair = await store.read()
    return [{ level: 'ok', what: `${where}, ${pair ? 'holds a login' : 'holds no login yet'}` }]
  } catch (error) {
    return [{ level: 'error', what: `${where}: ${(error as Error).message}` }]
  }
}

/** Renews the token where it is due. */
export async function tokenFinding({ account }: App): Promise<Finding> {
  try {
    await account.start()
    const token = await account.token()
    if (token === undefined) return { level: 'ok', what: 'token: no account, nothing to renew' }
    const { expires_at: expiresAt } = account.status()
    return { level: 'ok', what: `token: usable${expiresAt ? ` until ${expiresAt}` : ''}` }
  } catch (error) {
    return { level: 'error', what: `token: ${whyNot(error)}` }
  } finally {
    await account.stop()
  }
}

function whyNot(error: unknown): string {
  const { cause } = error as Error
  if (!(error instanceof ProxyError && cause instanceof Error)) return String(error)
  if (cause instanceof TokenFileError) return cause.message
  const remedy =
    cause instanceof RefreshRefused ? logIn : 'Check the network, HTTPS_PROXY and auth.token_url.'
  return `${cause.message}. ${remedy}`
}
