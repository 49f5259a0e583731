/**
 * The two tables to read first: the APIs that clients speak, and those that models speak. A client is one folder and one row
 * here, a provider is one folder and one row, and no file but this one names both.
 *
 * Where the client's API is the model's own, the client's bytes pass and the provider's `rewrite` changes what the operator
 * wants changed. Else the request is translated:
 *
 *   request   the client's `read` -> neutral request -> the provider's `write`
 *   answer    bytes -> SSE events -> deltas, by the provider's `translator` -> bytes, in the form that `read` has found out
 *
 * From the events on, what came in one piece travels as one list: a hop between stages costs more than the work at it
 * (`test/cost.test.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { messagesCount, responsesCount } from './clients/token-count.ts'
import { chatBody } from './clients/chat/body.ts'
import { chatErrorBody, chatErrorEvent } from './clients/chat/errors.ts'
import { isInputBody, readChat } from './clients/chat/read.ts'
import { chatContext } from './clients/chat/answer.ts'
import { chatStream } from './clients/chat/stream.ts'
import {
  messagesErrorBody,
  messagesErrorEvent,
  messagesErrorHead,
} from './clients/messages/errors.ts'
import { messagesBody } from './clients/messages/body.ts'
import { readMessages } from './clients/messages/read.ts'
import { messagesContext } from './clients/messages/answer.ts'
import { messagesStream } from './clients/messages/stream.ts'
import { responsesContext } from './clients/responses/answer.ts'
import { responseBody } from './clients/responses/body.ts'
import { compactBody, compactContext, readCompact } from './clients/responses/compact.ts'
import { responsesErrorBody, responsesErrorEvent } from './clients/responses/errors.ts'
import { readResponses } from './clients/responses/read.ts'
import { responseStream } from './clients/responses/stream.ts'
import { resetAt, resetIn } from './clients/limit-reset.ts'
import type { ConversationMember } from './clients/unseen-images.ts'
import type { ProxyError, ShownError } from './errors.ts'
import type { JsonDocument } from './json/document.ts'
import { membersNamed, type ExactMembers, type JsonObject } from './json/value.ts'
import type { RewriteContext } from './model.ts'
import type { Delta } from './neutral/delta.ts'
import type { FindAnswer } from './kept-answer.ts'
import type { NeutralRequest } from './neutral/request.ts'
import type { WriteContext, Written } from './neutral/writing.ts'
import { anthropicBody, anthropicTranslator } from './providers/anthropic/answer.ts'
import { pastTurns } from './providers/anthropic/past.ts'
import { rewriteMessages } from './providers/anthropic/rewrite.ts'
import { writeMessages } from './providers/anthropic/write.ts'
import { googlePath } from './providers/google/address.ts'
import { googleBody, googleTranslator } from './providers/google/answer.ts'
import { googleRefusal } from './providers/google/error.ts'
import { writeGoogle } from './providers/google/write.ts'
import { responsesBody, responsesTranslator } from './providers/openai/answer.ts'
import { writeResponses } from './providers/openai/write.ts'
import {
  anthropicCounting,
  googleCounting,
  openaiCounting,
  type Counting,
} from './providers/counting.ts'
import { refusalFrom } from './providers/failure.ts'
import { commonBody, commonTranslator } from './providers/common/answer.ts'
import { commonRefusal } from './providers/common/error.ts'
import { rewriteChat } from './providers/common/rewrite.ts'
import { refusedParts } from './providers/common/refused.ts'
import { usageOnDemand } from './providers/common/stream-usage.ts'
import { writeCommon } from './providers/common/write.ts'
import { pastItems } from './providers/openai/past.ts'
import { rewriteResponses } from './providers/openai/rewrite.ts'
import type { Refusable, RefusablePast } from './providers/refusable.ts'
import { readWith, type ClientRead } from './stages/serialise.ts'
import type { TranslateContext, Translator } from './stages/translate.ts'

/** An API that clients speak. */
export interface Client {
  /** where its requests arrive */
  route: string
  /** in the envelope of its API */
  errorBody: (error: ShownError, requestId: string) => object
  /** the status of an error and headers that an upstream's own go before; left out: the error's status */
  errorHead?: (error: ShownError) => { status: number; headers: Record<string, string> }
  /** the last event of a stream that has begun, with its blank line */
  errorEvent: (error: ShownError, requestId: string) => string
  /** how a stream ends that breaks off while its bytes pass */
  onCut: 'error-event' | 'broken-connection'
  /** whether `default_stream` holds where a request leaves `stream` out */
  hasDefaultStream: boolean
  /**
   * the body as a request, and what its answer depends on; throws ProxyError 400 that names the place of what is wrong.
   * `find`: the answers that it names
   */
  read: (body: JsonObject, headers: IncomingHttpHeaders, find?: FindAnswer) => ClientRead
  /** the same for what its API has below the route, by the path, where the model need not be one of that API */
  readBelow?: Readonly<Record<string, Client['read']>>
  /** whether a body on its route is in the words of another API, so that it cannot pass; `read` knows them, too */
  isOther?: (document: JsonDocument) => boolean
  /** the header that holds such a figure of its rate limit */
  limitHeader: (figure: string, of: string) => string
  /** the text of such a header for when a limit resets; both in ms since the epoch */
  limitReset: (atMs: number, nowMs: number) => string
  /** the header in which it looks for the id of the request, besides `x-request-id` */
  idHeader?: string
}

