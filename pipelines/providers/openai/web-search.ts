/** Chat's `web_search_options` as the tool of Responses. */
import type { JsonObject } from '../../json/value.ts'
import { isGiven, objectAt, textAt } from '../../untrusted.ts'

const locationFields = ['city', 'region', 'country', 'timezone']

/**
 * The tool; `undefined` where no search was asked for. Chat nests the place under `approximate`,
 * Responses has it flat.
 */
export function webSearchTool(value: unknown): JsonObject | undefined {
  if (!isGiven(value)) return undefined
  const options = objectAt(value, 'web_search_options')
  const size = options.search_context_size
  const at = 'web_search_options.search_context_size'
  return {
    type: 'web_search',
    ...(isGiven(size) && { search_context_size: textAt(size, at) }),
    ...locationOf(options.user_location, 'web_search_options.user_location'),
  }
}

function locationOf(value: unknown, place: string): JsonObject {
  if (!isGiven(value)) return {}
  const outer = objectAt(value, place)
  const nested = isGiven(outer.approximate)
  const inner = nested ? objectAt(outer.approximate, `${place}.approximate`) : outer
  const known = locationFields
    .filter((name) => isGiven(inner[name]))
    .map((name) => [name, inner[name]])
  return { user_location: { type: 'approximate', ...Object.fromEntries(known) } }
}
