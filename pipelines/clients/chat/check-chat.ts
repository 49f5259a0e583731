/**
 * What every chat request has to satisfy before anything is sent, whichever upstream it goes to.
 * Only the frame is looked at; what a content part or a tool call holds is read, and refused where
 * need be, by the mapping that carries it over.
 */
import { badRequest, ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ChatRequest } from '../../wire/chat.ts'
import { holdsResults, isItem } from './history.ts'
import { isGiven, noLimit, listAt, objectAt, textAt } from '../../untrusted.ts'
import { ExactNumber, numberFrom } from '../../json/exact-json.ts'

const roles = new Set<unknown>(['system', 'developer', 'user', 'assistant', 'tool', 'function'])

const numbers = [
  'temperature',
  'top_p',
  'top_k',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'top_logprobs',
]
const booleans = ['stream', 'logprobs', 'parallel_tool_calls', 'store']

/** Characters of a value that a message repeats. */
const maxShown = 80

/** Tools of any other type are an upstream's own and need no name. */
const namedTypes = new Set<unknown>([undefined, null, 'function', 'custom'])

/**
 * The body as a chat request: the same object, neither copied nor changed. Throws a ProxyError 400
 * for the first fault, with `param` at its place. `null` and absent mean the same. Bare string
 * parts, flat tools and parts of other APIs pass.
 */
export function checkChatRequest(body: unknown): ChatRequest {
  if (!isObject(body)) {
    const message = 'The request body must be a JSON object with "model" and "messages".'
    throw new ProxyError(400, 'invalid_json', message)
  }
  checkFrame(body)
  return body
}

function checkFrame(body: JsonObject): asserts body is ChatRequest {
  checkModel(body.model)
  checkMessages(body.messages)
  checkTypes(body)
  checkAnswer(body)
  checkTools(body)
}

function checkModel(model: unknown): void {
  if (typeof model === 'string' && model !== '') return
  const message = isGiven(model)
    ? `model is ${shown(model)}; send the id of a model as a string. GET /v1/models lists all.`
    : 'model is missing; send the id of a model. GET /v1/models lists all.'
  throw badRequest('missing_required_parameter', 'model', message)
}

function checkMessages(messages: unknown): void {
  if (!isGiven(messages)) {
    const message = 'messages is missing; send an array with at least one message.'
    throw badRequest('missing_required_parameter', 'messages', message)
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    const found = Array.isArray(messages) ? 'empty' : shown(messages)
    throw invalid('messages', `messages is ${found}; send an array with at least one message.`)
  }
  for (const [index, message] of messages.entries()) checkMessage(message, `messages[${index}]`)
}

function checkMessage(message: unknown, place: string): void {
  const role = isObject(message) ? message.role : undefined
  if (isObject(message) && isItem(message)) return
  if (!isObject(message) || !roles.has(role)) {
    const advice = `use ${[...roles].join(', ')}.`
    throw invalid(`${place}.role`, `${place} has the role ${shown(role)}; ${advice}`)
  }
  checkContent(message.content, `${place}.content`)
  if (role === 'assistant' && isGiven(message.audio)) throw noAudio(`${place}.audio`)
  if (role === 'tool' && !holdsResults(message)) {
    checkAnsweredCall(message.tool_call_id, `${place}.tool_call_id`)
  }
}

function checkContent(content: unknown, place: string): void {
  if (!isGiven(content) || typeof content === 'string') return
  if (!Array.isArray(content)) {
    const message = `${place} is ${shown(content)}; send a string or an array of content parts.`
    throw invalid(place, message)
  }
  for (const [index, part] of content.entries()) {
    if (typeof part === 'string') continue
    const at = `${place}[${index}]`
    textAt(objectAt(part, at).type, `${at}.type`)
  }
}

function checkAnsweredCall(id: unknown, place: string): void {
  if (isGiven(id)) {
    textAt(id, place)
    return
  }
  const message = `${place} is missing; name the call that this result belongs to.`
  throw badRequest('missing_required_parameter', place, message)
}

function checkTypes(body: JsonObject): void {
  for (const name of numbers) checkType(body[name], name, 'number')
  for (const name of booleans) checkType(body[name], name, 'boolean')
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const limit = numberFrom(body[name]) ?? noLimit
    if (limit <= 0 && limit !== noLimit) {
      throw invalid(name, `${name} is ${shown(body[name])}; send at least 1, or leave it out.`)
    }
  }
  if (body.stream === true && isGiven(body.stream_options)) checkStreamOptions(body.stream_options)
}

function checkStreamOptions(value: unknown): void {
  const options = objectAt(value, 'stream_options')
  checkType(options.include_usage, 'stream_options.include_usage', 'boolean')
}

function checkType(value: unknown, place: string, wanted: 'number' | 'boolean'): void {
  const type = numberFrom(value) === undefined ? typeof value : 'number'
  if (!isGiven(value) || type === wanted) return
  const message = `${place} is ${shown(value)}; send a ${wanted}, or leave it out.`
  throw badRequest('invalid_type', place, message)
}

/** What one text answer cannot give. */
function checkAnswer(body: JsonObject): void {
  if ((numberFrom(body.n) ?? 1) > 1) {
    const message = `n is ${shown(body.n)}; one request gives one answer; leave it out and ask again.`
    throw badRequest('unsupported_parameter', 'n', message)
  }
  if (isGiven(body.modalities) && listAt(body.modalities, 'modalities').includes('audio')) {
    throw noAudio('modalities')
  }
  if (isGiven(body.audio)) throw noAudio('audio')
}

function checkTools(body: JsonObject): void {
  for (const list of ['tools', 'functions']) {
    if (!isGiven(body[list])) continue
    for (const [index, value] of listAt(body[list], list).entries()) {
      const place = `${list}[${index}]`
      checkToolName(objectAt(value, place), place)
    }
  }
}

/** `{function: {name}}`, `{custom: {name}}`, or flat as in Responses and Messages. */
function checkToolName(tool: JsonObject, place: string): void {
  if (!namedTypes.has(tool.type)) return
  const kind = ['function', 'custom'].find((key) => isGiven(tool[key]))
  const at = kind ? `${place}.${kind}` : place
  const { name } = kind ? objectAt(tool[kind], at) : tool
  if (typeof name === 'string' && name !== '') return
  const found = isGiven(name) ? shown(name) : 'missing'
  throw invalid(`${at}.name`, `${at}.name is ${found}; give the tool a name.`)
}

function noAudio(place: string): ProxyError {
  const message = `${place} is about audio, which is not carried over; take it out and use text.`
  return badRequest('unsupported_parameter', place, message)
}

function invalid(place: string, message: string): ProxyError {
  return badRequest('invalid_value', place, message)
}

/**
 * The value as far as a message can bear it; what is long may be the user's content, and only its
 * kind is told.
 */
function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof ExactNumber) return value.digits.slice(0, maxShown)
  if (typeof value === 'object' && value !== null) return 'an object'
  const long = typeof value === 'string' && value.length > maxShown
  return long ? 'a long text' : JSON.stringify(value)
}
