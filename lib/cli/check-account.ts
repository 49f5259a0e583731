/** What `droid2api check` finds of the account: what is kept of it, and whether a renewed login could be kept, too. */
import { findSource } from '../account/source.ts'
import { TokenFileError } from '../account/token-file.ts'
import type { App } from '../app.ts'
import type { Finding } from './check.ts'

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
