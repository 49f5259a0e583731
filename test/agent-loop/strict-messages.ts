/**
 * What Anthropic Messages refuses about a request, each as `rule: detail`. Stricter than the real
 * API where that is lenient about what it does not know. Source: Anthropic API reference
 * "Messages", "Extended thinking" and "Adaptive thinking", read 2026-11.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { shown, type IssuedAnswer } from './issued.ts'
import { partsIn, refusedBlocks, refusedMembers } from './strict-blocks.ts'
import { refusedThinking } from './strict-thinking.ts'
import { refusedTurns } from './strict-turns.ts'

interface Traits {
  thinking: 'budget' | 'adaptive'
  cap: number
  sampling: boolean
  prefill: boolean
}

const models: Record<string, Traits> = {
  'claude-sonnet-4-5': { thinking: 'budget', cap: 64_000, sampling: true, prefill: true },
  'claude-opus-4-8': { thinking: 'adaptive', cap: 128_000, sampling: false, prefill: false },
}

const members = [
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  'service_tier',
  'cache_control',
]

const thinkingMembers: Record<string, string[]> = {
  enabled: ['type', 'budget_tokens', 'display'],
  adaptive: ['type', 'display'],
  disabled: ['type'],
}

/** All reasons to refuse it; none for a request that the API would take. */
export function refusedMessages(
  body: unknown,
  headers: IncomingHttpHeaders,
  issued: IssuedAnswer[],
): string[] {
  if (!isObject(body)) return ['body: no object']
  const traits = models[shown(body.model)]
  if (!traits) return [`model: ${shown(body.model)} is not known`]
  const turns = Array.isArray(body.messages) ? body.messages : []
  return [
    ...refusedHeaders(headers),
    ...refusedMembers(body, members, 'field'),
    ...refusedLimits(body, traits),
    ...refusedSystem(body.system),
    ...refusedSampling(body, traits),
    ...refusedEffort(body, traits),
    ...refusedThinkingMode(body, traits),
    ...refusedTools(body),
    ...refusedChoice(body),
    ...refusedMarks(body),
    ...turns.flatMap((turn, at) => [...refusedBlocks(turn, `messages[${at}]`)]),
    ...refusedTurns(turns),
    ...refusedSystemTurns(turns, headers),
    ...refusedPrefill(body, turns, traits),
    ...refusedThinking(turns, shown(body.model), typeOf(body.thinking) === 'enabled', issued),
  ]
}

function* refusedHeaders(headers: IncomingHttpHeaders): Iterable<string> {
  const version = headers['anthropic-version']
  if (version !== '2023-06-01' && version !== '2026-10-21') yield `version: ${shown(version)}`
  const betas = headers['anthropic-beta']
  if (betas === '') yield 'beta: empty header'
}

/** A system turn stands behind a user's only, in front of an assistant's or at the very end, and needs its beta. */
function* refusedSystemTurns(turns: unknown[], headers: IncomingHttpHeaders): Iterable<string> {
  const roles = turns.map((turn) => (isObject(turn) ? turn.role : undefined))
  if (!roles.includes('system')) return
  const betas = String(headers['anthropic-beta'])
  if (!betas.includes('mid-conversation-system-2026-04-07')) yield 'system turn: without its beta'
  for (const [at, role] of roles.entries()) {
    const next = roles[at + 1] ?? 'assistant'
    const isPlaced = roles[at - 1] === 'user' && next === 'assistant'
    if (role === 'system' && !isPlaced) yield `system turn: out of place in messages[${at}]`
  }
}

function* refusedLimits(body: JsonObject, { cap }: Traits): Iterable<string> {
  const limit = body.max_tokens
  if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > cap) {
    yield `max_tokens: ${shown(limit)} is not from 1 to ${cap}`
  }
  if (body.stream !== undefined && typeof body.stream !== 'boolean') yield 'stream: no boolean'
  const stops = body.stop_sequences ?? []
  if (!Array.isArray(stops)) yield 'stop_sequences: no list'
  else if (stops.some((stop) => typeof stop !== 'string' || stop.trim() === '')) {
    yield 'stop_sequences: an entry without a visible character'
  }
  const { metadata, service_tier: tier } = body
  if (metadata !== undefined) {
    const id = isObject(metadata) ? metadata.user_id : undefined
    if (!isObject(metadata) || Object.keys(metadata).some((key) => key !== 'user_id')) {
      yield 'metadata: holds more than user_id'
    } else if (typeof id !== 'string') yield 'metadata: user_id is no string'
  }
  if (tier !== undefined && tier !== 'auto' && tier !== 'standard_only')
    yield 'service_tier: not known'
}

function* refusedSystem(system: unknown): Iterable<string> {
  if (system === undefined || (typeof system === 'string' && system !== '')) return
  if (!Array.isArray(system) || system.length === 0) {
    yield 'system: empty'
    return
  }
  for (const block of partsIn(system)) {
    if (block.type !== 'text') yield `system: a ${block.type} block`
    else if (shown(block.text ?? '').trim() === '') yield 'system: an empty text block'
    yield* refusedMembers(block, ['type', 'text', 'cache_control'], 'system')
  }
}

function* refusedSampling(body: JsonObject, { sampling }: Traits): Iterable<string> {
  const sent = ['temperature', 'top_p', 'top_k'].filter((name) => body[name] !== undefined)
  const thinks = ['enabled', 'adaptive'].includes(typeOf(body.thinking))
  if (sent.length > 0 && !sampling) yield `sampling: the model takes no ${sent.join(', ')}`
  if (sent.length > 0 && thinks) yield `sampling: ${sent.join(', ')} while thinking`
  if (sent.includes('temperature') && sent.includes('top_p')) yield 'sampling: a pair'
  for (const name of sent.filter((one) => one !== 'top_k')) {
    if (!(Number(body[name]) >= 0 && Number(body[name]) <= 1)) yield `sampling: ${name} out of 0…1`
  }
}

