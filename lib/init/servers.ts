/** Servers on this machine, each where its vendor has it listen. */
import type { PresetName } from '../config/presets.ts'
import type { Search } from './keys.ts'
import { isLoopback, listAt, row, servers, typeOf, type Provider } from './provider.ts'

/** By preset, such as `http://127.0.0.1:11434`. */
export type Places = Partial<Record<PresetName, string>>

export const usualPlaces: Places = Object.fromEntries(
  servers.map((name) => [name, addressOf(name)]),
)

function addressOf(name: PresetName): string {
  return new URL(Object.values(row(name).addresses)[0]!).origin
}

/** Where each may be; whether it is there shows only when it is asked. `OLLAMA_HOST` is where Ollama's own programs look. */
export function serversAt(places: Places, { get, wanted }: Search): Provider[] {
  const looked = servers.filter((name) => !wanted || wanted.has(name))
  return looked.flatMap((name) => {
    const own = name === 'ollama' ? ollamaHost(get('OLLAMA_HOST')) : undefined
    const origin = own ?? places[name]
    return origin === undefined ? [] : serverAt(name, origin, get, own === undefined)
  })
}

function serverAt(
  name: PresetName,
  origin: string,
  get: Search['get'],
  isGuess: boolean,
): Provider {
  const { optionalKey: variable, known } = row(name)
  const key = variable === undefined ? undefined : get(variable)
  const isUsual = origin === addressOf(name)
  return {
    preset: name,
    type: typeOf(name),
    foundBy: origin,
    list: listAt(origin, typeOf(name)),
    ...(key !== undefined && { key, variable: variable! }),
    beside: {
      ...(!isUsual && { base_url: origin }),
      ...(key !== undefined && { auth: { env: variable } }),
    },
    known,
    isHere: isLoopback(new URL(origin)),
    ...(isGuess && { isGuess }),
  }
}

/** `HOST`, `HOST:PORT` or an address; the one that a server listens on for all is here. */
function ollamaHost(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  // a port alone is one of this machine's
  const named = text.replace(/^:(?=\d)/, '127.0.0.1:')
  const bare = named.includes('://') ? named : `http://${named}`
  if (!URL.canParse(bare)) return undefined
  const url = new URL(bare)
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1'
  const hasPort = /:\d+\/?$/.test(bare)
  if (!hasPort && url.protocol === 'http:') url.port = '11434'
  return url.origin
}
