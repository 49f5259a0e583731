/**
 * What a tool may have besides name, description and schema. Clients write it on the tool or on its
 * `function`; some of it only Anthropic has.
 */
import type { JsonObject } from '../../json/value.ts'
import { isGiven } from '../../untrusted.ts'

/** Without a counterpart. `cache_control` changes no result and is left out without a word. */
const anthropicOnly = ['input_examples', 'eager_input_streaming']
const callers = new Set<unknown>(['direct', 'programmatic'])

export interface Members {
  kept: JsonObject
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/** `searchable`: the request has the tool that finds deferred ones; without it nobody would. */
export function membersOf(definition: JsonObject, tool: JsonObject, searchable: boolean): Members {
  const value = (name: string) => (isGiven(definition[name]) ? definition[name] : tool[name])
  const kept: JsonObject = {}
  const dropped = anthropicOnly.filter((name) => isGiven(value(name)))
  if (isGiven(value('output_schema'))) kept.output_schema = value('output_schema')
  if (value('defer_loading') === true) {
    if (searchable) kept.defer_loading = true
    else dropped.push('defer_loading')
  }
  const allowed = value('allowed_callers')
  if (isGiven(allowed)) {
    if ([allowed].flat().every((caller) => callers.has(caller))) kept.allowed_callers = allowed
    else dropped.push('allowed_callers')
  }
  return { kept, dropped }
}
