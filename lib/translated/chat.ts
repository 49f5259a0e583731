/**
 * The translated road: a chat client and any model. The request is mapped to the model's own API and sent; the answer is
 * retold in chat's words, or passed on where the model speaks chat itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { providers } from '../../pipelines/index.ts'
import { chatToCommon } from '../../pipelines/requests/chat-to-common.ts'
import { checkChatRequest } from '../../pipelines/requests/check-chat.ts'
import type { MappedRequest, MappingContext } from '../../pipelines/requests/mapped.ts'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import type { Call } from '../app.ts'
import { checkDepth, parseJsonObject, readBody } from '../body.ts'
import { systemPromptOf } from '../config/models.ts'
import { answerHeaders, withoutSecrets } from '../upstream/answer-headers.ts'
import { exchange } from '../upstream/exchange.ts'
import { modelOf, targetOf, type Target } from '../upstream/target.ts'
import type { ChatCall } from './chat-call.ts'
import { memoryOf } from './memory-of.ts'
import { passOn } from './pass-on.ts'
import { refuse } from './refuse.ts'
import { retell } from './retell.ts'
import { send } from './send.ts'
import { wantsStream } from './wants-stream.ts'

/** Answers one chat request. Throws ProxyError for whatever goes wrong before the first byte. */
export async function answerChat(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  const body = await readBody(req, call.config.max_body_mb * 1024 * 1024)
  checkDepth(body)
  const chat = understand(call, parseJsonObject(body))
  const mapped = mapRequest(call, chat)
  const answer = await ask(call, chat.target, mapped)

  setHeaders(res, call, answer, mapped.dropped)
  if ((answer.statusCode ?? 502) >= 300) await refuse(answer, call, chat.target)
  else if (chat.provider) {
    const { provider } = chat
    await retell(answer, res, call, { ...chat, provider, stopAt: mapped.stopAt ?? [] })
  } else await passOn(answer, res, call)
}

function understand(call: Call, body: JsonObject): ChatCall {
  const request = checkChatRequest(body)
  const model = modelOf(call, request.model)
  const stream = wantsStream(request.stream, call.headers, call.config.default_stream)
  call.record.stream = stream
  const provider = model.type === 'common' ? undefined : providers[model.type]
  return { request, target: targetOf(call, model, ''), stream, provider }
}

function mapRequest(call: Call, chat: ChatCall): MappedRequest<JsonObject> {
  const { model, endpoint } = chat.target
  const context: MappingContext = {
    model,
    systemPrompt: systemPromptOf(call.config, endpoint),
    headers: call.headers,
    stream: chat.stream,
    recall: memoryOf(call, chat.target).recall,
  }
  const { provider, request } = chat
  return provider ? provider.request(request, context) : chatToCommon(request, context)
}

async function ask(
  call: Call,
  target: Target,
  mapped: MappedRequest<JsonObject>,
): Promise<IncomingMessage> {
  const pieces = [Buffer.from(JSON.stringify(mapped.body))]
  const headers = {
    ...mapped.headers,
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  }
  return await exchange(call, target, { pieces, pass: 'chosen', headers }, send)
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
