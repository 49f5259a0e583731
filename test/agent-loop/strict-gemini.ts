/**
 * What Gemini refuses about a request, each as `rule: detail`. Stricter than the real API where that is lenient about what it
 * does not know.
 * Source: Gemini API reference "generateContent", "Function calling", "Thinking" and "Thought signatures", read 2026-11; what
 * was refused in practice: gemini-cli #21830 (results without their calls), #26956 (order of turns), CLIProxyAPI #2104 (results
 * without a name), 9router #3318 (results that are lists), vercel/ai #8943 (penalties), ai-manus #101 (a form beside tools).
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { shown, type IssuedAnswer } from './issued.ts'
import { wirePart } from './gemini-model.ts'
import { refusedMembers } from './strict-blocks.ts'

const models = new Set(['gemini-3-pro', 'gemini-2.5-pro'])
const standIn = 'skip_thought_signature_validator'
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const toolName = /^[A-Za-z_][\w.:-]{0,127}$/

const members = [
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'serviceTier',
]

/** In: what follows the version in the path, such as `/models/gemini-3-pro:generateContent`. */
export function refusedGemini(
  body: unknown,
  path: string,
  headers: IncomingHttpHeaders,
  issued: IssuedAnswer[],
): string[] {
  const model = modelIn(path)
  if (!isObject(body)) return ['body: no object']
  if (!model || !models.has(model)) return [`model: ${path} is not known`]
  const isThird = model === 'gemini-3-pro'
  const contents = Array.isArray(body.contents) ? body.contents.filter(isObject) : []
  return [
    ...(headers['x-goog-api-key'] ? [] : ['key: none']),
    ...refusedMembers(body, members, 'field'),
    ...refusedInstruction(body.systemInstruction),
    ...refusedTurns(contents),
    ...contents.flatMap((turn, at) => [...refusedParts(turn, `contents[${at}]`, isThird)]),
    ...refusedPairs(contents),
    ...refusedSignatures(contents, model, issued),
    ...(isThird ? refusedSteps(contents) : []),
    ...refusedTools(body),
    ...refusedConfig(body, isThird),
  ]
}

export function modelIn(path: string): string | undefined {
  return /^\/models\/([^/:]+):(?:generateContent|streamGenerateContent\?alt=sse)$/.exec(path)?.[1]
}

function partsIn(turn: JsonObject | undefined): JsonObject[] {
  return Array.isArray(turn?.parts) ? turn.parts.filter(isObject) : []
}

function* refusedInstruction(instruction: unknown): Iterable<string> {
  if (instruction === undefined) return
  const parts = isObject(instruction) ? partsIn(instruction) : []
  if (parts.length === 0) yield 'system: empty'
  for (const part of parts) {
    if (typeof part.text !== 'string' || part.text === '') yield 'system: a part without text'
  }
}

function* refusedTurns(contents: JsonObject[]): Iterable<string> {
  if (contents.length === 0) yield 'turns: none'
  for (const [at, { role }] of contents.entries()) {
    const wanted = at % 2 === 0 ? 'user' : 'model'
    if (role !== wanted) yield `turns: contents[${at}] is of ${shown(role)}, not of ${wanted}`
  }
  if (contents.at(-1)?.role === 'model') yield 'turns: the last is of the model'
}

const kinds = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse']
const kindsOf: Record<string, string[]> = {
  user: ['text', 'inlineData', 'fileData', 'functionResponse'],
  model: ['text', 'functionCall'],
}

function* refusedParts(turn: JsonObject, place: string, isThird: boolean): Iterable<string> {
  const parts = partsIn(turn)
  if (parts.length === 0) yield `parts: none in ${place}`
  for (const part of parts) {
    yield* refusedMembers(part, [...kinds, 'thoughtSignature'], `part: in ${place}`)
    const held = kinds.filter((kind) => part[kind] !== undefined)
    if (held.length !== 1) yield `part: ${held.length} kinds in one of ${place}`
    if (!kindsOf[shown(turn.role)]?.includes(held[0] ?? '')) yield `part: ${held[0]} in ${place}`
    if (part.text === '' && part.thoughtSignature === undefined) yield `text: empty in ${place}`
    yield* refusedData(part.inlineData, place)
    yield* refusedCall(part.functionCall, place)
    yield* refusedResponse(part.functionResponse, place, isThird)
  }
}

function* refusedData(data: unknown, place: string): Iterable<string> {
  if (data === undefined) return
  if (!isObject(data) || typeof data.mimeType !== 'string' || !base64.test(shown(data.data))) {
    yield `data: in ${place}`
  }
}

function* refusedCall(call: unknown, place: string): Iterable<string> {
  if (call === undefined) return
  if (!isObject(call) || !isObject(call.args)) yield `call: without arguments in ${place}`
  else if (!toolName.test(shown(call.name))) yield `call: the name ${shown(call.name)}`
  else yield* refusedMembers(call, ['name', 'args', 'id'], 'call')
}

function* refusedResponse(response: unknown, place: string, isThird: boolean): Iterable<string> {
  if (response === undefined) return
  if (!isObject(response) || !isObject(response.response)) yield `result: no object in ${place}`
  else {
    const known = ['name', 'response', 'id', ...(isThird ? ['parts'] : [])]
    yield* refusedMembers(response, known, 'result')
  }
}

