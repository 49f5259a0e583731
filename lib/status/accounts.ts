/**
 * The accounts that requests are charged to, as the operator sees them, by the names that usage has: the account without a name
 * (`default`), keys of variables, and those of `accounts`.
 */
import { restOf, statusOf, type MemberStatus } from '../account/pool.ts'
import type { AccountSource } from '../account/account.ts'
import type { App } from '../app.ts'
import { usesAccount } from '../config/endpoint-auth.ts'
import { quotaOf, type Quota } from './quota.ts'

export interface AccountShown extends Omit<MemberStatus, 'kind' | 'state'> {
  name: string
  /** `key`: of `accounts`, or of a variable; else where the login is from */
  kind: MemberStatus['kind'] | AccountSource
  /** `degraded`: its login cannot be renewed, but serves still */
  state: MemberStatus['state'] | 'degraded'
  /** its limits, as upstreams told of them last; left out where none did */
  quota?: Quota | undefined
}

export function accountsOf(app: App): AccountShown[] {
  const { config } = app
  const variables = config.endpoints.flatMap(({ auth }) =>
    typeof auth === 'object' ? auth.env : [],
  )
  return [
    ...(usesAccount(config) && app.account.source !== 'none' ? [unnamedAccount(app)] : []),
    ...[...new Set(variables)].map((variable) => keyOfVariable(app, variable)),
    ...namedAccounts(app),
  ]
}

/** What is left of the account without a name, and the accounts that have one. */
export function accountsForHealth(app: App): { quota: Quota | undefined; named: AccountShown[] } {
  return { quota: quotaOf(app, 'default'), named: namedAccounts(app) }
}

/** Those of `accounts`. */
function namedAccounts(app: App): AccountShown[] {
  return app.pool.all.map((member) => {
    const quota = quotaOf(app, member.own.account)
    return Object.assign({ name: member.name }, statusOf(member), quota && { quota })
  })
}

function unnamedAccount(app: App): AccountShown {
  const { account, pool } = app
  const { source, state, can_serve: canServe, ...status } = account.status()
  const { expires_at, last_refresh, last_error } = status
  const isDead = state === 'degraded' && !canServe
  return {
    name: 'default',
    kind: source,
    ...restOf(pool.unnamed('default').bench),
    ...(state === 'degraded' && { state: isDead ? 'needs_login' : 'degraded' }),
    ...(source !== 'factory_api_key' && { expires_at, last_refresh, last_error }),
    quota: quotaOf(app, 'default'),
  }
}

function keyOfVariable(app: App, variable: string): AccountShown {
  const { config, pool } = app
  const name = variable.toLowerCase()
  if (!config.endpoint_secrets[variable]) {
    return { name, kind: 'key', state: 'needs_login', reason: `${variable} is not set` }
  }
  return { name, kind: 'key', ...restOf(pool.unnamed(name).bench), quota: quotaOf(app, name) }
}
