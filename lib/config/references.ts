/** `${VAR}`, `${VAR:-default}` and `${file:/path}` in the texts of a configuration. */
import path from 'node:path'
import { isObject } from '../../pipelines/json/value.ts'
import type { Settings } from './env-files.ts'
import { readSeen } from './seen-files.ts'
import { whyUnreadable } from './text-file.ts'

export interface Expanded {
  value: unknown
  /** what the references stood for, where it may be a secret */
  secrets: string[]
  /** the places that a reference has filled: what is found wrong there is not shown */
  places: Set<string>
}

interface Expansion extends Expanded {
  from: Pick<Settings, 'get' | 'seen'>
  fault: (place: string, text: string) => void
}

const reference = /\$(\$)?\{([^}]*)\}?/g
/** The default is that of a shell, of Compose and of Claude Code. It holds no reference, which would end at its own brace. */
const variable = /^([A-Za-z_]\w*)(?::-((?!.*\$\{).*))?$/s

/** Keys whose values are public, since every log has them. */
const publicKeys = new Set([
  'name',
  'id',
  'type',
  'endpoint',
  'host',
  'upstream_id',
  'provider',
  'preset',
  'resource',
  'log_level',
])

/** Ways to write a reference that other programs have; as a key or an address such a text means nothing. */
const foreign =
  /^(?:\$[A-Z_][A-Z0-9_]*|\$env:\w+|%\w+%|\{\{.*\}\}|\{(?:env|file):.*\}|os\.environ\/\w+|\$\(.*\))$/s

/** Whether a value of the environment is a reference that nothing has expanded. */
export function isReference(text: string): boolean {
  return foreign.test(text) || /\$\{[^}]*\}/.test(text)
}

/**
 * Every text of the value with its references filled in, once: the value of a reference is not expanded again.
 * `$${` is a literal `${`. Faults go to `fault`, with their place and never with a value.
 */
export function expandReferences(
  value: unknown,
  from: Pick<Settings, 'get' | 'seen'>,
  fault: (place: string, text: string) => void,
): Expanded {
  const expansion: Expansion = { value, secrets: [], places: new Set(), from, fault }
  return { ...expansion, value: expandAt(value, '', '', expansion) }
}

function expandAt(value: unknown, place: string, key: string, to: Expansion): unknown {
  if (typeof value === 'string') return expandText(value, place, key, to)
  if (Array.isArray(value)) {
    return value.map((item, index) => expandAt(item, `${place}[${index}]`, key, to))
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    expandAt(member, place ? `${place}.${name}` : name, name, to),
  ])
  return Object.fromEntries(entries)
}

function expandText(text: string, place: string, key: string, to: Expansion): unknown {
  if (isSecretOrAddress(place) && foreign.test(text)) {
    to.fault(
      place,
      'is a reference as other programs write it; here it is ${NAME} or ${file:/path}',
    )
    return text
  }
  if (!text.includes('${')) return text
  const found: string[] = []
  const filled = text.replace(reference, (whole, literal: string | undefined, inner: string) => {
    if (literal) return whole.slice(1)
    const name = whole.endsWith('}') ? inner : '{'
    const one = whole === text.trim() ? wholeValue(name, place, to) : partOf(name, place, to)
    // a default stands in the file for everybody to read
    if (one && !whole.endsWith(`:-${one}}`)) found.push(one)
    return one ?? ''
  })
  if (found.length > 0) {
    to.places.add(place)
    if (place.includes('.headers.') || !isPublic(key, found, filled)) to.secrets.push(...found)
  }
  return filled
}

function wholeValue(name: string, place: string, to: Expansion): string | undefined {
  return name.startsWith('file:') ? fromFile(name.slice(5), place, to) : partOf(name, place, to)
}

function partOf(name: string, place: string, to: Expansion): string | undefined {
  if (name.startsWith('file:')) {
    to.fault(place, 'has ${file:…} beside other text; it stands alone')
    return undefined
  }
  const [, set = '', otherwise] = variable.exec(name) ?? []
  if (set === '') {
    to.fault(
      place,
      'has a ${ that is no reference: write ${NAME}, ${file:/path}, or $${ for the text itself',
    )
    return undefined
  }
  const value = to.from.get(set) ?? otherwise
  if (value === undefined) to.fault(place, `refers to the variable ${set}, which is not set`)
  return value
}

function fromFile(file: string, place: string, to: Expansion): string | undefined {
  if (!path.isAbsolute(file)) {
    to.fault(place, 'refers to a file by a path that is not absolute: write ${file:/path}')
    return undefined
  }
  try {
    const text = readSeen(file, to.from.seen).trim()
    if (text === '') to.fault(place, `refers to the file ${file}, which is empty`)
    return text || undefined
  } catch (error) {
    to.fault(place, `refers to the file ${file}: ${whyUnreadable(error)}`)
    return undefined
  }
}

function isSecretOrAddress(place: string): boolean {
  return /^api_keys\[|^admin_key$|^clients\[\d+\]\.key$|^accounts\[|\.headers\.|\.base_url$|^auth\./.test(
    place,
  )
}

/** An address is one unless it holds a user or a query. */
function isPublic(key: string, found: string[], filled: string): boolean {
  if (publicKeys.has(key)) return true
  if (key !== 'base_url' && key !== 'token_url') return false
  return found.every((one) => filled.startsWith(one) && isPlainAddress(one))
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, search } = new URL(text)
  return username + password + search === ''
}
