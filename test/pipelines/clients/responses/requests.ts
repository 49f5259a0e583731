/** Any Responses request, as OpenAI would write it: what our writer puts in another form is left out. */
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import {
  input,
  json,
  limit,
  listOf,
  maybe,
  pdf,
  png,
  pngData,
  schema,
  seal,
  sealed,
  share,
  some,
  unlikeNeighbours,
  withIds,
  words,
  type AnyRequest,
} from '../any-request.ts'

const inputPart = fc.oneof(
  words.map((text) => ({ type: 'input_text', text })),
  fc.constantFrom<JsonObject>(
    { type: 'input_image', image_url: png, detail: 'high' },
    { type: 'input_image', image_url: 'https://x/y.png', detail: 'auto' },
    { type: 'input_file', filename: 'a.pdf', file_data: pdf },
    { type: 'input_file', file_url: 'https://x/a.pdf' },
  ),
)
const picture: JsonObject = { type: 'input_image', image_url: png, detail: 'high' }
/** of nothing but text it is a string */
const output = fc.oneof(
  words,
  listOf(inputPart).map((parts) => parts.concat(picture)),
)
const saidItem = listOf(
  fc.oneof(
    words.map((text) => ({ type: 'output_text', text, annotations: [] })),
    words.map((refusal) => ({ type: 'refusal', refusal })),
  ),
  1,
).map((content): JsonObject => ({ type: 'message', role: 'assistant', content }))
const callItem = fc.oneof(
  input.map((args) => ({
    type: 'function_call',
    call_id: 'CALL',
    name: 'look',
    arguments: JSON.stringify(args),
  })),
  words.map((text) => ({ type: 'custom_tool_call', call_id: 'CALL', name: 'patch', input: text })),
)
const ownItem = fc.constantFrom<JsonObject>(
  {
    type: 'web_search_call',
    id: 'ws',
    status: 'completed',
    action: { type: 'search', query: 'q' },
  },
  { type: 'image_generation_call', id: 'ig', status: 'completed', result: pngData },
  { type: 'mcp_call', id: 'mcp', server_label: 's', name: 'n', arguments: '{}', output: 'x' },
)

function reasoningItem(model: string): JsonObject {
  const made: Reasoning = {
    kind: 'summary',
    maker: 'openai-responses-v1',
    text: 'plan',
    seal: { data: sealed },
  }
  const summary = [{ type: 'summary_text', text: 'plan' }]
  return { type: 'reasoning', summary, encrypted_content: seal(made, model) }
}

/** What one says, what the other answers, and what comes of its calls. */
interface Round {
  user: JsonObject[]
  instruction: string[]
  reasoning: JsonObject[]
  said: JsonObject[]
  calls: [call: JsonObject, output: unknown][]
}

function roundOf(model: string): fc.Arbitrary<Round> {
  return fc.record({
    user: listOf(inputPart, 1),
    instruction: maybe(words),
    reasoning: maybe(fc.constant(reasoningItem(model))),
    said: listOf(fc.oneof(saidItem, ownItem), 1).map(unlikeNeighbours),
    calls: listOf(fc.tuple(callItem, output)),
  })
}

function itemsOf({ user, instruction, reasoning, said, calls }: Round): JsonObject[] {
  const [text] = instruction
  const content = [{ type: 'input_text', text }]
  return [
    { type: 'message', role: 'user', content: user },
    ...(text === undefined ? [] : [{ type: 'message', role: 'developer', content }]),
    ...reasoning,
    ...said,
    ...calls.map(([call]) => call),
    ...calls.map(([call, given]) => ({
      type: `${String(call.type)}_output`,
      call_id: 'RESULT',
      output: given,
    })),
  ]
}

const responsesTools = fc.constant<JsonObject[]>([
  { type: 'function', name: 'look', description: 'd', parameters: schema, strict: true },
  { type: 'function', name: 'open', parameters: { type: 'object', properties: {} }, strict: false },
  {
    type: 'custom',
    name: 'patch',
    description: 'p',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
  },
  {
    type: 'web_search',
    filters: { allowed_domains: ['x.org'] },
    search_context_size: 'low',
    user_location: { type: 'approximate', country: 'DE' },
  },
  { type: 'file_search', vector_store_ids: ['v'] },
])
const responsesTooling = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      tools: responsesTools,
      tool_choice: fc.constantFrom<unknown>(
        'auto',
        'none',
        'required',
        { type: 'function', name: 'look' },
        { type: 'custom', name: 'patch' },
        { type: 'web_search' },
        { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'look' }] },
      ),
      parallel_tool_calls: fc.constant(false),
    },
    { requiredKeys: ['tools'], ...json },
  ),
)
const jsonSchema = { type: 'json_schema', name: 'n', description: 'd', schema, strict: true }
const format = fc.constantFrom<JsonObject>({ type: 'json_object' }, jsonSchema)
const responsesFields = some({
  instructions: words,
  max_output_tokens: limit,
  metadata: fc.constant({ a: 'b' }),
  safety_identifier: words,
  prompt_cache_key: words,
  service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
})
const modelsOfResponses: Record<string, fc.Arbitrary<JsonObject>> = {
  'gpt-4.1': some({
    temperature: share,
    top_p: share,
    text: fc.record({ format }, json),
  }),
  'gpt-5.1': fc.record(
    {
      include: fc.constant(['reasoning.encrypted_content']),
      text: fc.record({ format, verbosity: fc.constantFrom('low', 'high') }, json),
      reasoning: fc.record({
        effort: fc.constantFrom('low', 'high'),
        summary: fc.constant('auto'),
      }),
    },
    { requiredKeys: ['include'], ...json },
  ),
}

export const responsesRequests = fc.constantFrom(...Object.keys(modelsOfResponses)).chain((model) =>
  fc
    .tuple(listOf(roundOf(model), 1), responsesFields, responsesTooling, modelsOfResponses[model]!)
    .map(([rounds, fields, tooling, more]): AnyRequest => {
      const last = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go' }] }
      const history = withIds([...rounds.flatMap(itemsOf), last], 'call_')
      return { model, body: { ...fields, ...tooling, ...more, input: history } }
    }),
)
