/** Whatever JSON a client sends, the answer is a body or a 400 that names a place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../../lib/errors.ts'
import { ask } from './ask.ts'

const models = fc.constantFrom('claude-opus-4-5', 'claude-opus-4-8', 'claude-opus-5-5', 'kimi')
const likelyWords =
  'text image_url file tool_use tool_result thinking user assistant tool system function custom ' +
  'c1 data:image/png;base64,AA https://x.test object json_schema enabled allowed_tools required'
const likelyKeys =
  'type text image_url url file file_data id name input content role function arguments ' +
  'parameters anyOf properties required tool_use_id tool_calls tool_call_id reasoning_details ' +
  'thinking_blocks cache_control schema json_schema format strict __proto__ toString $ref ' +
  'allowed_tools tools mode'

const words = fc.constantFrom(...likelyWords.split(' '))
const keys = fc.constantFrom(...likelyKeys.split(' '))
const json = fc.jsonValue({ maxDepth: 4 })
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    words,
    json,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))
const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'function'),
  content: tree,
  tool_calls: fc.oneof(fc.array(tree, { maxLength: 2 }), fc.constant(null)),
  reasoning_details: tree,
  name: words,
  tool_call_id: words,
})
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
    thinking: tree,
    temperature: json,
    max_tokens: json,
    service_tier: tree,
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('the answer is a body or a 400 that names a place, and the request is not changed', () => {
  fc.assert(
    fc.property(request, models, (given, id) => {
      const before = JSON.stringify(given)
      try {
        ask(given, { model: { id } })
      } catch (error) {
        assert.ok(error instanceof ProxyError, String(error))
        assert.equal(error.status, 400)
        assert.ok(error.param)
      }
      assert.equal(JSON.stringify(given), before)
    }),
    { numRuns: 5000 },
  )
})
