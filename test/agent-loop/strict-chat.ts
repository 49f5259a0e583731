/**
 * What chat servers refuse about a request, each as `rule: detail`: all that one of OpenAI, DeepSeek, Moonshot, vLLM, llama.cpp or
 * a strict template is known to refuse. Source: their API references and reported refusals, read 2026-11.
 */
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { shown } from './issued.ts'

const members = new Set([
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'stop',
  'response_format',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning_effort',
  'stream',
  'stream_options',
  'user',
])

const messageMembers: Record<string, string[]> = {
  system: ['content'],
  user: ['content'],
  assistant: [
    'content',
    'tool_calls',
    'reasoning_content',
    'reasoning',
    'reasoning_details',
    'prefix',
  ],
  tool: ['content', 'tool_call_id'],
}

/** All reasons to refuse it; none for a request that every server would take. */
export function refusedChat(body: JsonObject): string[] {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : []
  return [
    ...Object.keys(body).flatMap((name) => (members.has(name) ? [] : [`field: ${name}`])),
    ...(messages.length === 0 ? ['messages: none'] : []),
    ...(JSON.stringify(body).includes('"d2a1.') ? ['seal: of another party'] : []),
    ...refusedTools(body),
    ...refusedSettings(body),
    ...messages.flatMap((message, at) => refusedMessage(message, at)),
    ...refusedOrder(messages),
    ...(/^deepseek|^kimi/.test(String(body.model)) ? refusedReasoning(messages) : []),
    ...(/^(?:mi|dev)stral/.test(String(body.model))
      ? refusedByMistral(body, messages)
      : messages.flatMap(({ prefix }, at) => (prefix ? [`messages[${at}]: prefix`] : []))),
  ]
}

function refusedTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }: JsonObject) {
  const refused: string[] = []
  if (tools !== undefined && (!Array.isArray(tools) || tools.length === 0))
    refused.push('tools: empty')
  if (tools === undefined && choice !== undefined) refused.push('tool_choice: without tools')
  if (tools === undefined && parallel !== undefined)
    refused.push('parallel_tool_calls: without tools')
  const list = Array.isArray(tools) ? tools.filter(isObject) : []
  const names = new Set<unknown>()
  for (const { type, function: called } of list) {
    const { name, parameters } = isObject(called) ? called : {}
    if (type !== 'function') refused.push(`tool: type ${shown(type)}`)
    if (!/^[\w-]{1,64}$/.test(shown(name))) refused.push(`tool: name ${shown(name)}`)
    if (!isObject(parameters) || parameters.type !== 'object') refused.push('tool: parameters')
    if (names.has(name)) refused.push(`tools: two of the name ${shown(name)}`)
    names.add(name)
  }
  const chosen = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  if (chosen !== undefined && !names.has(chosen))
    refused.push(`tool_choice: ${shown(chosen)} is not declared`)
  return refused
}

function refusedSettings(body: JsonObject): string[] {
  const { stop, user, stream, stream_options: options, max_tokens: limit } = body
  const refused: string[] = []
  if (Array.isArray(stop) && stop.length > 4) refused.push('stop: more than four')
  if (typeof user === 'string' && user.length > 64) refused.push('user: too long')
  if (options !== undefined && stream !== true) refused.push('stream_options: without a stream')
  if (limit !== undefined && !(Number.isInteger(limit) && Number(limit) > 0))
    refused.push(`max_tokens: ${shown(limit)}`)
  return refused
}

