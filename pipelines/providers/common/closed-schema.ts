/** Whether a schema can be strict. Source: OpenAI, "Structured outputs", "Supported schemas", read 2026-11. */
import { isObject } from '../../json/value.ts'

/** Every object in it takes the properties that it names and no others, and requires them all. */
export function isClosed(schema: unknown): boolean {
  const waiting: unknown[] = [schema]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (Array.isArray(node)) waiting.push(...(node as unknown[]))
    else if (isObject(node)) {
      if (!isClosedNode(node)) return false
      // a property may have any name, `properties` included
      const named = [node.properties, node.$defs, node.definitions].filter(isObject)
      waiting.push(...named.flatMap(Object.values), [
        node.items,
        node.anyOf,
        node.allOf,
        node.oneOf,
      ])
    }
  }
  return isObject(schema)
}

function isClosedNode({
  type,
  properties,
  required,
  additionalProperties,
}: Record<string, unknown>): boolean {
  const isObjectType = type === 'object' || (Array.isArray(type) && type.includes('object'))
  if (!isObjectType && !isObject(properties)) return true
  const names = isObject(properties) ? Object.keys(properties) : []
  const needed: unknown[] = Array.isArray(required) ? required : []
  return additionalProperties === false && names.every((name) => needed.includes(name))
}
