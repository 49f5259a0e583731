/** What `init` knows of a provider before it has asked it. */
import { baseUrlOf, fullAddress } from '../config/base-url.ts'
import { loopback } from '../config/callers.ts'
import { presetNames, presets, type Preset, type PresetName } from '../config/presets.ts'
import type { ModelType } from '../config/types.ts'
import { bareHost } from '../network/no-proxy.ts'

export interface Provider {
  preset: PresetName
  /** of its models */
  type: ModelType
  /** what people recognise it by: a variable, an address */
  foundBy: string
  /** where it lists its models; undefined where nothing does, or nobody may be asked */
  list: URL | undefined
  /** what goes into the header for keys */
  key?: string
  /** that header, where it is another than the preset's */
  header?: string
  /** the name of the variable that holds it */
  variable?: string
  /** keys of the endpoint beside name and preset */
  beside: Record<string, unknown>
  /** ids in case no list tells them */
  known: readonly string[]
  /** on this machine, where something else may listen */
  isHere: boolean
  /** its address is a default: the server may not be there */
  isGuess?: true
  /** where the same key may be at home instead */
  elsewhere?: Provider
}

/** The type of the vendor's own API. */
export function typeOf(name: PresetName): ModelType {
  return Object.keys(row(name).addresses)[0] as ModelType
}

export function row(name: PresetName): Preset {
  return presets[name]
}

/** Those that a key of the environment opens. */
export const keyed = presetNames.filter((name) => typeof row(name).auth === 'object')

/** Servers on this machine. */
export const servers = presetNames.filter((name) => row(name).auth === 'none')

export function isLoopback({ hostname }: URL): boolean {
  return loopback.test(bareHost(hostname))
}

/** The list beside the address of a type's calls. */
export function listAt(baseUrl: string, type: ModelType): URL {
  const url = fullAddress(baseUrlOf({ base_url: baseUrl }, type), type)
  url.pathname = url.pathname.replace(
    /\/(?:messages|responses|chat\/completions|models\/[^/]+)$/,
    '/models',
  )
  return url
}
