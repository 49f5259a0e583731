/** What the readers of all clients do with declared tools. */
import { badRequest } from '../errors.ts'
import type { JsonObject } from '../json/value.ts'
import type { Tool } from '../neutral/request.ts'
import { isNamed } from '../neutral/tools.ts'
import { isGiven, shown } from '../untrusted.ts'

/** Tells a tool from all others of a request: by its namespace and name, one that a provider runs by all of it. */
export function keyOf(tool: Tool): string {
  if (!isNamed(tool)) return JSON.stringify(['', tool.own?.value])
  return JSON.stringify([tool.namespace ?? '', tool.name])
}

/** Which of two the model calls, nobody could tell. Throws a 400 with the place of the second. */
export function refuseTwins(tools: readonly Tool[]): void {
  const seen = new Set<string>()
  for (const tool of tools) {
    if (!isNamed(tool)) continue
    const key = keyOf(tool)
    if (seen.has(key)) {
      const at = `${tool.place}.name`
      const message = `${at} is ${shown(tool.name)}, as the name of a tool before it is; give each tool its own.`
      throw badRequest('invalid_value', at, message)
    }
    seen.add(key)
  }
}

/** Whether a search of the web is among the tools. */
export function declaresSearch(tools: readonly Tool[]): boolean {
  return tools.some((tool) => tool.kind === 'hosted' && tool.search !== undefined)
}

/** Of the place that a search is to be near to: what every API knows. */
export function searchLocation(location: JsonObject): JsonObject {
  const known = ['city', 'region', 'country', 'timezone'].filter((name) => isGiven(location[name]))
  return Object.fromEntries(known.map((name) => [name, location[name]]))
}
