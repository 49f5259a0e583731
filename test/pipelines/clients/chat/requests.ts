/** Any chat request, as a chat server takes it: what our writer puts in another form is left out. */
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import {
  input,
  json,
  limit,
  listOf,
  maybe,
  pdf,
  png,
  schema,
  share,
  some,
  stops,
  withIds,
  words,
  type AnyRequest,
} from '../any-request.ts'

const chatPart = fc.oneof(
  words.map((text): JsonObject => ({ type: 'text', text })),
  fc.constantFrom<JsonObject>(
    { type: 'image_url', image_url: { url: png, detail: 'high' } },
    { type: 'image_url', image_url: { url: 'https://x/y.png' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: pdf } },
  ),
)
const chatPicture = { type: 'image_url', image_url: { url: png } }
/** of nothing but text it is a string */
const chatContent = fc.oneof(
  words,
  listOf(chatPart).map((parts) => parts.concat(chatPicture)),
)
/** Without reasoning: what has no seal is sent to nobody, and chat has none. */
interface Round {
  user: unknown
  said: string
  calls: [input: JsonObject, result: string][]
}

const round: fc.Arbitrary<Round> = fc.record({
  user: chatContent,
  said: words,
  calls: listOf(fc.tuple(input, words)),
})

function messagesOf({ user, said, calls }: Round): JsonObject[] {
  const tool_calls = calls.map(([args]) => ({
    id: 'CALL',
    type: 'function',
    function: { name: 'look', arguments: JSON.stringify(args) },
  }))
  return [
    { role: 'user', content: user },
    { role: 'assistant', content: said, ...(calls.length > 0 && { tool_calls }) },
    ...calls.map(([, content]) => ({ role: 'tool', tool_call_id: 'RESULT', content })),
  ]
}

const chatTools = fc.constant<JsonObject[]>([
  {
    type: 'function',
    function: { name: 'look', description: 'd', parameters: schema, strict: true },
  },
  { type: 'function', function: { name: 'open', parameters: { type: 'object', properties: {} } } },
])
const chatTooling = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      tools: chatTools,
      tool_choice: fc.constantFrom<unknown>('none', 'required', {
        type: 'function',
        function: { name: 'look' },
      }),
      parallel_tool_calls: fc.constant(false),
    },
    { requiredKeys: ['tools'], ...json },
  ),
)
const chatFields = some({
  max_tokens: limit,
  temperature: share,
  top_p: share,
  seed: fc.integer(),
  presence_penalty: share,
  frequency_penalty: share,
  logit_bias: fc.constant({ '42': 1 }),
  logprobs: fc.constant(true),
  stop: stops,
  response_format: fc.constantFrom<JsonObject>(
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema, strict: true } },
  ),
  reasoning_effort: fc.constantFrom('low', 'medium', 'high'),
  user: words,
})
export const chatRequests = fc
  .tuple(maybe(words), listOf(round, 1), chatFields, chatTooling)
  .map(([system, rounds, fields, tooling]): AnyRequest => {
    const messages = [
      ...system.map((content) => ({ role: 'system', content })),
      ...withIds(rounds.flatMap(messagesOf), 'call_'),
      { role: 'user', content: 'go' },
    ]
    return { model: 'qwen-9', body: { ...fields, ...tooling, messages } }
  })
