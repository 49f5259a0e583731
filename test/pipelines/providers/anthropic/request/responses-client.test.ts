/** Requests of Responses clients as Messages requests: what only they bring along. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Model } from '../../../../../lib/config/types.ts'
import { readResponses } from '../../../../../pipelines/clients/responses/read.ts'
import { ProxyError } from '../../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../../../pipelines/neutral/reasoning.ts'
import { sealReasoning } from '../../../../../pipelines/neutral/seal.ts'
import { writeMessages } from '../../../../../pipelines/providers/anthropic/write.ts'

function ask(body: JsonObject, model: Partial<Model> = {}) {
  const entry: Model = {
    name: 'test',
    id: 'claude-opus-4-5',
    type: 'anthropic',
    reasoning: 'auto',
    ...model,
  }
  const { request } = readResponses({ model: entry.id, input: 'x', ...body })
  const systemPrompt = 'Operator.'
  return writeMessages(request, {
    model: entry,
    endpoint: 'e',
    systemPrompt,
    headers: {},
    stream: true,
  })
}

function refusal(body: JsonObject): ProxyError {
  try {
    ask(body)
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
  throw new Error('the request was not refused')
}

const plain = { type: 'function', name: 'shell', parameters: { type: 'object' } }
const patch = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Patches.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
}
const mcp = { type: 'namespace', name: 'mcp__files', tools: [{ type: 'function', name: 'read' }] }
const user = { role: 'user', content: 'x' }

test('§5.5 an open limit is the cap of the model, else 32000', () => {
  assert.equal(ask({}).body.max_tokens, 64_000)
  assert.equal(ask({}, { max_output_tokens: 5000 }).body.max_tokens, 5000)
  assert.equal(ask({}, { id: 'glm-5' }).body.max_tokens, 32_000)
  assert.equal(ask({ max_output_tokens: 7 }).body.max_tokens, 7)
})

test('§5.5 under an open limit a budget is within the cap', () => {
  const { max_tokens, thinking } = ask({ reasoning: { effort: 'high' } }).body

  assert.deepEqual([max_tokens, thinking], [64_000, { type: 'enabled', budget_tokens: 24_576 }])
})

test('§12.1 a tool in a namespace goes up flat, and comes back with both', () => {
  const { body, names } = ask({
    tools: [plain, mcp],
    tool_choice: { type: 'function', name: 'read' },
    input: [
      user,
      {
        type: 'function_call',
        call_id: 'c',
        name: 'read',
        namespace: 'mcp__files',
        arguments: '{}',
      },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
    ],
  })

  assert.deepEqual(
    body.tools?.map(({ name }) => name),
    ['shell', 'mcp__files__read'],
  )
  assert.deepEqual(body.tool_choice, { type: 'tool', name: 'mcp__files__read' })
  assert.equal(body.messages[1]?.content[0]?.name, 'mcp__files__read')
  assert.deepEqual(names?.own('mcp__files__read'), {
    kind: 'function',
    name: 'read',
    namespace: 'mcp__files',
  })
})

test('§12.1 a name that Claude does not take goes up as another', () => {
  const { body, names } = ask({ tools: [{ type: 'function', name: 'files.read' }] })
  const sent = String(body.tools?.[0]?.name)

  assert.match(sent, /^files_read_[0-9a-f]{8}$/)
  assert.equal(names?.own(sent)?.name, 'files.read')
})

test('§12.1 plain tools come back as they went up', () => {
  assert.ok(ask({ tools: [plain] }).names.changeNothing)
})

test('§12.2 a tool that takes free text is a function of one string', () => {
  const { body, names } = ask({
    tools: [patch],
    tool_choice: { type: 'custom', name: 'apply_patch' },
    input: [
      user,
      { type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input: '*** Begin' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'ok' },
    ],
  })
  const [tool] = body.tools ?? []

  assert.equal(
    tool?.description,
    'Patches.\n\nThe tool takes one string as it is, in "input".\n\nThat string follows this lark grammar:\nstart: "x"',
  )
  assert.deepEqual(tool.input_schema, {
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  })
  assert.deepEqual(body.tool_choice, { type: 'tool', name: 'apply_patch' })
  assert.deepEqual(body.messages[1]?.content[0]?.input, { input: '*** Begin' })
  assert.equal(names?.own('apply_patch')?.kind, 'custom')
})

test('§12.3 a deferred tool is declared once a search has loaded it', () => {
  const tools = [
    { ...plain, defer_loading: true },
    { type: 'tool_search', execution: 'client' },
  ]
  const found = {
    type: 'tool_search_output',
    call_id: 'c',
    execution: 'client',
    tools: [tools[0]],
  }
  const search = { type: 'tool_search_call', call_id: 'c', execution: 'client', arguments: {} }
  const declared = (input: unknown) => ask({ tools, input }).body.tools?.map(({ name }) => name)

  assert.deepEqual(declared([user]), ['tool_search'])
  assert.deepEqual(declared([user, search, found]), ['shell', 'tool_search'])
})

test('§12.4 tools of the Responses API are functions with a schema', () => {
  const { body } = ask({ tools: [{ type: 'local_shell' }] })

  assert.equal(body.tools?.[0]?.name, 'local_shell')
  assert.deepEqual((body.tools[0].input_schema as JsonObject).required, ['command'])
})

test('§5.7 a search beside other tools goes up only where the operator lets it', () => {
  const tools = [plain, { type: 'web_search' }]
  const names = (model: Partial<Model>) => {
    const { body, dropped } = ask({ tools }, model)
    return [body.tools?.map(({ name }) => name), dropped]
  }

  assert.deepEqual(names({}), [['shell'], ['tools.web_search']])
  assert.deepEqual(names({ web_search: true }), [['shell', 'web_search'], []])
})

test('§5.7 a search alone, or chosen, goes up', () => {
  const alone = ask({ tools: [{ type: 'web_search', filters: { blocked_domains: ['a'] } }] })
  const chosen = ask({
    tools: [plain, { type: 'web_search' }],
    tool_choice: { type: 'web_search' },
  })

  assert.deepEqual(alone.body.tools, [
    { type: 'web_search_20250305', name: 'web_search', blocked_domains: ['a'] },
  ])
  assert.deepEqual(chosen.body.tool_choice, { type: 'tool', name: 'web_search' })
})

test('§5.7 tools that OpenAI runs are dropped beside others, and alone are a 400', () => {
  const other = { type: 'file_search', vector_store_ids: ['v'] }

  assert.deepEqual(ask({ tools: [plain, other] }).dropped, ['tools.file_search'])
  assert.equal(refusal({ tools: [other] }).code, 'unsupported_tool')
  assert.equal(
    refusal({ tools: [plain, other], tool_choice: { type: 'file_search' } }).code,
    'unsupported_tool',
  )
})

test('§5.8 a choice of a tool that is not there is a 400', () => {
  assert.equal(
    refusal({ tools: [plain], tool_choice: { type: 'function', name: 'f' } }).param,
    'tool_choice.name',
  )
})

test('§17.1 with prompt_cache_key the ends of the prompt are marked', () => {
  const { body, dropped } = ask({
    prompt_cache_key: 'k',
    instructions: 'Be brief.',
    input: [user],
  })
  const mark = { type: 'ephemeral' }

  assert.deepEqual(body.system, [
    { type: 'text', text: 'Operator.' },
    { type: 'text', text: 'Be brief.', cache_control: mark },
  ])
  assert.deepEqual(body.messages[0]?.content, [{ type: 'text', text: 'x', cache_control: mark }])
  assert.deepEqual(dropped, [])
})

test('§17.1 models that may not know marks get none, nor does the operator’s prompt', () => {
  const other = ask({ prompt_cache_key: 'k' }, { id: 'glm-5' })

  assert.equal(JSON.stringify(other.body).includes('cache_control'), false)
  assert.deepEqual(other.dropped, ['prompt_cache_key'])
  assert.deepEqual(ask({ prompt_cache_key: 'k' }).body.system, [
    { type: 'text', text: 'Operator.' },
  ])
  assert.equal(JSON.stringify(ask({}).body).includes('cache_control'), false)
})

test('§5.3 results come first, also where an instruction stands between call and output', () => {
  const { messages } = ask({
    tools: [plain],
    input: [
      user,
      { type: 'function_call', call_id: 'c1', name: 'shell', arguments: '{}' },
      { type: 'function_call', call_id: 'c2', name: 'shell', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'r1' },
      { role: 'developer', content: 'note' },
      { type: 'function_call_output', call_id: 'c2', output: 'r2' },
      { role: 'user', content: 'go' },
    ],
  }).body

  assert.deepEqual(
    messages.map(({ role, content }) => [role, ...content.map(({ type }) => type)]),
    [
      ['user', 'text'],
      ['assistant', 'tool_use', 'tool_use'],
      ['user', 'tool_result', 'tool_result', 'text', 'text'],
    ],
  )
  assert.equal(messages[2]?.content[2]?.text, '<system-reminder>\nnote\n</system-reminder>')
})

const thought: Reasoning = {
  kind: 'thinking',
  text: 'deep',
  maker: 'anthropic-claude-v1',
  model: 'claude-opus-4-5',
  seal: { signature: 's' },
}

function thinkingOf(reasoning: Reasoning) {
  const { body } = ask({
    reasoning: { effort: 'high' },
    tools: [plain],
    input: [
      user,
      { type: 'reasoning', summary: [], encrypted_content: sealReasoning(reasoning, 'e', false) },
      { type: 'function_call', call_id: 'c', name: 'shell', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
    ],
  })
  return [body.messages[1]?.content[0]?.type, body.thinking?.type, JSON.stringify(body)] as const
}

test('§13.2 thinking that was sealed goes back to its model, whole', () => {
  const [type, thinking, json] = thinkingOf(thought)

  assert.deepEqual([type, thinking], ['thinking', 'enabled'])
  assert.ok(json.includes('{"type":"thinking","thinking":"deep","signature":"s"}'))
})

for (const other of [
  { ...thought, model: 'claude-x' },
  { ...thought, maker: 'openai-responses-v1', seal: { data: 'enc' } },
  { ...thought, maker: 'google-gemini-v1', seal: { data: 'sig', on: 'call' as const } },
  { ...thought, maker: 'common', seal: { field: 'reasoning' as const } },
]) {
  test(`§13.2 reasoning of ${other.maker} by ${other.model} is left out, and thinking given up`, () => {
    const [type, thinking, json] = thinkingOf(other)

    assert.deepEqual([type, thinking], ['tool_use', undefined])
    assert.ok(!json.includes('d2a1.') && !json.includes('deep'))
  })
}
