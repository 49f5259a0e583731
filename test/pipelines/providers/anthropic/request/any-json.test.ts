/** Whatever JSON a client sends, the answer is a body or a 400 that names a place. */
import { test } from 'node:test'
import * as fc from 'fast-check'
import { assertMapsOrRefuses, likelyJson } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const models = fc.constantFrom('claude-opus-4-5', 'claude-opus-4-8', 'claude-opus-5-5', 'kimi')
const likelyWords =
  'text image_url file tool_use tool_result thinking user assistant tool system function custom ' +
  'c1 data:image/png;base64,AA https://x.test object json_schema enabled allowed_tools required ' +
  'image document input_file input_image base64 /9j/4AAQ function_call function_call_output ' +
  'reasoning any auto effort high none tool_result resource JVBERi0x'
const likelyKeys =
  'type text image_url url file file_data id name input content role function arguments ' +
  'parameters anyOf properties required tool_use_id tool_calls tool_call_id reasoning_details ' +
  'thinking_blocks cache_control schema json_schema format strict __proto__ toString $ref ' +
  'allowed_tools tools mode source data media_type mime_type call_id output effort enabled ' +
  'max_tokens exclude defer_loading items $defs is_error metadata text resource'

const { words, json, tree, likelyMessage } = likelyJson(likelyWords, likelyKeys)
const message = likelyMessage()
const definition = fc.record({ name: words, parameters: tree, strict: fc.boolean() })
const tool = fc.record({ type: fc.constant('function'), function: definition })
const format = fc.record({
  type: fc.constant('json_schema'),
  json_schema: fc.record({ schema: tree }),
})
const request = fc.record(
  {
    messages: fc.array(fc.oneof(message, tree), { maxLength: 4 }),
    tools: fc.oneof(fc.array(fc.oneof(tool, tree), { maxLength: 3 }), json),
    functions: tree,
    tool_choice: tree,
    function_call: tree,
    response_format: fc.oneof(format, tree),
    stop: tree,
    user: tree,
    metadata: tree,
    web_search_options: tree,
    reasoning: tree,
    reasoning_effort: tree,
    output_config: tree,
    thinking: tree,
    temperature: json,
    max_tokens: json,
    service_tier: tree,
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('§1.1 the answer is a body or a 400 that names a place, and the request is not changed', () => {
  assertMapsOrRefuses(request, models, (given, id) => ask(given, { model: { id } }))
})
