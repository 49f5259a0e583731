/** All providers on one port: each checks what it is asked, and lets the scripted model answer. */
import type { TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { startUpstream, type Answer, type RecordedRequest } from '../helpers/upstream.ts'
import { chatBody, chatStream, messageOf } from './chat-model.ts'
import { shown, type IssuedAnswer, type Part } from './issued.ts'
import { geminiBody, geminiStream, partsOf } from './gemini-model.ts'
import { blocksOf, messageBody, messageStream } from './messages-model.ts'
import { itemsOf, responseBody, responseStream } from './responses-model.ts'
import { piecesOf, type Piece } from './scripted-agent.ts'
import { freeText } from './manner.ts'
import { partsIn } from './strict-blocks.ts'
import { refusedChat } from './strict-chat.ts'
import { modelIn, refusedGemini } from './strict-gemini.ts'
import { refusedMessages } from './strict-messages.ts'
import { refusedResponses } from './strict-responses.ts'

export interface Provider {
  url: string
  /** what it answered, in order */
  issued: IssuedAnswer[]
  /** what it was asked, in order */
  asked: JsonObject[]
  /** `turn N: rule: detail` */
  violations: string[]
}

export async function startProvider(t: TestContext): Promise<Provider> {
  const provider: Provider = { url: '', issued: [], asked: [], violations: [] }
  const { url } = await startUpstream(t, (request) => answerTo(request, provider))
  return Object.assign(provider, { url })
}

interface Asked {
  body: JsonObject
  /** behind the API's own path */
  path: string
  headers: RecordedRequest['headers']
  issued: IssuedAnswer[]
}

interface Said {
  pieces: Piece[]
  parts: Part[]
  model: string
  turn: number
}

/** An API as it is served here. */
interface Api {
  /** what its paths begin with */
  root: string
  refused(asked: Asked): string[]
  /** the body of a refusal */
  refusal(message: string): object
  model(asked: Asked): string
  /** the tools that are declared, each with its schema */
  tools(body: JsonObject): [name: unknown, schema: unknown][]
  /** whether the model thinks in this turn */
  thinks(body: JsonObject): boolean
  streams(asked: Asked): boolean
  parts(said: Omit<Said, 'parts'>): Part[]
  body(said: Said): object
  stream(said: Said): string[]
}

const named = {
  model: ({ body }: Asked) => String(body.model),
  streams: ({ body }: Asked) => body.stream === true,
}
const openAiError = {
  refusal: (message: string) => ({
    error: { type: 'invalid_request_error', message, param: null, code: null },
  }),
}

/** Claude thinks when it is told to, and then from the first block on. */
const messages: Api = {
  ...named,
  root: '/v1/messages',
  refused: ({ body, headers, issued }) => refusedMessages(body, headers, issued),
  refusal: (message) => ({
    type: 'error',
    error: { type: 'invalid_request_error', message },
    request_id: 'req_1',
  }),
  tools: (body) => partsIn(body.tools).map(({ name, input_schema: schema }) => [name, schema]),
  thinks: ({ thinking }) => thinking !== undefined,
  parts: ({ pieces, model, turn }) => blocksOf(pieces, model, turn),
  body: ({ parts, model, turn }) => messageBody(parts, model, turn),
  stream: ({ parts, model, turn }) => messageStream(parts, model, turn),
}

const responses: Api = {
  ...named,
  ...openAiError,
  root: '/v1/responses',
  refused: ({ body, issued }) => refusedResponses(body, issued),
  tools: (body) => partsIn(body.tools).map(({ name, parameters }) => [name, parameters]),
  thinks: ({ reasoning }) => reasoning !== undefined,
  parts: ({ pieces, model, turn }) => itemsOf(pieces, model, turn),
  body: ({ parts, model, turn }) => responseBody(parts, model, turn),
  stream: ({ parts, model, turn }) => responseStream(parts, model, turn),
}

/** Open models think as they do by themselves, and show it; Devstral does not. */
const chat: Api = {
  ...named,
  ...openAiError,
  root: '/v1/chat/completions',
  refused: ({ body }) => refusedChat(body),
  tools: (body) =>
    partsIn(body.tools)
      .flatMap(({ function: called }) => partsIn([called]))
      .map(({ name, parameters }) => [name, parameters]),
  thinks: ({ model }) => model !== 'devstral-2512',
  parts: ({ pieces, ...answer }) => [messageOf(pieces, answer)],
  body: ({ parts: [message], model, turn }) => chatBody(message!, model, turn),
  stream: ({ pieces, model, turn }) => chatStream(pieces, model, turn),
}

/** Gemini thinks as it does by itself, and shows it when it is asked to. */
const gemini: Api = {
  root: '/v1beta',
  refused: ({ body, path, headers, issued }) => refusedGemini(body, path, headers, issued),
  refusal: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
  model: ({ path }) => String(modelIn(path)),
  streams: ({ path }) => path.includes('alt=sse'),
  tools: (body) =>
    partsIn(body.tools)
      .flatMap(({ functionDeclarations: list }) => partsIn(list))
      .map(({ name, parametersJsonSchema: schema }) => [name, schema]),
  thinks: () => true,
  parts: ({ pieces, model, turn }) => partsOf(pieces, model, turn),
  body: ({ parts, turn }) => geminiBody(parts, turn),
  stream: ({ parts, turn }) => geminiStream(parts, turn),
}

const apis = [messages, responses, chat, gemini]

function answerTo(request: RecordedRequest, { issued, asked, violations }: Provider): Answer {
  const api = apis.find(({ root }) => request.url.startsWith(root))
  if (!api) return { status: 404, body: {} }
  const body = request.json() as JsonObject
  const ask = { body, path: request.url.slice(api.root.length), headers: request.headers, issued }
  const refused = api.refused(ask)
  const count = asked.push(body)
  violations.push(...refused.map((reason) => `turn ${count}: ${reason}`))
  if (refused.length > 0) return { status: 400, body: api.refusal(refused.join('; ')) }
  const turn = issued.length
  const model = api.model(ask)
  const tools = api.tools(body)
  const pieces = piecesOf(turn, api.thinks(body)).map((piece) => declared(piece, tools))
  const parts = api.parts({ pieces, model, turn })
  issued.push({ model, parts })
  const said = { pieces, parts, model, turn }
  return api.streams(ask) ? { sse: api.stream(said) } : { body: api.body(said) }
}

/** A call by the name under which the tool is declared here, and free text in the form that its schema wants. */
function declared(piece: Piece, tools: [name: unknown, schema: unknown][]): Piece {
  if (piece.kind !== 'call') return piece
  const isMeant = (name: unknown) => name === piece.name || shown(name).endsWith(`__${piece.name}`)
  const [name, schema] = tools.find(([one]) => isMeant(one)) ?? [piece.name, undefined]
  const isFree = isObject(schema) && isDeepStrictEqual(schema.required, ['input'])
  return { ...piece, name: shown(name), ...(isFree && { input: { input: freeText } }) }
}
