/** Endpoints with a `preset`, filled in from its row. What stands beside it in the file wins. */
import type { ModelType } from '../../pipelines/index.ts'
import { isObject } from '../../pipelines/json/value.ts'
import { keyHeaderOf } from './endpoint-auth.ts'
import { presets, type Preset } from './presets.ts'
import type { BareEndpoint, GivenEndpoint } from './types.ts'
import type { SchemaFault } from './validate.ts'

const placeholder = '{resource}'

/** An endpoint needs a `base_url` or a preset. `given`: the file's own list. */
export function missingAddresses(given: unknown): SchemaFault[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((entry: unknown, index) => {
    if (!isObject(entry) || 'base_url' in entry || 'preset' in entry) return []
    const params = { missingProperty: 'base_url' }
    return { instancePath: `/endpoints/${index}`, keyword: 'required', params }
  })
}

/** What does not go with the preset, beginning with the key. */
export function presetFaults(endpoint: BareEndpoint): string[] {
  const { preset: name, type, resource, base_url: own } = endpoint
  const preset = presetOf(endpoint.preset)
  const wants = preset && Object.values(preset.addresses).some((url) => url.includes(placeholder))
  if (resource !== undefined && !wants) return ['resource goes with the preset azure']
  if (!preset) return []
  const faults: string[] = []
  if (wants && own === undefined && resource === undefined) {
    faults.push('resource is missing: the NAME in https://NAME.openai.azure.com')
  }
  if (resource !== undefined && !/^[a-z\d][a-z\d-]*$/i.test(resource)) {
    faults.push(
      'resource is no name of a resource: it is the NAME in https://NAME.openai.azure.com',
    )
  }
  if (type !== undefined && own === undefined && !preset.addresses[type]) {
    faults.push(`type is "${type}", and the preset ${name} has ${typesOf(preset).join(', ')}`)
  }
  return faults
}

/** `endpoint`: as the file has it, with or without a preset. */
export function withPreset(endpoint: BareEndpoint): GivenEndpoint {
  const preset = presetOf(endpoint.preset)
  const { base_url: own = '' } = endpoint
  if (!preset) return { ...endpoint, base_url: own }
  const { type } = endpoint
  const types = type === undefined ? typesOf(preset) : [type]
  const addresses = Object.fromEntries(
    types.map((one) => [one, addressFor(endpoint, preset.addresses[one])]),
  )
  const auth = authFor(endpoint, preset)
  return {
    ...endpoint,
    base_url: own || Object.values(addresses)[0]!,
    addresses,
    headers: { ...preset.headers, ...endpoint.headers },
    ...(auth !== undefined && { auth }),
  }
}

/** `preset`: as the schema has checked it. */
export function presetOf(preset: string | undefined): Preset | undefined {
  return preset === undefined ? undefined : (presets as Record<string, Preset>)[preset]
}

function typesOf({ addresses }: Preset): ModelType[] {
  return Object.keys(addresses) as ModelType[]
}

/** An address of the file's own without a path only moves the preset to another host: each type keeps its path. */
function addressFor(
  { base_url: own, resource = 'resource' }: BareEndpoint,
  known: string | undefined,
): string {
  const filled = known?.replace(placeholder, resource)
  if (own === undefined || filled === undefined || !URL.canParse(own)) return own ?? filled ?? ''
  const moved = new URL(own)
  if (moved.pathname !== '/') return own
  moved.pathname = new URL(filled).pathname
  return String(moved)
}

/** A variable of the file's own goes into the header that the vendor looks into. */
function authFor(endpoint: BareEndpoint, { auth: known }: Preset): GivenEndpoint['auth'] {
  const { auth, accounts, base_url: own } = endpoint
  if (typeof auth === 'object' && typeof known === 'object') return { ...known, ...auth }
  if (auth !== undefined || accounts !== undefined) return auth
  // the account's token goes with no address of the file's own: which host it leads to decides
  if (known === 'account' && own !== undefined) return undefined
  return keyHeaderOf(endpoint) === undefined ? known : undefined
}