/** An API that models speak. Clients of all other APIs can ask them. */
interface ProviderBase {
  /** of its requests, below a `base_url` */
  path: string | RequestPath
  /** the version in a `base_url` always stands right before the path */
  isVersionLast?: true
  /** the header for a key where the configuration names none; left out: `authorization`, as Bearer */
  keyHeader?: string
  /** without which it refuses every request; clients of its API send them, but a hand-written call may not */
  neededHeaders?: Readonly<Record<string, string>>
  /** the request in the API's words; throws ProxyError 400 that names the place of what the API does not take */
  write: (request: NeutralRequest, context: WriteContext) => Written<JsonObject>
  translator: (context: TranslateContext) => Translator
  /** the members of its answers that hold what a tool is called with: their numbers keep their digits */
  callInput: ExactMembers
  /** the deltas of an answer that came as one body */
  body: (body: JsonObject, context: TranslateContext) => Iterable<Delta>
  /** the error that an HTTP answer with a status from 400 on stands for */
  failure: (status: number, body: string) => ProxyError
  /** of the client's headers, those that mean something to it, by their beginnings */
  headerPrefixes: readonly string[]
  usageOnDemand?: UsageOnDemand
  /** how it counts the tokens of a request; left out: it has no way to */
  counting?: Counting
  /** path and query of a call that goes to another place than the others */
  at?: string
  /** what clients send with every request, though it may be refused */
  past?: RefusablePast
  /** names of its headers for rate limits, lower-case, with the groups `figure` and `of` */
  limits: RegExp
}

/**
 * For APIs where the model, and whether the answer is streamed, stand in the address: path and query of a call. `root`: the
 * path of a `base_url` without a slash at its end, in which `{model}` may stand.
 */
export type RequestPath = (root: string, call: { model: string; isStream: boolean }) => string

/** What a provider needs whose API a client speaks, too. */
export interface SameApi {
  /** the client whose bytes pass */
  api: ClientApi
  /** what of a request holds the images */
  conversation: ConversationMember
  /** Changes the body of a client that speaks its API. Returns the headers that go with it, `undefined` for one to take out. */
  rewrite: (document: JsonDocument, context: RewriteContext) => Record<string, string | undefined>
  /**
   * what a stream holds that came to its end. Plain quotes and line ends are never part of the model's text, where they are
   * escaped. Source: Anthropic "Streaming messages", OpenAI "Streaming API responses" and Chat "Streaming", read 2026-11.
   */
  streamEnd: RegExp
}

/** For APIs whose streams report tokens only on request. */
export interface UsageOnDemand extends Refusable {
  /** asks in the client's place; false: it asks itself */
  ask: (document: JsonDocument) => boolean
  /** takes them out of what the client gets */
  hide: () => Duplex
}

/** Without `api` no client speaks its API. */
export type Provider = ProviderBase & (SameApi | { api?: undefined })

