/**
 * The demo's Gemini API. Model and manner of the call stand in its path; here they are members of the body, as other APIs have
 * them. Source: Gemini API reference "generateContent", "Function calling" and "Thought signatures", read 2026-11.
 */
import { badRequest } from '../../pipelines/errors.ts'
import { asObject, listAt, objectAt, optionalNumberAt } from '../../pipelines/untrusted.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { midstreamMessage, type DemoApi, type DemoEvent } from './api.ts'
import { objectsIn, textOf, toolFrom, type Ask, type Choice, type Turn } from './ask.ts'
import { googleErrorBody } from './google-error.ts'
import { refuseUnpaired, refuseUnsigned, signature } from './google-history.ts'
import type { Script } from './script.ts'
import { estimateTokens, newId, words } from './tokens.ts'

const path =
  /^\/v1beta\/(?:models\/)?(?<model>[^:]+):(?<method>generateContent|streamGenerateContent)$/

/** What the path of a call says; undefined for another path. */
export function googleCall(requestPath: string): { model: string; stream: boolean } | undefined {
  const { model, method } = path.exec(requestPath)?.groups ?? {}
  if (model === undefined) return undefined
  return { model: decodeURIComponent(model), stream: method === 'streamGenerateContent' }
}

export const googleApi: DemoApi = {
  ask(body) {
    const { systemInstruction, tools, toolConfig } = body
    const contents = contentsOf(body)
    refuseUnpaired(contents)
    if (/gemini-[3-9]/.test(String(body.model))) refuseUnsigned(contents)
    const config = asObject(body.generationConfig)
    return {
      turns: contents.flatMap(turnsOf),
      tools: objectsIn(tools)
        .flatMap(({ functionDeclarations: declared }) => objectsIn(declared))
        .flatMap((tool) => {
          const schema = tool.parametersJsonSchema ?? tool.parameters
          return toolFrom('function', tool, schema) ?? []
        }),
      choice: choiceOf(toolConfig),
      parallel: true,
      reasoning: asObject(config.thinkingConfig).includeThoughts === true,
      ...jsonWanted(config),
      maxTokens: optionalNumberAt(config.maxOutputTokens, 'generationConfig.maxOutputTokens'),
      inputTokens: estimateTokens({
        systemInstruction: systemInstruction ?? '',
        contents,
        tools: tools ?? [],
      }),
    }
  },
  answer(body, script) {
    const whole = answerWith(body, script)
    return {
      body: whole(partsOf(script), true),
      events: () => eventsOf(script, whole),
      failure,
    }
  },
}

function contentsOf(body: JsonObject): JsonObject[] {
  const contents = listAt(body.contents, 'contents').map((content, index) =>
    objectAt(content, `contents[${index}]`),
  )
  if (contents.length === 0) {
    throw badRequest('invalid_value', 'contents', 'contents is not specified')
  }
  const wrong = contents.find(({ role }) => role !== 'user' && role !== 'model')
  if (wrong) throw badRequest('invalid_value', 'contents', 'Please use a valid role: user, model.')
  return contents
}

function turnsOf({ role, parts }: JsonObject): Turn[] {
  const text = textOf(objectsIn(parts).filter(({ thought }) => thought !== true))
  if (role === 'model') return [{ from: 'assistant', text }]
  const results = objectsIn(parts).flatMap(({ functionResponse: result }) => result ?? [])
  return [
    ...results.map((result): Turn => ({ from: 'tool', text: resultText(result) })),
    { from: 'user', text },
  ]
}

/** `output` and `error` are the names that the API knows for a result that is no object by itself. */
function resultText(result: unknown): string {
  const { response, parts } = asObject(result)
  const { output, error } = asObject(response)
  const given = output ?? error
  const text = typeof given === 'string' ? given : JSON.stringify(response ?? {})
  return [text, textOf(parts)].filter((one) => one !== '').join('\n')
}

function choiceOf(toolConfig: unknown): Choice {
  const { mode, allowedFunctionNames: allowed } = asObject(
    asObject(toolConfig).functionCallingConfig,
  )
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  const [name] = Array.isArray(allowed) ? allowed : []
  return typeof name === 'string' ? { name } : 'any'
}

function jsonWanted({ responseMimeType, responseJsonSchema }: JsonObject): Pick<Ask, 'json'> {
  if (responseMimeType !== 'application/json') return {}
  return { json: isObject(responseJsonSchema) ? { schema: responseJsonSchema } : {} }
}

type Whole = (parts: object[], isLast: boolean) => object

/** Body and events have one shape; the reason for the end stands in the last. */
function answerWith({ model }: JsonObject, { finish, tokens }: Script): Whole {
  const responseId = newId('')
  const { input, output, reasoning } = tokens
  const usageMetadata = {
    promptTokenCount: input,
    candidatesTokenCount: output - reasoning,
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
    totalTokenCount: input + output,
  }
  const finishReason = finish === 'length' ? 'MAX_TOKENS' : 'STOP'
  return (parts, isLast) => ({
    candidates: [{ content: { role: 'model', parts }, ...(isLast && { finishReason }), index: 0 }],
    usageMetadata,
    modelVersion: model,
    responseId,
  })
}

/** The first call of a turn is signed, or where there is none the last text. */
function partsOf({ reasoning, text, calls }: Script): object[] {
  return [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === '' ? [] : [{ text, ...(calls.length === 0 && { thoughtSignature: signature }) }]),
    ...callParts(calls),
  ]
}

function callParts(calls: Script['calls']): object[] {
  return calls.map(({ name, input }, index) => ({
    functionCall: { id: newId('call_'), name, args: JSON.parse(input) as unknown },
    ...(index === 0 && { thoughtSignature: signature }),
  }))
}

/** Calls come whole. The signature of a text comes in an empty part behind it. */
function eventsOf(script: Script, whole: Whole): DemoEvent[] {
  const { reasoning = '', text, calls } = script
  const parts = [
    ...words(reasoning).map((piece) => ({ text: piece, thought: true })),
    ...words(text).map((piece) => ({ text: piece })),
    ...callParts(calls),
  ]
  const last = { text: '', ...(calls.length === 0 && { thoughtSignature: signature }) }
  return [
    ...parts.map((part): DemoEvent => ({ text: event(whole([part], false)), piece: true })),
    { text: event(whole([last], true)) },
  ]
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

function failure(): DemoEvent[] {
  return [{ text: event(googleErrorBody(503, midstreamMessage)) }]
}
