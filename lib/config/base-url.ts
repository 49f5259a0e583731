/** `base_url` as people mean it: the root of an API, the root with its version, or the full address of a type's calls. */
import { providers, type ModelType } from '../../pipelines/index.ts'
import type { Address, Endpoint } from './types.ts'

const modelsPath = '/models'
/** Calls that no type makes; an address that ends in one was copied from the wrong line. */
const otherPaths = [
  '/completions',
  '/embeddings',
  modelsPath,
  '/count_tokens',
  '/api/chat',
  '/api/generate',
]

const version = String.raw`v\d+(?:(?:alpha|beta)\d*)?`
const endsInVersion = new RegExp(`/${version}$`)
const hasVersion = new RegExp(`/${version}(?:/|$)`)

/**
 * The full address of a type's calls. Behind a root comes `/v1` and the path of the type; a version of the API's own stays, also
 * where something follows it, as Gemini's `/v1beta/openai`, unless the API has its version always right before the path. A query
 * stays (Azure's `?api-version=`). `base_url`: an http or https address.
 */
export function fullAddress(baseUrl: string, type: ModelType, call = anyCall): URL {
  const url = new URL(baseUrl.trim())
  url.hash = ''
  const root = url.pathname.replace(/\/+$/, '')
  const { path } = providers[type]
  if (typeof path === 'string') url.pathname = root + missingPath(root, type, path)
  else addCall(url, path(root.replaceAll(placeholder, '{model}'), call))
  return url
}

/** Whether a text is an address that requests can go to. */
export function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

/** The `base_url` for models of a type: with a preset each may have one of its own. */
export function baseUrlOf(
  { base_url: url, addresses }: Pick<Endpoint, 'base_url' | 'addresses'>,
  type: ModelType,
): string {
  return addresses?.[type] ?? url
}

/** `{model}` as a URL has it. */
const placeholder = /%7Bmodel%7D/gi
/** Stands for all calls where people read the address. */
const anyCall = { model: 'MODEL', isStream: false }

/** The query of a call goes behind that of the `base_url`. */
function addCall(url: URL, call: string): void {
  const [path = '', query = ''] = call.split('?')
  url.pathname = path
  url.search = [url.search.slice(1), query].filter((part) => part !== '').join('&')
}

/** The calls of all types whose address does not depend on the model. */
function fixedPaths(): string[] {
  return Object.values(providers).flatMap(({ path }) => (typeof path === 'string' ? path : []))
}

/** The URL as requests want it. */
export function addressOf({ protocol, host, hostname, port, pathname, search }: URL): Address {
  return {
    protocol,
    host,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    path: `${pathname}${search}`,
  }
}

function missingPath(root: string, type: ModelType, path: string): string {
  if (isPathOf(root, type) || otherType(root, type) !== undefined) return ''
  const { isVersionLast } = providers[type]
  const versioned = isVersionLast ? endsInVersion : hasVersion
  const isDeployment = root.includes('/deployments/')
  return versioned.test(root) || isDeployment ? path : `/v1${path}`
}

/** The path that an address ends in where another type than this one makes such calls, or none does. */
export function otherType(address: string, type: ModelType): string | undefined {
  const root = address.replace(/[?#].*$/, '').replace(/\/+$/, '')
  if (isPathOf(root, type)) return undefined
  return [...fixedPaths(), ...otherPaths].find((path) => root.endsWith(path))
}

function isPathOf(root: string, type: ModelType): boolean {
  const { path } = providers[type]
  return root.endsWith(typeof path === 'string' ? path : modelsPath)
}