function* refusedEffort(body: JsonObject, { thinking }: Traits): Iterable<string> {
  if (body.output_config === undefined) return
  if (!isObject(body.output_config)) {
    yield 'output_config: no object'
    return
  }
  const { effort, format } = body.output_config
  yield* refusedMembers(body.output_config, ['effort', 'format'], 'output_config')
  if (effort !== undefined && thinking === 'budget') yield 'effort: the model has none'
  if (effort !== undefined && !['low', 'medium', 'high', 'max'].includes(shown(effort))) {
    yield `effort: ${shown(effort)}`
  }
  if (format === undefined) return
  if (typeOf(format) !== 'json_schema' || !isObject((format as JsonObject).schema)) {
    yield 'output_config: a format without schema'
  } else yield* refusedMembers(format as JsonObject, ['type', 'schema'], 'output_config')
}

function* refusedThinkingMode(body: JsonObject, traits: Traits): Iterable<string> {
  if (body.thinking === undefined) return
  const type = typeOf(body.thinking)
  const known = thinkingMembers[type]
  if (!known) {
    yield `thinking: type ${type}`
    return
  }
  const thinking = body.thinking as JsonObject
  yield* refusedMembers(thinking, known, 'thinking')
  if (type === 'enabled' && traits.thinking === 'adaptive') yield 'thinking: enabled is refused'
  if (type === 'adaptive' && traits.thinking === 'budget') yield 'thinking: adaptive is refused'
  if (type !== 'enabled') return
  const budget = thinking.budget_tokens
  if (!Number.isInteger(budget) || Number(budget) < 1024) yield `budget: ${shown(budget)} < 1024`
  if (Number(budget) >= Number(body.max_tokens)) yield 'budget: not below max_tokens'
  if (['any', 'tool'].includes(typeOf(body.tool_choice))) yield 'thinking: with a forced tool'
}

function* refusedTools(body: JsonObject): Iterable<string> {
  const tools = body.tools ?? []
  if (!Array.isArray(tools)) {
    yield 'tools: no list'
    return
  }
  const names = new Set<unknown>()
  for (const tool of tools) {
    if (!isObject(tool)) {
      yield 'tools: no object'
      return
    }
    const { name, description, input_schema: schema } = tool
    const known = ['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']
    yield* refusedMembers(tool, known, 'tools')
    if (tool.type !== undefined && tool.type !== 'custom') yield `tools: type ${shown(tool.type)}`
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(shown(name))) yield `tools: the name ${shown(name)}`
    if (names.has(name)) yield `tools: two of the name ${shown(name)}`
    names.add(name)
    if (description !== undefined && typeof description !== 'string') yield 'tools: description'
    if (!isObject(schema) || schema.type !== 'object') yield 'tools: no object schema'
    else if (['anyOf', 'oneOf', 'allOf'].some((word) => schema[word] !== undefined)) {
      yield 'tools: a schema that is a choice at its top'
    }
  }
}

function* refusedChoice(body: JsonObject): Iterable<string> {
  const tools = Array.isArray(body.tools) ? partsIn(body.tools) : []
  const turns = Array.isArray(body.messages) ? partsIn(body.messages) : []
  const used = turns.some(({ content }) =>
    partsIn(content).some(({ type }) => type === 'tool_use' || type === 'tool_result'),
  )
  if (used && tools.length === 0) yield 'tools: none declared, but used in the history'
  if (body.tool_choice === undefined) return
  if (tools.length === 0) yield 'tool_choice: without tools'
  const type = typeOf(body.tool_choice)
  const choice = body.tool_choice as JsonObject
  if (!['auto', 'any', 'tool', 'none'].includes(type)) {
    yield `tool_choice: type ${type}`
    return
  }
  if (type === 'tool' && !tools.some(({ name }) => name === choice.name)) {
    yield `tool_choice: ${shown(choice.name)} is not declared`
  }
  const serial = type === 'none' ? [] : ['disable_parallel_tool_use']
  const named = type === 'tool' ? ['name'] : []
  yield* refusedMembers(choice, ['type', ...serial, ...named], 'tool_choice')
}

/** Marks for the prompt cache, wherever they stand. */
function* refusedMarks(body: JsonObject): Iterable<string> {
  let count = 0
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(one)
    if (!isObject(value)) return
    if (isObject(value.cache_control)) count += 1
    for (const key of ['system', 'tools', 'messages', 'content']) walk(value[key])
  }
  walk(body)
  if (count > 4) yield `cache_control: ${count} marks`
}

function* refusedPrefill(body: JsonObject, turns: unknown[], traits: Traits): Iterable<string> {
  const last = turns.at(-1)
  if (!isObject(last) || last.role !== 'assistant') return
  if (!traits.prefill) yield 'prefill: the model takes none'
  if (typeOf(body.thinking) === 'enabled') yield 'prefill: while thinking'
  const block = partsIn(last.content).at(-1)
  const text = typeof last.content === 'string' ? last.content : block?.text
  if (typeof text === 'string' && text !== text.trimEnd()) yield 'prefill: ends in whitespace'
}

function typeOf(value: unknown): string {
  return isObject(value) ? shown(value.type) : typeof value
}
