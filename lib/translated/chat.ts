/**
 * The translated road: a chat client and any model. The request is mapped to the model's own API and sent; the answer is
 * retold in chat's words, or passed on where the model speaks chat itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { providers } from '../../pipelines/index.ts'
import { chatToCommon } from '../../pipelines/providers/common/chat-to-common.ts'
import { checkChatRequest } from '../../pipelines/clients/chat/check-chat.ts'
import type { MappedRequest, MappingContext } from '../../pipelines/neutral/mapped.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { calculable, writeJson } from '../../pipelines/json/exact-json.ts'
import type { Call } from '../app.ts'
import { readBody } from '../http/body.ts'
import { parseExactObject } from '../../pipelines/json/request-body.ts'
import { systemPromptOf } from '../config/models.ts'
import { answerHeaders, withoutSecrets } from '../upstream/answer-headers.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import { modelOf, targetOf, type Target } from '../upstream/target.ts'
import type { ChatCall } from './chat-call.ts'
import { memoryOf } from './memory-of.ts'
import { passOn } from './pass-on.ts'
import { refuse } from './refuse.ts'
import { retell } from './retell.ts'
import { send } from './send.ts'
import { wantsStream } from './wants-stream.ts'

/** Members of a chat request that no mapping calculates with: their numbers go up as they were written. */
const passedOn: ReadonlySet<string> = new Set([
  'tools',
  'functions',
  'response_format',
  'output_config',
  'output_format',
  'content',
  'arguments',
  'input',
  'metadata',
])

/** Answers one chat request. Throws ProxyError for whatever goes wrong before the first byte. */
export async function answerChat(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  const { answer, chat, dropped } = await ask(req, call)
  setHeaders(res, call, answer, dropped)
  const { provider } = chat
  if ((answer.statusCode ?? 502) >= 300) await refuse(answer, call, chat.target)
  else if (provider) await retell(answer, res, call, { ...chat, provider })
  else await passOn(answer, res, call)
}

/** A chat request that has been understood, and what goes up for it. */
interface Understood {
  chat: ChatCall
  body: OutgoingBody
  /** parameters that the model's API has no word for */
  dropped: readonly string[]
}

/** Handed on by `then`, the bytes are in no variable of this function, which waits for the upstream's answer. */
async function ask(req: IncomingMessage, call: Call) {
  const maxBytes = call.config.max_body_mb * 1024 * 1024
  const { chat, body, dropped } = await readBody(req, maxBytes, call.app.bodyPace).then((bytes) =>
    understand(call, bytes),
  )
  return { answer: await exchange(call, chat.target, body, send), chat, dropped }
}

/** What was said, in all its forms but the last, ends with this function: the answer may be long in coming. */
function understand(call: Call, bytes: Buffer): Understood {
  const request = checkChatRequest(parseExactObject(bytes))
  const model = modelOf(call, request.model)
  const stream = wantsStream(request.stream, call.headers, call.config.default_stream)
  call.record.stream = stream
  const target = targetOf(call, model, '')
  const provider = model.type === 'common' ? undefined : providers[model.type]
  const context = contextOf(call, target, stream)
  const mapped = provider
    ? provider.request(calculable(request, passedOn), context)
    : chatToCommon(request, context)
  const chat = {
    target,
    stream,
    requestedModel: request.model,
    includeUsage: stream && request.stream_options?.include_usage === true,
    logprobs: request.logprobs === true,
    legacyFunctions: Array.isArray(request.functions) && !request.tools,
    provider,
    stopAt: mapped.stopAt ?? [],
    hideReasoning: mapped.hideReasoning ?? false,
    ownNames: mapped.ownNames,
  }
  return { chat, body: outgoingBody(mapped), dropped: mapped.dropped }
}

function contextOf(call: Call, target: Target, stream: boolean): MappingContext {
  return {
    model: target.model,
    systemPrompt: systemPromptOf(call.config, target.endpoint),
    headers: call.headers,
    stream,
    recall: memoryOf(call, target).recall,
  }
}

function outgoingBody({ body, headers }: MappedRequest<JsonObject>): OutgoingBody {
  return {
    pieces: [Buffer.from(writeJson(body))],
    pass: 'chosen',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', ...headers },
  }
}

function setHeaders(
  res: ServerResponse,
  call: Call,
  answer: IncomingMessage,
  dropped: readonly string[],
): void {
  const headers = answerHeaders(withoutSecrets(answer.rawHeaders, call.app.redact), 'translated')
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (!res.hasHeader('x-request-id')) res.setHeader('x-request-id', call.id)
  if (dropped.length > 0) res.setHeader('x-droid2api-dropped', dropped.join(', '))
}
