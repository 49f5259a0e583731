/** Keys and variables of the original droid2api and of its forks: what takes their place here. */
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { GivenEndpoint } from './types.ts'
import type { Settings } from './env-files.ts'
import type { Remarks } from './written-value.ts'

const severalAccounts = 'list them in accounts, or in FACTORY_API_KEY or DROID_REFRESH_KEY'
const ownWay = 'there is nothing like it here; take it out'

/** By the place in the file, without the numbers of lists. Source: their config files and documentation, read 2026-11. */
const keys: Record<string, string> = {
  user_agent: 'the client\'s own is sent; headers of an endpoint can hold another "user-agent"',
  enable_server_auth: 'list the keys of the clients in api_keys, or in API_KEYS',
  system_prompt_mode: 'system_prompt is put in front of every request',
  system_append_prompt: 'write it into system_prompt, which is put in front of every request',
  'round-robin': 'it is choose of an endpoint with accounts now',
  remove_on_402: 'an account without a balance rests by itself',
  refresh_keys: severalAccounts,
  factory_api_keys: severalAccounts,
  'auth.refresh_keys': severalAccounts,
  'auth.factory_api_keys': severalAccounts,
  key_pool: severalAccounts,
  key_test_model: ownWay,
  refresh_interval_hours: 'it is auth.refresh_hours now',
  redis: 'set TOKEN_STORE=redis://host:6379 where several processes share a login',
  cluster: 'start several processes with TOKEN_STORE instead',
  reasoning_tokens: 'the budgets are fixed: 4096, 12288 and 24576 tokens',
  balance_sync: ownWay,
  limits: ownWay,
  'models.api_provider': 'it is provider now',
}

/** What to do about a key that only others read; undefined for any other key. */
export function successorOfKey(place: string): string | undefined {
  const plain = place.replaceAll(/\[\d+\]/g, '')
  return Object.hasOwn(keys, plain) ? keys[plain] : undefined
}

/** Whether a value of such a key asks for nothing: `[]`, `false`, `""` or the like. */
export function asksForNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object' || value === null) return !value
  return 'enabled' in value && value.enabled === false
}

/**
 * `proxies` was the way out of all traffic. Whoever sets it wants no other way, so without a proxy variable it is a fault. The
 * key itself is not read.
 */
export function withoutProxies(
  { proxies, ...rest }: JsonObject,
  settings: Settings,
  { fault, warn }: Remarks,
): JsonObject {
  if (asksForNothing(proxies)) return rest
  const instead = [
    'HTTPS_PROXY',
    'https_proxy',
    'ALL_PROXY',
    'all_proxy',
    'HTTP_PROXY',
    'http_proxy',
  ].find((name) => settings.get(name))
  if (instead) warn(`proxies is a key of the original and not read; ${instead} is`)
  else {
    fault(
      'proxies is a key of the original and not read: set HTTPS_PROXY=http://host:port in the environment or in .env, or take it out',
    )
  }
  return rest
}

/** Forks before 2026 reach Factory by another name, which is not the one that the account's token goes to of itself. */
export function oldHosts(endpoints: readonly GivenEndpoint[]): string[] {
  return endpoints
    .filter(
      ({ auth, base_url: url }) => auth === undefined && url.startsWith('https://app.factory.ai/'),
    )
    .map(
      ({ name }) =>
        `endpoint ${name} is at app.factory.ai, where the account's token does not go: write api.factory.ai, or "auth": "account"`,
    )
}

const variables: [name: RegExp, successor: string][] = [
  [
    /^ADMIN_ACCESS_KEY$/,
    'ADMIN_KEY is the key for usage and status, API_KEYS holds those of the clients',
  ],
  [/^(?:FACTORY_API_KEYS|DROID_REFRESH_KEYS|KEY_POOL_\w+)$/, severalAccounts],
  [/^REDIS_(?:ENABLED|HOST)$/, 'set TOKEN_STORE=redis://host:6379'],
  [/^CLUSTER_MODE$/, 'start several processes with TOKEN_STORE instead'],
  [/^SYSTEM_PROMPT$/, 'it is system_prompt in config.json'],
  [/^TOKEN_STORE_PATH$/, 'logins are kept in DATA_DIR'],
]

/** A warning for each variable that only the original or a fork reads; names that other programs have, too, only in `.env`. */
export function retiredVariables(settings: Settings, env: NodeJS.ProcessEnv): string[] {
  const warnings: string[] = []
  for (const name of Object.keys({ ...settings.added, ...env })) {
    const value = settings.get(name)
    const source = settings.source(name)
    const successor = variables.find(([pattern]) => pattern.test(name))?.[1]
    if (!successor || !value || /^(?:false|0|off|no)$/i.test(value)) continue
    if (source === 'environment' && /^(?:REDIS|CLUSTER|SYSTEM)_/.test(name)) continue
    warnings.push(`${source}: ${name} is not read here: ${successor}`)
  }
  return warnings
}
