/**
 * The road of a client that speaks another API than the model. Its request is read, written for the provider and sent; the
 * provider's answer is translated back.
 */
import type { ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { systemPromptOf } from '../config/models.ts'
import type { Model } from '../config/types.ts'
import { sendAttempt, type UpstreamAnswer } from '../upstream/attempt.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import { answerHeaders, withoutSecrets } from '../upstream/headers.ts'
import { targetOf } from '../upstream/target.ts'
import type { ClientRead } from '../../pipelines/index.ts'
import { writeJson } from '../../pipelines/json/value.ts'
import { answerTranslated, callMemory, refuse, type Asked } from './answer.ts'

/** A request that is ready to go up. */
export interface Translated {
  road: 'translated'
  asked: Asked
  body: OutgoingBody
  /** parameters that the model's API has no word for */
  dropped: readonly string[]
}

interface ReadRequest
  extends Pick<Asked, 'client' | 'provider' | 'stream' | 'form'>, Pick<ClientRead, 'request'> {
  model: Model
}

/**
 * Everything parsed from the request ends its life here; only the outgoing bytes go on. Throws ProxyError 400 for what cannot
 * be written for the provider.
 */
export function prepareTranslation(
  call: Call,
  { client, provider, request, form, model, stream }: ReadRequest,
): Translated {
  call.record.stream = stream
  const target = targetOf(call, model, { subPath: '', stream })
  const written = provider.write(request, {
    model,
    endpoint: target.endpoint.name,
    systemPrompt: systemPromptOf(call.config, target.endpoint),
    headers: call.headers,
    stream,
    path: target.address.path,
    toolSchema: target.endpoint.schema,
    recall: callMemory(call, target).recall,
  })
  const asked = {
    client,
    provider,
    target,
    stream,
    requestedModel: request.model,
    form,
    stopAt: written.stopAt ?? [],
    hideReasoning: written.hideReasoning ?? false,
    ownNames: written.ownNames,
    names: written.names,
    callIds: written.callIds ?? [],
  }
  const own = { 'content-type': 'application/json', 'accept-encoding': 'identity' }
  const body = {
    pieces: [Buffer.from(writeJson(written.body))],
    pass: provider.headerPrefixes,
    headers: { ...own, ...written.headers },
  }
  return { road: 'translated', asked, body, dropped: written.dropped }
}

/** Sends the request and answers it. Throws ProxyError for whatever goes wrong before the first byte. */
export async function translate(
  res: ServerResponse,
  call: Call,
  { asked, body, dropped }: Translated,
): Promise<void> {
  const answer = await exchange(call, asked.target, body, sendAttempt)
  setHeaders(res, call, answer, asked, dropped)
  if (answer.status >= 300) await refuse(answer, call, asked)
  else await answerTranslated(answer, res, call, asked)
}

function setHeaders(
  res: ServerResponse,
  call: Call,
  answer: UpstreamAnswer,
  { client: { limitHeader, idHeader }, provider: { limits } }: Asked,
  dropped: readonly string[],
): void {
  const raw = withoutSecrets(answer.raw, call.app.redact)
  for (const [name, value] of Object.entries(answerHeaders(raw, { limits, limitHeader }))) {
    res.setHeader(name, value)
  }
  if (!res.hasHeader('x-request-id')) res.setHeader('x-request-id', call.id)
  if (idHeader !== undefined) res.setHeader(idHeader, res.getHeader('x-request-id') ?? call.id)
  if (dropped.length > 0) res.setHeader('x-droid2api-dropped', dropped.join(', '))
}
