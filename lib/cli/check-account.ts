/** What `droid2api check` finds of the account: offline what is kept of it, online whether it can be renewed. */
import { RefreshRefused } from '../account/token-endpoint.ts'
import { findSource } from '../account/source.ts'
import { readTokens, TokenFileError } from '../account/token-file.ts'
import type { App } from '../app.ts'
import { ProxyError } from '../errors.ts'
import type { Finding } from './check.ts'

const logIn = 'Log in again with the droid CLI, or set a new DROID_REFRESH_KEY.'

/** Reads what is kept; nothing is renewed. */
export async function accountFinding({ account, config }: App): Promise<Finding> {
  const source = findSource(config)
  if (source.kind === 'none') {
    const looked = account.lookedFor().join(', ')
    const remedy = 'Set one of them, or let each client send its own credential.'
    return { level: 'warning', what: `account: none; looked for ${looked}. ${remedy}` }
  }
  if (source.kind === 'factory_api_key') return { level: 'ok', what: `account: ${source.kind}` }
  try {
    const { access, expiresAt } = (await readTokens(source.file)) ?? {}
    return { level: 'ok', what: `account: ${source.kind}, ${stateOf(access, expiresAt ?? 0)}` }
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error
    return { level: 'error', what: `account: ${source.kind}: ${error.message}` }
  }
}

function stateOf(access: string | undefined, expiresAt: number): string {
  if (access === undefined) return 'not used yet; --online tries it'
  const until = new Date(expiresAt).toISOString()
  return expiresAt > Date.now()
    ? `token until ${until}`
    : `token expired ${until}; the start renews it, --online tries it`
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
