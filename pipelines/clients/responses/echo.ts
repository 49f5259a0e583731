/** What a response repeats of its request. */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { AnswerFormat, Sampling } from '../../neutral/request.ts'

/** Members of the response that have the request's values. */
export interface Echo {
  max_output_tokens: number | null
  metadata: Record<string, string>
  parallel_tool_calls: boolean
  previous_response_id: string | null
  prompt_cache_key: string | null
  reasoning: { effort: unknown; summary: unknown }
  service_tier: string | null
  temperature: number | null
  text: { format: { type: string } }
  tool_choice: unknown
  top_p: number | null
}

interface Read {
  total: number | undefined
  sampling: Sampling
  format: AnswerFormat | undefined
  summary: unknown
}

/** Small values only: they are held for the whole answer. `read`: what has been read of the body. */
export function echoOf(body: JsonObject, { total, sampling, format, summary }: Read): Echo {
  const { reasoning, prompt_cache_key: cacheKey, service_tier: tier } = body
  const effort = isObject(reasoning) ? reasoning.effort : undefined
  const type =
    format === undefined ? 'text' : format.type === 'json' ? 'json_object' : 'json_schema'
  return {
    max_output_tokens: total ?? null,
    metadata: metadataEcho(body.metadata),
    parallel_tool_calls: body.parallel_tool_calls !== false,
    previous_response_id: textOrNull(body.previous_response_id),
    prompt_cache_key: typeof cacheKey === 'string' ? cacheKey : null,
    reasoning: { effort: textOrNull(effort), summary: textOrNull(summary) },
    service_tier: textOrNull(tier),
    temperature: sampling.temperature ?? null,
    text: { format: { type } },
    tool_choice: choiceEcho(body.tool_choice),
    top_p: sampling.topP ?? null,
  }
}

/** OpenAI takes no more, and only shorter names. */
const mostPairs = 16
const longestValue = 512

function metadataEcho(metadata: unknown): Record<string, string> {
  const pairs = isObject(metadata) ? Object.entries(metadata) : []
  const echoed = pairs.filter((pair): pair is [string, string] => {
    const [name, value] = pair
    return typeof value === 'string' && value.length <= longestValue && name.length <= longestValue
  })
  return Object.fromEntries(echoed.slice(0, mostPairs))
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function choiceEcho(choice: unknown): unknown {
  if (!isObject(choice)) return choice ?? 'auto'
  return choice.type === 'allowed_tools' ? (choice.mode ?? 'auto') : choice
}
