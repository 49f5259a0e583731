/** Whatever JSON a client sends, the answer is a body or a 400 that names a place. */
import { test } from 'node:test'
import * as fc from 'fast-check'
import { assertMapsOrRefuses, likelyJson } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const likelyWords =
  'text image_url file image document base64 url tool_use tool_result user assistant tool system ' +
  'function custom grammar reasoning.encrypted rs_1 c1 data:image/png;base64,AA allowed_tools ' +
  'function_call function_call_output reasoning input_file input_image /9j/4AAQ resource any'
const likelyKeys =
  'type text image_url url detail file file_data filename source data media_type id name input ' +
  'content role function arguments parameters tool_use_id tool_calls tool_call_id summary index ' +
  'at tools format grammar schema json_schema strict __proto__ toString allowed_tools mode ' +
  'call_id output encrypted_content mime_type metadata resource'

const { words, json, tree, likelyMessage } = likelyJson(likelyWords, likelyKeys)
const message = likelyMessage({ refusal: fc.oneof(words, fc.constant(null)) })
const request = fc.record(
  {
    messages: fc.array(fc.oneof(message, tree), { maxLength: 4 }),
    tools: fc.oneof(fc.array(tree, { maxLength: 3 }), json),
    functions: tree,
    tool_choice: tree,
    function_call: tree,
    parallel_tool_calls: json,
    response_format: tree,
    verbosity: tree,
    stop: tree,
    stream_options: tree,
    web_search_options: tree,
    reasoning: tree,
    reasoning_effort: tree,
    temperature: json,
    max_tokens: json,
    logprobs: json,
    service_tier: tree,
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('§1.1 the answer is a body or a 400 that names a place, and the request is not changed', () => {
  const models = fc.constantFrom('gpt-4.1', 'gpt-5')
  assertMapsOrRefuses(request, models, (given, id) => ask(given, { model: { id } }))
})
