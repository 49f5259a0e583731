/**
 * Which providers the environment has keys for. A key goes to no host that it was not made for: `OPENAI_BASE_URL` beside
 * `OPENAI_API_KEY` says whose key that is, and so does the beginning of some keys (omnigent#629, headlong#69).
 */
import { isHttp } from '../config/base-url.ts'
import { bareValue, keyOf } from '../config/written-value.ts'
import { startsAs, type PresetName } from '../config/presets.ts'
import { isLoopback, keyed, listAt, row, typeOf, type Provider } from './provider.ts'

export interface Search {
  /** a variable's text */
  get: (name: string) => string | undefined
  /** those that were asked for; undefined: all */
  wanted: ReadonlySet<PresetName> | undefined
  /** gets a line for what is there and not used */
  noteUnused: (text: string) => void
}

/** In the order of the presets, each once. */
export function keysIn(search: Search): Provider[] {
  const found = new Map<PresetName, Provider>()
  for (const group of groups(search.wanted)) {
    const provider = group[0] === 'azure' ? azureIn(search) : keyOfGroup(group, search)
    if (!provider) continue
    const { preset, foundBy } = provider
    const other = found.get(preset)
    if (other) search.noteUnused(`${foundBy} is for ${preset}, which has ${other.foundBy}`)
    else found.set(preset, provider)
  }
  return [...found.values()]
}

/** Rows that share a variable: regions and plans of one vendor. */
function groups(wanted: Search['wanted']): PresetName[][] {
  const byVariable = new Map<string, PresetName[]>()
  for (const name of keyed) {
    if (wanted && !wanted.has(name)) continue
    const [variable = ''] = variablesOf(name)
    byVariable.set(variable, [...(byVariable.get(variable) ?? []), name])
  }
  return [...byVariable.values()]
}

/** The variables of a row, the one it reads first. */
export function variablesOf(name: PresetName): string[] {
  const { auth, aliases = [] } = row(name)
  return typeof auth === 'object' ? [auth.env, ...aliases] : []
}

function keyOfGroup(group: PresetName[], search: Search): Provider | undefined {
  for (const variable of variablesOf(group[0]!)) {
    const key = usableKey(variable, search)
    if (key !== undefined) return providerOf(group, variable, key, search)
  }
  const [name] = group
  return tokenOfClaude(group, search) ?? (search.wanted && name && withoutKey(name))
}

/** What Claude Code sends as Bearer. Vendors have people set it beside their address; alone it may be a login of any kind. */
const claudeToken = 'ANTHROPIC_AUTH_TOKEN'

function tokenOfClaude(group: PresetName[], search: Search): Provider | undefined {
  if (group[0] !== 'anthropic' || !baseOf(claudeToken, search)) return undefined
  const key = usableKey(claudeToken, search)
  return key === undefined ? undefined : providerOf(group, claudeToken, key, search)
}

function usableKey(variable: string, { get, noteUnused }: Search): string | undefined {
  const remarks: string[] = []
  const note = (what: string) => remarks.push([variable, what].join(' '))
  const key = keyOf(get(variable) ?? '', { fault: note, warn: note })
  if (key === undefined) for (const remark of remarks) noteUnused(remark)
  return key
}

/** Somebody asked for it, and has yet to set the variable. */
function withoutKey(name: PresetName): Provider {
  const [variable = ''] = variablesOf(name)
  return {
    preset: name,
    type: typeOf(name),
    foundBy: `${variable}, which is not set yet`,
    list: undefined,
    variable,
    beside: {},
    known: row(name).known,
    isHere: false,
  }
}

function providerOf(
  group: PresetName[],
  variable: string,
  key: string,
  search: Search,
): Provider | undefined {
  const base = baseOf(variable, search)
  if (base) return atBase(group, variable, key, base, search)
  const [first] = group
  const owner = keyed.find((name) => startsAs(key, name))
  if (owner && owner !== first) return owned(owner, { variable, key }, search)
  return first && chain(group, variable, key)
}

/** A key whose vendor is another one than its variable says. */
function owned(
  owner: PresetName,
  { variable, key }: { variable: string; key: string },
  { wanted, noteUnused }: Search,
): Provider | undefined {
  if (!wanted || wanted.has(owner)) return chain([owner], variable, key)
  noteUnused(`${variable} holds a key of ${owner}`)
  return undefined
}

/** The first row, and the others where the same key may be at home instead: those whose list is elsewhere. */
function chain(group: PresetName[], variable: string, key: string): Provider | undefined {
  const lists = new Set<string | undefined>()
  return group
    .filter((name) => !lists.has(row(name).models) && lists.add(row(name).models))
    .map((name) => vendor(name, variable, key))
    .reduceRight<Provider | undefined>(
      (elsewhere, provider) => (elsewhere ? { ...provider, elsewhere } : provider),
      undefined,
    )
}

