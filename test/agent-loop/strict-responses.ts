/**
 * What OpenAI Responses refuses about a request to a model that reasons, each as `rule: detail`.
 * Stricter than the real API where that is lenient about what it does not know. Source: OpenAI API
 * reference "Responses", read 2026-11.
 */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { shown, type IssuedAnswer } from './issued.ts'
import { partsIn, refusedMembers } from './strict-blocks.ts'
import { refusedItems } from './strict-items.ts'

const models = new Set(['gpt-5.1', 'gpt-5.4'])

/** No `stop`, `n`, `seed`, penalties, `response_format` or `max_tokens`; sampling is refused below. */
const members = [
  'model',
  'input',
  'instructions',
  'store',
  'stream',
  'max_output_tokens',
  'temperature',
  'top_p',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'service_tier',
  'moderation',
  'top_logprobs',
  'truncation',
]
const searchMembers = ['type', 'filters', 'user_location', 'search_context_size']
const toolMembers = ['type', 'name', 'description', 'parameters', 'strict']

/** All reasons to refuse it; none for a request that the API would take. */
export function refusedResponses(body: unknown, issued: IssuedAnswer[]): string[] {
  if (!isObject(body)) return ['body: no object']
  if (!models.has(shown(body.model))) return [`model: ${shown(body.model)} is not known`]
  return [
    ...refusedMembers(body, members, 'field'),
    ...refusedFields(body),
    ...refusedReasoning(body),
    ...refusedText(body.text),
    ...refusedTools(body.tools),
    ...refusedChoice(body),
    ...refusedItems(body.input, shown(body.model), issued),
  ]
}

function* refusedFields(body: JsonObject): Iterable<string> {
  const { max_output_tokens: limit, instructions } = body
  if (limit !== undefined && (!Number.isInteger(limit) || Number(limit) < 16)) {
    yield `max_output_tokens: ${shown(limit)} is not from 16 up`
  }
  if (body.store !== false) yield 'store: nothing may be stored'
  if (body.stream !== undefined && typeof body.stream !== 'boolean') yield 'stream: no boolean'
  for (const name of ['temperature', 'top_p', 'top_logprobs']) {
    if (body[name] !== undefined) yield `sampling: ${name} for a model that reasons`
  }
  if (instructions !== undefined && (typeof instructions !== 'string' || instructions === '')) {
    yield 'instructions: empty'
  }
}

function* refusedReasoning(body: JsonObject): Iterable<string> {
  const include = body.include ?? []
  if (!Array.isArray(include) || !include.includes('reasoning.encrypted_content')) {
    yield 'include: the next turn would have no reasoning'
  }
  if (body.reasoning === undefined) return
  if (!isObject(body.reasoning)) {
    yield 'reasoning: no object'
    return
  }
  const { effort, summary } = body.reasoning
  yield* refusedMembers(body.reasoning, ['effort', 'summary'], 'reasoning')
  if (effort !== undefined && !['none', 'low', 'medium', 'high'].includes(shown(effort))) {
    yield `reasoning: effort ${shown(effort)}`
  }
  if (summary !== undefined && !['auto', 'concise', 'detailed'].includes(shown(summary))) {
    yield `reasoning: summary ${shown(summary)}`
  }
}

function* refusedText(text: unknown): Iterable<string> {
  if (text === undefined) return
  if (!isObject(text)) {
    yield 'text: no object'
    return
  }
  yield* refusedMembers(text, ['format', 'verbosity'], 'text')
  const { format } = text
  if (format === undefined) return
  if (!isObject(format)) {
    yield 'text: format is no object'
    return
  }
  if (format.type !== 'json_schema') return
  const known = ['type', 'name', 'description', 'schema', 'strict']
  yield* refusedMembers(format, known, 'text: format has')
  if (typeof format.name !== 'string' || !isObject(format.schema)) {
    yield 'text: a format without name or schema'
  }
}

function* refusedTools(tools: unknown): Iterable<string> {
  if (tools === undefined) return
  if (!Array.isArray(tools)) {
    yield 'tools: no list'
    return
  }
  const names = new Set<unknown>()
  for (const tool of tools) {
    if (isObject(tool) && tool.type === 'web_search') {
      yield* refusedMembers(tool, searchMembers, 'tools')
      continue
    }
    if (!isObject(tool) || tool.type !== 'function') {
      yield 'tools: no function'
      return
    }
    yield* refusedMembers(tool, toolMembers, 'tools')
    const { name, parameters, strict } = tool
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(shown(name))) yield `tools: the name ${shown(name)}`
    if (names.has(name)) yield `tools: two of the name ${shown(name)}`
    names.add(name)
    if (!isObject(parameters) || parameters.type !== 'object') yield 'tools: no object schema'
    else if (strict === true && !isStrictSchema(parameters)) yield 'tools: a loose schema is strict'
    if (typeof strict !== 'boolean') yield 'tools: strict is not said and would count as true'
  }
}

/** In strict mode all properties are required and no others are allowed. */
function isStrictSchema(schema: JsonObject): boolean {
  const names = Object.keys(isObject(schema.properties) ? schema.properties : {})
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : []
  return schema.additionalProperties === false && names.every((name) => required.includes(name))
}

function* refusedChoice(body: JsonObject): Iterable<string> {
  const { tool_choice: choice } = body
  const tools = partsIn(body.tools)
  if (tools.length === 0) {
    if (choice !== undefined) yield 'tool_choice: without tools'
    if (body.parallel_tool_calls !== undefined) yield 'parallel_tool_calls: without tools'
    return
  }
  if (choice === undefined || choice === 'auto' || choice === 'none' || choice === 'required')
    return
  if (!isObject(choice) || choice.type !== 'function') {
    yield 'tool_choice: not known'
    return
  }
  yield* refusedMembers(choice, ['type', 'name'], 'tool_choice')
  if (!tools.some(({ name }) => name === choice.name)) {
    yield `tool_choice: ${shown(choice.name)} is not declared`
  }
}
