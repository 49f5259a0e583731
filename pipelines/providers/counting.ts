/**
 * How APIs count the tokens of a request that they do not answer. Source: Anthropic API reference "Count tokens in a Message", OpenAI
 * API reference "Get input token counts", Gemini API and Vertex AI API reference "countTokens", read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'

export interface Counting {
  /** path and query of the count, from those of a call; undefined where such a call has none */
  path: (path: string) => string | undefined
  /** what the count takes of a request: what it does not know, it refuses. `path`: of the count */
  body: (request: JsonObject, path: string) => JsonObject
  /** the member of the answer that is the count */
  member: string
}

export const anthropicCounting = countingBelow('/count_tokens', [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
])

export const openaiCounting = countingBelow('/input_tokens', [
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
])

const call = /:generateContent(?=\?|$)/
const modelIn = /(?:models|tunedModels)\/[^/:?]+(?=:countTokens)/
const vertex = /\/publishers\//

/**
 * Gemini's own API counts a whole request only inside a member of its own, which names the model again; Vertex AI takes it as it is.
 * Factory's address, where the model stands in the body, has no count.
 */
export const googleCounting: Counting = {
  path: (path) => (call.test(path) ? path.replace(call, ':countTokens') : undefined),
  body: (request, path) => {
    const counted = only(request, ['contents', 'systemInstruction', 'tools'])
    if (vertex.test(path)) return counted
    const model = modelIn.exec(path)?.[0]
    return { generateContentRequest: { ...(model !== undefined && { model }), ...counted } }
  },
  member: 'totalTokens',
}

/** Behind the path of a call, in front of its query. */
function countingBelow(subPath: string, members: readonly string[]): Counting {
  return {
    path: (path) => path.replace(/(?=\?|$)/, subPath),
    body: (request) => only(request, members),
    member: 'input_tokens',
  }
}

function only(request: JsonObject, members: readonly string[]): JsonObject {
  const given = members.filter((name) => request[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, request[name]]))
}