const clientTable = {
  chat: {
    route: '/v1/chat/completions',
    read: readWith(readChat, chatContext, chatStream, chatBody),
    // a Responses request, as Cursor sends it there
    isOther: isInputBody,
    limitHeader: (figure, of) => `x-ratelimit-${figure}-${of}`,
    limitReset: resetIn,
    errorBody: chatErrorBody,
    errorEvent: chatErrorEvent,
    onCut: 'error-event',
    hasDefaultStream: true,
  },
  messages: {
    route: '/v1/messages',
    read: readWith(readMessages, messagesContext, messagesStream, messagesBody),
    readBelow: { '/count_tokens': messagesCount },
    limitHeader: (figure, of) => `anthropic-ratelimit-${of}-${figure}`,
    limitReset: resetAt,
    idHeader: 'request-id',
    errorBody: messagesErrorBody,
    errorHead: messagesErrorHead,
    errorEvent: messagesErrorEvent,
    onCut: 'broken-connection',
    hasDefaultStream: false,
  },
  responses: {
    route: '/v1/responses',
    read: readWith(
      (body, _headers, find) => readResponses(body, find),
      responsesContext,
      responseStream,
      responseBody,
    ),
    readBelow: {
      '/input_tokens': responsesCount,
      '/compact': readWith(
        (body, _headers, find) => readCompact(body, find),
        compactContext,
        responseStream,
        compactBody,
      ),
    },
    limitHeader: (figure, of) => `x-ratelimit-${figure}-${of}`,
    limitReset: resetIn,
    errorBody: responsesErrorBody,
    errorEvent: responsesErrorEvent,
    onCut: 'broken-connection',
    hasDefaultStream: false,
  },
} satisfies Record<string, Client>

export type ClientApi = keyof typeof clientTable

export const clients: Readonly<Record<ClientApi, Client>> = clientTable

/** Also those of gateways in front of other APIs. */
const openAiLimits = /^x-ratelimit-(?<figure>limit|remaining|reset)-(?<of>requests|tokens)$/

const providerTable = {
  anthropic: {
    api: 'messages',
    path: '/messages',
    isVersionLast: true,
    neededHeaders: { 'anthropic-version': '2023-06-01' },
    conversation: { name: 'messages', textType: 'text' },
    rewrite: rewriteMessages,
    past: pastTurns,
    streamEnd: /"type"\s*:\s*"(?:message_stop|error)"|[\r\n]event: *error[\r\n]/,
    write: writeMessages,
    counting: anthropicCounting,
    translator: anthropicTranslator,
    callInput: membersNamed('input'),
    body: anthropicBody,
    failure: refusalFrom,
    headerPrefixes: ['anthropic-', 'openai-', 'x-session-'],
    limits: /^anthropic-ratelimit-(?<of>requests|tokens)-(?<figure>limit|remaining|reset)$/,
  },
  openai: {
    api: 'responses',
    path: '/responses',
    conversation: { name: 'input', textType: 'input_text' },
    rewrite: rewriteResponses,
    past: pastItems,
    streamEnd:
      /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed|cancelled)|error)"|[\r\n](?:event: *error[\r\n]|data: *\[DONE\])/,
    write: writeResponses,
    counting: openaiCounting,
    translator: responsesTranslator,
    callInput: membersNamed('arguments', 'input'),
    body: responsesBody,
    failure: refusalFrom,
    headerPrefixes: ['openai-', 'x-session-'],
    limits: openAiLimits,
  },
  common: {
    api: 'chat',
    path: '/chat/completions',
    conversation: { name: 'messages', textType: 'text' },
    rewrite: rewriteChat,
    usageOnDemand,
    past: refusedParts,
    streamEnd: /"finish_reason"\s*:\s*"|"error"\s*:\s*[{"]|[\r\n]data: *\[DONE\]/,
    write: writeCommon,
    translator: commonTranslator,
    callInput: membersNamed('arguments'),
    body: commonBody,
    failure: commonRefusal,
    headerPrefixes: ['x-session-'],
    limits: openAiLimits,
  },
  google: {
    path: googlePath,
    keyHeader: 'x-goog-api-key',
    write: writeGoogle,
    counting: googleCounting,
    translator: googleTranslator,
    callInput: membersNamed('args', 'partialArgs'),
    body: googleBody,
    failure: googleRefusal,
    headerPrefixes: ['x-session-'],
    limits: openAiLimits,
  },
} satisfies Record<string, Provider>

/** The `type` of a model in the configuration: the API that it speaks. */
export type ModelType = keyof typeof providerTable

export const providers: Readonly<Record<ModelType, Provider>> = providerTable