/** As many results as calls, in their order, in the turn behind them and in front of all else. */
function* refusedPairs(contents: JsonObject[]): Iterable<string> {
  for (const [at, turn] of contents.entries()) {
    if (turn.role !== 'user') continue
    const calls = partsIn(contents[at - 1]).flatMap(({ functionCall: call }) => call ?? [])
    const parts = partsIn(turn)
    const results = parts.flatMap(({ functionResponse: response }) => response ?? [])
    if (results.length !== calls.length) {
      yield `pairs: ${results.length} results for ${calls.length} calls in contents[${at}]`
    }
    if (parts.slice(0, results.length).some((part) => part.functionResponse === undefined)) {
      yield `pairs: contents[${at}] does not begin with its results`
    }
    if (!isDeepStrictEqual(results.map(nameAndId), calls.map(nameAndId))) {
      yield `pairs: other results than calls in contents[${at}]`
    }
  }
}

function nameAndId(value: unknown): unknown[] {
  return isObject(value) ? [value.name, value.id] : []
}

/** A signature comes back only on the part that it was made for, to the model that made it. */
function* refusedSignatures(
  contents: JsonObject[],
  model: string,
  issued: IssuedAnswer[],
): Iterable<string> {
  const signed = contents.flatMap(partsIn).filter((part) => part.thoughtSignature !== undefined)
  for (const part of signed) {
    const { thoughtSignature: signature } = part
    if (signature === standIn) continue
    if (!base64.test(shown(signature))) yield `signature: ${shown(signature)} is no base64`
    const answer = issued.find(({ parts }) =>
      parts.some((one) => one.thoughtSignature === signature),
    )
    const made = answer?.parts.find((one) => one.thoughtSignature === signature)
    if (!answer || !made) yield `signature: never given out`
    else if (answer.model !== model) yield `signature: made by ${answer.model}`
    else if (!isDeepStrictEqual(wirePart(made), part)) yield 'signature: on another part'
  }
}

/** Since the last turn of the user with more than results, the first call of each step is signed. */
function* refusedSteps(contents: JsonObject[]): Iterable<string> {
  const isSpoken = (turn: JsonObject) =>
    turn.role === 'user' && partsIn(turn).some((part) => part.functionResponse === undefined)
  for (const turn of contents.slice(contents.findLastIndex(isSpoken) + 1)) {
    const first = partsIn(turn).find((part) => part.functionCall !== undefined)
    if (first && first.thoughtSignature === undefined) yield 'signature: missing in a call'
  }
}

function* refusedTools({ tools, toolConfig }: JsonObject): Iterable<string> {
  const held = Array.isArray(tools) ? tools.filter(isObject) : []
  if (tools !== undefined && held.length === 0) yield 'tools: empty'
  const declared = held
    .flatMap(({ functionDeclarations: list }) => (Array.isArray(list) ? list : []))
    .filter(isObject)
  const names = declared.map(({ name }) => shown(name))
  if (new Set(names).size < names.length) yield 'tools: one name twice'
  for (const tool of declared) {
    yield* refusedMembers(tool, ['name', 'description', 'parametersJsonSchema'], 'tool')
    if (!toolName.test(shown(tool.name))) yield `tool: the name ${shown(tool.name)}`
    const { parametersJsonSchema: schema } = tool
    if (schema !== undefined && !(isObject(schema) && schema.type === 'object')) {
      yield `tool: the parameters of ${shown(tool.name)} are no object`
    }
  }
  if (toolConfig === undefined) return
  const config = isObject(toolConfig) ? toolConfig.functionCallingConfig : undefined
  const { mode, allowedFunctionNames: allowed } = isObject(config) ? config : {}
  if (!['AUTO', 'ANY', 'NONE'].includes(shown(mode))) yield `choice: ${shown(mode)}`
  if (declared.length === 0) yield 'choice: without tools'
  if (allowed === undefined) return
  if (mode !== 'ANY' || !Array.isArray(allowed) || !allowed.every((one) => names.includes(one))) {
    yield 'choice: of tools that are not declared'
  }
}

const ranges: Record<string, [number, number]> = {
  temperature: [0, 2],
  topP: [0, 1],
  topK: [1, 1000],
  maxOutputTokens: [1, 65_536],
  presencePenalty: [0, 0],
  frequencyPenalty: [0, 0],
}
const configMembers = [
  ...Object.keys(ranges),
  'stopSequences',
  'seed',
  'responseMimeType',
  'responseJsonSchema',
  'thinkingConfig',
]

function* refusedConfig(body: JsonObject, isThird: boolean): Iterable<string> {
  const config = isObject(body.generationConfig) ? body.generationConfig : {}
  yield* refusedMembers(config, configMembers, 'config')
  for (const [name, [from, to]] of Object.entries(ranges)) {
    const value = config[name]
    const fits = typeof value === 'number' && value >= from && value <= to
    if (value !== undefined && !fits) yield `config: ${name} is ${shown(value)}`
  }
  const { stopSequences: stop, responseMimeType: form, responseJsonSchema: schema } = config
  if (stop !== undefined && !(Array.isArray(stop) && stop.length <= 5 && !stop.includes(''))) {
    yield 'config: stop sequences'
  }
  if (schema !== undefined && form !== 'application/json') yield 'config: a schema without a form'
  if (form !== undefined && body.tools !== undefined && !isThird) yield 'config: a form with tools'
  const thinking = isObject(config.thinkingConfig) ? config.thinkingConfig : {}
  const known = ['includeThoughts', isThird ? 'thinkingLevel' : 'thinkingBudget']
  yield* refusedMembers(thinking, known, 'thinking')
}
