/** Any Messages request, as Anthropic would write it: what our writer puts in another form is left out. */
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import {
  input,
  json,
  limit,
  listOf,
  maybe,
  pdfData,
  pngData,
  schema,
  seal,
  sealed,
  share,
  some,
  stops,
  withIds,
  words,
  type AnyRequest,
} from '../any-request.ts'

const mark = { cache_control: { type: 'ephemeral' } }
const pngBlock = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: pngData },
}

function textBlock(text: string): JsonObject {
  return { type: 'text', text }
}

function markedText(text: string): JsonObject {
  return { ...textBlock(text), ...mark }
}

const userBlock = fc.oneof(
  words.map(textBlock),
  words.map(markedText),
  fc.constantFrom<JsonObject>(
    pngBlock,
    { type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
    {
      type: 'document',
      title: 'T',
      source: { type: 'base64', media_type: 'application/pdf', data: pdfData },
    },
    { type: 'document', source: { type: 'url', url: 'https://x/a.pdf' } },
    {
      type: 'document',
      title: 'T',
      source: { type: 'text', media_type: 'text/plain', data: 'plain' },
    },
    { type: 'search_result', title: 'T', source: 'S', content: [textBlock('found')] },
  ),
)
const resultContent = fc.oneof(
  words,
  listOf(fc.oneof(words.map(textBlock), fc.constant(pngBlock)), 1),
)
const ownBlocks = fc.constant<JsonObject[]>([
  { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } },
  { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
])

function thinkingBlock(model: string): JsonObject {
  const made: Reasoning = {
    kind: 'thinking',
    maker: 'anthropic-claude-v1',
    text: 'plan',
    seal: { signature: sealed },
  }
  return { type: 'thinking', thinking: 'plan', signature: seal(made, model) }
}

/** What one says, what the other answers, and what comes of its calls. */
interface Round {
  user: JsonObject[]
  thinking: JsonObject[]
  own: JsonObject[][]
  said: JsonObject
  calls: [input: JsonObject, content: unknown, isError: boolean][]
}

function roundOf(model: string): fc.Arbitrary<Round> {
  return fc.record({
    user: listOf(userBlock, 1),
    thinking: maybe(fc.constant(thinkingBlock(model))),
    own: maybe(ownBlocks),
    said: words.map(textBlock),
    calls: listOf(fc.tuple(input, resultContent, fc.boolean())),
  })
}

function messagesOf({ user, thinking, own, said, calls }: Round): JsonObject[] {
  const uses = calls.map(([args]) => ({ type: 'tool_use', id: 'CALL', name: 'look', input: args }))
  return [
    { role: 'user', content: user },
    { role: 'assistant', content: [...thinking, ...own.flat(), said, ...uses] },
    ...(calls.length === 0 ? [] : [{ role: 'user', content: calls.map(resultBlock) }]),
  ]
}

function resultBlock([, content, isError]: [unknown, unknown, boolean]): JsonObject {
  const error = isError ? { is_error: true } : {}
  return { type: 'tool_result', tool_use_id: 'RESULT', content, ...error }
}

/** Neighbours of the user's are one turn, results first. */
function mergedUsers(messages: JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = []
  for (const message of messages) {
    const last = merged.at(-1)
    if (last?.role !== message.role) merged.push(message)
    else last!.content = [...(last!.content as unknown[]), ...(message.content as unknown[])]
  }
  return merged
}

const messagesTools = fc.constant<JsonObject[]>([
  {
    name: 'look',
    description: 'Looks.',
    input_schema: schema,
    input_examples: [{ a: 'b' }],
    ...mark,
  },
  { type: 'web_search_20250305', name: 'web_search', max_uses: 2, blocked_domains: ['x.org'] },
  { type: 'bash_20250124', name: 'bash' },
])
/** The API refuses calls in the history without tools, so that the writer declares some. */
const messagesTooling = fc.record(
  {
    tools: messagesTools,
    tool_choice: fc.constantFrom(
      { type: 'auto' },
      { type: 'auto', disable_parallel_tool_use: true },
      { type: 'none' },
    ),
  },
  { requiredKeys: ['tools'], ...json },
)
const messagesFields = some({
  system: listOf(fc.oneof(words.map(textBlock), words.map(markedText)), 1),
  stop_sequences: stops,
  metadata: fc.constant({ user_id: 'me' }),
  service_tier: fc.constantFrom('auto', 'standard_only'),
  container: fc.constant('c'),
  inference_geo: fc.constant('eu'),
})
const modelsOfMessages: Record<string, fc.Arbitrary<JsonObject>> = {
  'claude-sonnet-4-5': fc.oneof(
    some({ temperature: share, top_k: fc.integer({ min: 1, max: 40 }) }),
    some({ top_p: share }),
    fc.constant({ thinking: { type: 'enabled', budget_tokens: 1500 } }),
  ),
  'claude-opus-4-8': some({
    thinking: fc.constantFrom({ type: 'adaptive' }, { type: 'adaptive', display: 'summarized' }),
    output_config: fc.record(
      {
        effort: fc.constantFrom('low', 'high', 'max'),
        format: fc.constant({ type: 'json_schema', schema }),
      },
      json,
    ),
  }),
}
export const messagesRequests = fc.constantFrom(...Object.keys(modelsOfMessages)).chain((model) =>
  fc
    .tuple(
      listOf(roundOf(model), 1),
      limit,
      messagesFields,
      messagesTooling,
      modelsOfMessages[model]!,
    )
    .map(([rounds, max_tokens, fields, tooling, more]): AnyRequest => {
      const last = { role: 'user', content: [textBlock('go')] }
      const messages = mergedUsers(withIds([...rounds.flatMap(messagesOf), last], 'toolu_'))
      return { model, body: { max_tokens, ...fields, ...tooling, ...more, messages } }
    })
    // the API takes no more marks than four
    .filter(({ body }) => JSON.stringify(body).split('"cache_control"').length <= 5),
)
