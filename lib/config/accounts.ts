/** The accounts of a configuration: made complete, and checked together with the endpoints and models that name them. */
import path from 'node:path'
import { isHttp } from './base-url.ts'
import { keyHeaderOf } from './endpoint-auth.ts'
import type { Environment } from './environment.ts'
import { noRefreshToken } from './foreign-keys.ts'
import { expandHome } from './text-file.ts'
import type { AccountEntry, AuthConfig, ConfigData, Endpoint, GivenEndpoint } from './types.ts'
import { didYouMean, nearest } from './unknown-keys.ts'
import { isExample, isPlainName } from './written-value.ts'

/** An account as the file has it. */
export type GivenAccount = Pick<AccountEntry, 'name' | 'enabled'> & Partial<AccountEntry>

interface Surroundings {
  auth: AuthConfig
  /** paths begin here */
  fileDir: string
  homeDir: string
}

/** Those of the file, and those of a variable that holds several values, with the endpoints that get them. */
export function withAccounts(
  { accounts, endpoints }: { accounts: readonly GivenAccount[]; endpoints: readonly Endpoint[] },
  several: readonly SeveralValues[],
  { auth, fileDir, homeDir }: Surroundings,
): Pick<ConfigData, 'accounts' | 'endpoints'> {
  const { token_url, client_id, refresh_hours } = auth
  const complete = ({ file, ...rest }: GivenAccount): AccountEntry => ({
    token_url,
    client_id,
    refresh_hours,
    ...rest,
    ...(file !== undefined && { file: path.resolve(fileDir, expandHome(file, homeDir)) }),
  })
  const made = several.map((value, index) => ({
    name: `account-${index + 1}`,
    enabled: true,
    ...value,
  }))
  const names = made.map(({ name }) => name)
  return {
    accounts: [...accounts, ...made].map(complete),
    endpoints:
      made.length === 0
        ? endpoints
        : endpoints.map((one) =>
            one.auth === 'account' ? { ...one, auth: 'accounts' as const, accounts: names } : one,
          ),
  }
}

type SeveralValues = { key: string } | { login: string }

/** The values of the variable that counts, where it holds several: the key comes before the login. */
export function severalValues({
  FACTORY_API_KEY: key,
  DROID_REFRESH_KEY: login,
}: Pick<Environment, 'FACTORY_API_KEY' | 'DROID_REFRESH_KEY'>): SeveralValues[] {
  if (key && key.length > 0) return key.length > 1 ? key.map((one) => ({ key: one })) : []
  return login && login.length > 1 ? login.map((one) => ({ login: one })) : []
}

/** What of an endpoint contradicts its accounts. `given`: as the file has it. */
export function accountFaults(given: readonly GivenEndpoint[]): string[] {
  return given.flatMap((endpoint, index) => {
    const { accounts, auth, choose } = endpoint
    const place = `endpoints[${index}]`
    if (accounts === undefined) {
      return choose === undefined ? [] : `${place}.choose needs accounts to choose from`
    }
    if (accounts.length === 0) return `${place}.accounts is empty; name one, or leave it out`
    if (auth !== undefined) return `${place} has both auth and accounts; leave one of them out`
    const header = keyHeaderOf(endpoint)
    if (header === undefined) return []
    return `${place} has accounts and a key in its headers (${header}); leave one of them out`
  })
}

/** Faults of accounts, of the names by which endpoints call them, and of the models that stand in. */
export function routingFaults(config: ConfigData): string[] {
  return [
    ...config.accounts.flatMap((account, index) => faultsOf(account, index, config.accounts)),
    ...config.endpoints.flatMap((endpoint, index) => unknownAccounts(endpoint, index, config)),
    ...config.models.flatMap((_, index) => fallbackFaults(index, config)),
  ]
}

function faultsOf(account: AccountEntry, index: number, all: readonly AccountEntry[]): string[] {
  const { name, header, token_url: url } = account
  const place = `accounts[${index}]`
  const faults: string[] = []
  if (!isPlainName(name)) {
    faults.push(`${place}.name must be 1 to 32 of a-z, 0-9, ".", "_" and "-", as logs show it`)
  }
  if (all.findIndex((one) => one.name === name) < index) {
    faults.push(`${place}.name is ${JSON.stringify(name)} a second time`)
  }
  const kinds = (['login', 'file', 'key'] as const).filter((kind) => account[kind] !== undefined)
  if (kinds.length !== 1) {
    faults.push(`${place} needs exactly one of login, file and key; it has ${kinds.length}`)
  }
  for (const kind of ['login', 'key'] as const) {
    const wrong = wrongWith(account[kind], kind)
    if (wrong) faults.push([`${place}.${kind}`, wrong].join(' '))
  }
  if (header !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    faults.push(`${place}.header is not a header name`)
  }
  if (!isHttp(url)) {
    faults.push(`${place}.token_url is not an http or https address`)
  }
  const same = all.findIndex((one) => one !== account && isSame(one, account))
  if (same !== -1 && same < index) {
    faults.push(`${place} is the same account as accounts[${same}]`)
  }
  return faults
}

function isSame(one: AccountEntry, other: AccountEntry): boolean {
  return (['login', 'file', 'key'] as const).some(
    (kind) => one[kind] !== undefined && one[kind] === other[kind],
  )
}

/** Never shows the secret. */
function wrongWith(secret: string | undefined, kind: 'login' | 'key'): string | undefined {
  if (secret === undefined) return undefined
  if (isExample(secret)) return 'is an example value'
  const misplaced = kind === 'login' && noRefreshToken(secret, { file: 'file', key: 'key' })
  if (misplaced) return misplaced
  if (/[,;]/.test(secret)) return 'holds several values; write one account for each'
  return /[^\x20-\x7E]/.test(secret) ? 'holds a character that no key has' : undefined
}

function unknownAccounts(
  { accounts: names = [] }: Endpoint,
  index: number,
  { accounts }: ConfigData,
): string[] {
  const known = accounts.map(({ name }) => name)
  return names.flatMap((name, at) => {
    const place = `endpoints[${index}].accounts[${at}] is ${JSON.stringify(name)}`
    if (names.indexOf(name) < at) return `${place} a second time`
    if (known.includes(name)) return []
    return `${place}, but no account has that name${didYouMean(nearest(name, known))}`
  })
}

function fallbackFaults(index: number, { models }: ConfigData): string[] {
  const { id: own, fallback = [] } = models[index]!
  const known = models.map(({ id }) => id)
  return fallback.flatMap((id, at) => {
    const place = `models[${index}].fallback[${at}] is ${JSON.stringify(id)}`
    if (id === own) return `${place}, the model itself`
    if (fallback.indexOf(id) < at) return `${place} a second time`
    if (known.includes(id)) return []
    return `${place}, but no model has that name${didYouMean(nearest(id, known))}`
  })
}