function vendor(name: PresetName, variable: string, key: string): Provider {
  const { models, known } = row(name)
  const header = variable === claudeToken ? { header: 'authorization' } : {}
  return {
    preset: name,
    type: typeOf(name),
    foundBy: variable,
    list: models === undefined ? undefined : new URL(models),
    key,
    variable,
    ...header,
    beside: variable === variablesOf(name)[0] ? {} : { auth: { env: variable, ...header } },
    known,
    isHere: false,
  }
}

/** The address that SDKs read beside such a variable. */
function baseOf(
  variable: string,
  { get, noteUnused }: Search,
): { name: string; url: URL } | undefined {
  const stem = variable.replace(/_(?:API_KEY|API_TOKEN|AUTH_TOKEN)$/, '')
  const name = ['BASE_URL', 'API_BASE', 'API_BASE_URL']
    .map((end) => `${stem}_${end}`)
    .find((one) => get(one))
  const quiet = { fault: () => undefined, warn: () => undefined }
  const text = name && bareValue(get(name)!, quiet)
  if (!name || !text) return undefined
  if (isHttp(text)) return { name, url: new URL(text) }
  noteUnused(`${name} is not an http or https address`)
  return undefined
}

/** At a vendor's own host it is that vendor's row; at any other host the address stands beside the preset. */
function atBase(
  group: PresetName[],
  variable: string,
  key: string,
  { name, url }: { name: string; url: URL },
  search: Search,
): Provider | undefined {
  const owner = rowAt(group, url)
  if (owner && group.includes(owner)) return chain([owner], variable, key)
  if (owner) return owned(owner, { variable, key }, search)
  const [first] = group
  if (!first) return undefined
  const provider = vendor(first, variable, key)
  const root = withoutCall(url)
  // what stands in front of OpenAI rarely has more than this
  const type = provider.type === 'openai' ? 'common' : provider.type
  return {
    ...provider,
    type,
    foundBy: `${variable} with ${name}`,
    list: listAt(root.href, type),
    beside: { base_url: isPublic(url) ? root.href : `\${${name}}`, ...provider.beside },
    isHere: isLoopback(url),
  }
}

/** An address that was copied whole stands for all types. */
function withoutCall(url: URL): URL {
  const root = new URL(url)
  root.pathname = root.pathname.replace(/\/(?:messages|responses|chat\/completions)\/?$/, '')
  return root
}

/** User and query may be secrets. */
function isPublic({ username, password, search }: URL): boolean {
  return username + password + search === ''
}

/** The row whose addresses begin there: of several at one host the one with the same path, else the first. */
function rowAt(group: PresetName[], url: URL): PresetName | undefined {
  const atHost = (name: PresetName) =>
    Object.values(row(name).addresses).some((address) => hostOf(address) === url.host)
  const path = url.pathname.replace(/\/+$/, '')
  const atPath = (name: PresetName) =>
    Object.values(row(name).addresses).some((address) => address.endsWith(url.host + path))
  const all = [...group, ...keyed].filter(atHost)
  return all.find(atPath) ?? all[0]
}

function hostOf(address: string): string {
  return new URL(address.replace('{resource}', 'resource')).host
}

const deploymentVariables = [
  'AZURE_OPENAI_DEPLOYMENT',
  'AZURE_OPENAI_DEPLOYMENT_NAME',
  'AZURE_OPENAI_API_DEPLOYMENT_NAME',
  'AZURE_OPENAI_CHAT_DEPLOYMENT_NAME',
]

/** Nothing lists deployments to a key, so that the environment has to name one, and the resource. */
function azureIn(search: Search): Provider | undefined {
  const { get, noteUnused } = search
  const variable = variablesOf('azure').find((name) => usableKey(name, search) !== undefined)
  if (variable === undefined) {
    if (search.wanted) noteUnused('azure needs AZURE_OPENAI_API_KEY')
    return undefined
  }
  const place = azurePlace(get('AZURE_OPENAI_ENDPOINT'), get('AZURE_RESOURCE_NAME'))
  if (!place) {
    noteUnused(`${variable} needs AZURE_OPENAI_ENDPOINT=https://NAME.openai.azure.com beside it`)
    return undefined
  }
  const deployment = deploymentVariables.map((name) => get(name)).find(Boolean)
  if (deployment === undefined) {
    noteUnused(`${variable} needs the name of a deployment in AZURE_OPENAI_DEPLOYMENT beside it`)
    return undefined
  }
  const { key: _, ...found } = vendor('azure', variable, '')
  return { ...found, beside: { ...place, ...found.beside }, known: [deployment] }
}

function azurePlace(
  endpoint: string | undefined,
  resource: string | undefined,
): Record<string, string> | undefined {
  const host = endpoint && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const [, name = resource] = /^([\w-]+)\.openai\.azure\.com$/.exec(host?.hostname ?? '') ?? []
  if (name !== undefined) return { resource: name }
  return host && { base_url: host.origin }
}
