/** Schemas of tools for servers that make a grammar of them. */
import { isObject } from '../json/value.ts'

/**
 * llama.cpp, and what is built on it, makes a grammar of the schemas of all tools. One that it cannot is a refusal of every request.
 * Source: opencodex #2135, openclaw #110202 and #113562, t3code #13068, hermes-agent #67349, read 2026-11.
 */
export const grammarWords =
  /failed to parse grammar|schema conversion failed|pattern must start with|unrecogni[sz]ed schema|number of (?:rules|repetitions) (?:is|exceeds)/i

/** What a value has to fulfil besides its type: the model is no worse without, and clients check it themselves. */
const constraints = new Set([
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'patternProperties',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'contentEncoding',
  'contentMediaType',
  '$schema',
])

/** Members that are values, not schemas. */
const values = new Set(['enum', 'const', 'default', 'examples', 'required'])
/** Members whose own members are schemas by name. */
const byName = new Set(['properties', '$defs', 'definitions'])

/** The schema without them; the very same where it has none. */
export function loosened(schema: unknown): unknown {
  const loose = withoutConstraints(schema)
  return JSON.stringify(loose) === JSON.stringify(schema) ? schema : loose
}

function withoutConstraints(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutConstraints)
  if (!isObject(schema)) return schema
  const kept = Object.entries(schema).filter(([name]) => !constraints.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, memberWithout(name, value)]))
}

function memberWithout(name: string, value: unknown): unknown {
  if (values.has(name)) return value
  if (!byName.has(name) || !isObject(value)) return withoutConstraints(value)
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([key, schema]) => [key, withoutConstraints(schema)]))
}