function refusedMessage(message: JsonObject, at: number): string[] {
  const { role, content, tool_calls: calls } = message
  const known = messageMembers[String(role)]
  if (!known) return [`role: ${String(role)}`]
  const refused = Object.keys(message)
    .filter((name) => name !== 'role' && !known.includes(name))
    .map((name) => `messages[${at}]: ${name}`)
  if (role === 'system' && at > 0) refused.push(`messages[${at}]: system further down`)
  const mayBeList = role === 'user' && Array.isArray(content)
  const mayBeNull = role === 'assistant' && content === null && Array.isArray(calls)
  if (typeof content !== 'string' && !mayBeList && !mayBeNull)
    refused.push(`messages[${at}]: content`)
  if (content === '') refused.push(`messages[${at}]: empty`)
  if (Array.isArray(content)) refused.push(...refusedParts(content.filter(isObject), at))
  const list = Array.isArray(calls) ? calls.filter(isObject) : []
  if (new Set(list.map(({ id }) => id)).size < list.length)
    refused.push(`messages[${at}]: an id twice`)
  for (const { id, function: called } of list) {
    const { name, arguments: args } = isObject(called) ? called : {}
    if (typeof id !== 'string' || id.length > 40) refused.push(`messages[${at}]: id ${String(id)}`)
    if (!/^[\w-]{1,64}$/.test(String(name))) refused.push(`messages[${at}]: name ${String(name)}`)
    if (typeof args !== 'string' || !objectFrom(args)) refused.push(`messages[${at}]: arguments`)
  }
  return refused
}

const imageAddress = /^(?:https?:\/\/|data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$)/

function refusedParts(parts: JsonObject[], at: number): string[] {
  return parts.flatMap(({ type, text, image_url: image }) => {
    if (type === 'text') {
      return typeof text === 'string' && text !== '' ? [] : [`messages[${at}]: an empty part`]
    }
    if (type !== 'image_url') return [`messages[${at}]: a part of type ${shown(type)}`]
    const url = isObject(image) ? image.url : undefined
    return imageAddress.test(shown(url)) ? [] : [`messages[${at}]: no address of an image`]
  })
}

/** Speakers take turns, and the results of calls are right behind them. */
function refusedOrder(messages: JsonObject[]): string[] {
  const refused: string[] = []
  let waiting: unknown[] = []
  for (const [at, { role, tool_calls: calls, tool_call_id: id }] of messages.entries()) {
    if (role === 'tool') {
      if (waiting[0] !== id) refused.push(`messages[${at}]: result of ${String(id)}`)
      waiting = waiting.slice(1)
      continue
    }
    if (waiting.length > 0) refused.push(`messages[${at}]: a result is missing`)
    waiting = (Array.isArray(calls) ? calls.filter(isObject) : []).map((call) => call.id)
    if (role !== 'system' && messages[at - 1]?.role === role)
      refused.push(`messages[${at}]: ${String(role)} twice`)
  }
  if (waiting.length > 0) refused.push('messages: a result is missing')
  return refused
}

/** DeepSeek and Moonshot: calls without the reasoning that led to them. */
function refusedReasoning(messages: JsonObject[]): string[] {
  return messages.flatMap(({ tool_calls: calls, reasoning_content: reasoning }, at) =>
    calls === undefined || (typeof reasoning === 'string' && reasoning !== '')
      ? []
      : [`messages[${at}]: reasoning_content is missing`],
  )
}

/** mistral-common: ids, and who speaks behind whom; its API: members that it does not know. */
function refusedByMistral({ user }: JsonObject, messages: JsonObject[]): string[] {
  const refused = user === undefined ? [] : ['mistral: user']
  for (const [at, message] of messages.entries()) {
    const { role, tool_calls: calls, tool_call_id: result, prefix } = message
    const before = messages[at - 1]?.role
    if (role === 'user' && before === 'tool') refused.push(`messages[${at}]: a user behind a tool`)
    if (at === messages.length - 1 && role === 'assistant' && prefix !== true)
      refused.push(`messages[${at}]: the assistant is the last`)
    const list = Array.isArray(calls) ? calls.filter(isObject) : []
    for (const id of [...list.map((call) => call.id), ...(role === 'tool' ? [result] : [])]) {
      if (!/^[A-Za-z0-9]{9}$/.test(String(id))) refused.push(`messages[${at}]: id ${String(id)}`)
    }
    for (const name of ['reasoning_content', 'reasoning', 'reasoning_details']) {
      if (message[name] !== undefined) refused.push(`messages[${at}]: ${name}`)
    }
  }
  return refused
}
