/** What the readers of all clients do with declared tools. */
import type { JsonObject } from '../json/value.ts'
import type { Tool } from '../neutral/request.ts'
import { isNamed } from '../neutral/tools.ts'
import { isGiven, twinTool } from '../untrusted.ts'

/** Tells a tool from all others of a request: by its namespace and name, one that a provider runs by all of it. */
export function keyOf(tool: Tool): string {
  if (!isNamed(tool)) return JSON.stringify(['', tool.own?.value])
  return JSON.stringify([tool.namespace ?? '', tool.name])
}

/** Throws a 400 with the place of the second of two. */
export function refuseTwins(tools: readonly Tool[]): void {
  const seen = new Set<string>()
  for (const tool of tools) {
    if (!isNamed(tool)) continue
    const key = keyOf(tool)
    if (seen.has(key)) throw twinTool(tool.name, tool.place)
    seen.add(key)
  }
}

/** The types of OpenAI's own search of the web. */
export const openAiSearch = /^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/

/** Whether a search of the web is among the tools. */
export function declaresSearch(tools: readonly Tool[]): boolean {
  return tools.some((tool) => tool.kind === 'hosted' && tool.search !== undefined)
}

/** Of the place that a search is to be near to: what every API knows. */
export function searchLocation(location: JsonObject): JsonObject {
  const known = ['city', 'region', 'country', 'timezone'].filter((name) => isGiven(location[name]))
  return Object.fromEntries(known.map((name) => [name, location[name]]))
}
