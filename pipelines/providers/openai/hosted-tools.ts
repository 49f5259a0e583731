/** Tools that a provider runs itself: the API's own, and what Anthropic's stand for. */
import type { JsonObject } from '../../json/value.ts'
import { isGiven } from '../../untrusted.ts'
import { webSearchTool } from './web-search.ts'

/** Anthropic's carry the date of their version in the type. */
const anthropicType = /_\d{8}$|^mcp_toolset$/

/** `undefined` for a tool that only Anthropic runs. */
export function hostedTool(tool: JsonObject, type: string): JsonObject | undefined {
  if (!anthropicType.test(type)) return tool
  if (!type.startsWith('web_search_')) return undefined
  const { user_location, allowed_domains } = tool
  const search = webSearchTool({ user_location })
  return isGiven(allowed_domains) ? { ...search, filters: { allowed_domains } } : search
}
