/**
 * Credentials that stand in the wrong place, told by how they begin: a key of one vendor that would be sent to another, which may
 * log what it refuses, and what is no refresh token at all.
 */
import { presetNames, presets, startsAs, type PresetName } from './presets.ts'
import type { ConfigData, Endpoint } from './types.ts'

/** A warning for each. A host that no preset has may be a gateway that takes any vendor's key. No key is shown. */
export function foreignKeys(config: ConfigData): string[] {
  return config.endpoints.flatMap((endpoint) =>
    keysOf(endpoint, config).flatMap(({ place, key }) => {
      const owner = presetNames.find((name) => startsAs(key, name))
      const other = owner && hostsOf(endpoint).find((host) => isOfAnother(host, owner))
      if (owner === undefined || other === undefined) return []
      return `${place} begins like a key of ${owner}, and goes to ${other} (endpoint ${endpoint.name}): put the key of that vendor there`
    }),
  )
}

interface Held {
  place: string
  key: string
}

function keysOf({ auth, accounts: names = [] }: Endpoint, config: ConfigData): Held[] {
  const { endpoint_secrets: secrets, secrets: own, accounts } = config
  if (typeof auth === 'object') {
    const key = secrets[auth.env]
    return key === undefined ? [] : [{ place: auth.env, key }]
  }
  if (auth === 'account' && own.factory_api_key !== undefined) {
    return [{ place: 'FACTORY_API_KEY', key: own.factory_api_key }]
  }
  return names.flatMap((name) => {
    const { key } = accounts.find((account) => account.name === name) ?? {}
    return key === undefined ? [] : { place: `the key of the account ${name}`, key }
  })
}

function hostsOf({
  base_url: url = '',
  addresses = {},
}: Partial<Pick<Endpoint, 'base_url' | 'addresses'>>): string[] {
  return [url, ...Object.values(addresses)].flatMap((address) =>
    URL.canParse(address) ? new URL(address).host : [],
  )
}

function isOfAnother(host: string, owner: PresetName): boolean {
  const isAt = (name: PresetName) => hostsOf(presets[name]).includes(host)
  return !isAt(owner) && presetNames.some((name) => presets[name].auth !== 'none' && isAt(name))
}

/**
 * What is wrong with what somebody took for a refresh token, as the end of a sentence; undefined where nothing shows it. `places`:
 * where the path of a file goes, and a key.
 */
export function noRefreshToken(
  written: string,
  places: { file: string; key: string },
): string | undefined {
  const text = written.trim().replace(/^["']/, '')
  if (/^\{\s*"/.test(text)) return 'holds JSON; write the value of its refresh_token alone'
  if (/^(?:~|\.{0,2})\//.test(text)) return `names a file; its path goes into ${places.file}`
  return startsAs(text, 'factory')
    ? `holds a key of Factory, which goes into ${places.key}`
    : undefined
}
