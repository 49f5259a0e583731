/** `base_url` as people mean it: the root of an API, the root with its version, or the full address of a type's calls. */
import { providers, type ModelType } from '../../pipelines/index.ts'
import type { Address } from './types.ts'

/** Calls that no type makes; an address that ends in one was copied from the wrong line. */
const otherPaths = [
  '/completions',
  '/embeddings',
  '/models',
  '/count_tokens',
  '/api/chat',
  '/api/generate',
]

const version = String.raw`v\d+(?:(?:alpha|beta)\d*)?`
const endsInVersion = new RegExp(`/${version}$`)
const hasVersion = new RegExp(`/${version}(?:/|$)`)

/**
 * The full address of a type's calls. Behind a root comes `/v1` and the path of the type; a version of the API's own stays, also
 * where something follows it, as Gemini's `/v1beta/openai`, unless the API has its version always right before the path. A query stays (Azure's `?api-version=`). `base_url`: an http or https address.
 */
export function fullAddress(baseUrl: string, type: ModelType): URL {
  const url = new URL(baseUrl.trim())
  url.hash = ''
  const root = url.pathname.replace(/\/+$/, '')
  url.pathname = root + missingPath(root, type)
  return url
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

function missingPath(root: string, type: ModelType): string {
  if (isPathOf(root, type) || otherType(root, type) !== undefined) return ''
  const { path, isVersionLast } = providers[type]
  const versioned = isVersionLast ? endsInVersion : hasVersion
  const isDeployment = root.includes('/deployments/')
  return versioned.test(root) || isDeployment ? path : `/v1${path}`
}

/** The path that an address ends in where another type than this one makes such calls, or none does. */
export function otherType(address: string, type: ModelType): string | undefined {
  const root = address.replace(/[?#].*$/, '').replace(/\/+$/, '')
  if (isPathOf(root, type)) return undefined
  const paths = Object.values(providers).map(({ path }) => path)
  return [...paths, ...otherPaths].find((path) => root.endsWith(path))
}

function isPathOf(root: string, type: ModelType): boolean {
  return root.endsWith(providers[type].path)
}
