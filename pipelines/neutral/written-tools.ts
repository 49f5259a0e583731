/** The tools of a request, for calls that a model writes into its text: whether a name is one of them, and what a value means. */
import { isObject, valueIn, writeJson, type JsonObject } from '../json/value.ts'
import { wrappedTool } from './free-text.ts'
import type { NeutralRequest } from './request.ts'
import type { ToolNames } from './tools.ts'

/** What a model wrote as text. */
export interface WrittenCall {
  /** the name that went up */
  name: string
  /** JSON, as a rule */
  arguments: string
}

/** Undefined where the model can call none of them. */
export function writtenTools(
  request: Pick<NeutralRequest, 'tools' | 'toolChoice'>,
  names: ToolNames,
): WrittenTools | undefined {
  const isCallable = request.tools.some(({ kind }) => kind !== 'hosted')
  return isCallable && request.toolChoice?.type !== 'none'
    ? new WrittenTools(request, names)
    : undefined
}

export class WrittenTools {
  readonly #names: ToolNames
  /** by the name that went up */
  readonly #schemas = new Map<string, JsonObject>()

  constructor({ tools }: Pick<NeutralRequest, 'tools'>, names: ToolNames) {
    this.#names = names
    for (const tool of tools) {
      if (tool.kind === 'hosted') continue
      const { schema } = tool.kind === 'custom' ? wrappedTool(tool) : tool
      this.#schemas.set(names.sent(tool.name, tool.namespace), isObject(schema) ? schema : {})
    }
  }

  /** The tool that is meant; undefined for any word that is none. */
  named(written: string): string | undefined {
    const name = this.#names.meant(written.trim())
    return this.#schemas.has(name) ? name : undefined
  }

  /** The JSON of a call whose arguments stand one by one, each as plain text. */
  argumentsOf(
    name: string,
    given: readonly (readonly [parameter: string, text: string])[],
  ): string {
    const { properties } = this.#schemas.get(name) ?? {}
    const known = isObject(properties) ? properties : {}
    const members = given.map(([parameter, text]): [string, unknown] => [
      parameter,
      valueOf(text, typesOf(Object.hasOwn(known, parameter) ? known[parameter] : undefined)),
    ])
    return writeJson(Object.fromEntries(members))
  }
}

/** Text stays text where the tool takes text; nobody else could tell the number 1 from the word. */
function valueOf(text: string, types: ReadonlySet<unknown>): unknown {
  const plain = text.trim()
  if (types.has('string')) return types.has('null') && plain === 'null' ? null : text
  if (types.size === 0) return text
  if (types.has('boolean') && /^(?:true|false)$/i.test(plain)) return /^true$/i.test(plain)
  const value = /^(?:None|null)$/.test(plain) ? null : valueIn(plain)
  return value === undefined ? text : value
}

/** All types that a schema allows, also by its alternatives; none where it names none. */
function typesOf(schema: unknown, into = new Set<unknown>()): Set<unknown> {
  if (!isObject(schema)) return into
  const { type, anyOf, oneOf, enum: values } = schema
  for (const one of Array.isArray(type) ? type : [type]) if (one !== undefined) into.add(one)
  for (const list of [anyOf, oneOf]) {
    if (Array.isArray(list)) for (const one of list) typesOf(one, into)
  }
  if (into.size === 0 && Array.isArray(values)) {
    for (const one of values) into.add(one === null ? 'null' : typeof one)
  }
  return into
}
