/** The upstream's answer on its way to the client, byte for byte. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { breakOff } from '../http/answer.ts'
import type { Call } from '../app.ts'
import type { ModelType } from '../config/types.ts'
import { openAnswer } from '../upstream/answer-body.ts'
import { answerHeaders, withoutSecrets } from '../upstream/answer-headers.ts'
import { isEventStream } from '../upstream/media-type.ts'
import { flow } from '../upstream/flow.ts'
import { tapUsage } from '../upstream/usage-tap.ts'
import { maskSecrets } from './mask-secrets.ts'

/**
 * Passes status, headers and bytes on. An answer that breaks off breaks the client's connection, too: it must not look
 * complete. `streamOf`: the API whose end an event stream has to have; undefined for streams of which none is known.
 */
export async function relay(
  answer: IncomingMessage,
  res: ServerResponse,
  call: Call,
  streamOf: ModelType | undefined,
): Promise<void> {
  const raw = withoutSecrets(answer.rawHeaders, call.app.redact)
  const headers = answerHeaders(raw, 'transparent')
  const stream = isEventStream(answer)
  call.record.stream = stream
  if (stream) headers['x-accel-buffering'] = 'no'
  res.writeHead(answer.statusCode ?? 502, headers)
  if (stream) res.flushHeaders()
  const body = openAnswer(answer, call)
  const isAnswer = stream && (answer.statusCode ?? 502) < 300
  tapUsage(body, call, answer.headers['content-encoding'], isAnswer ? streamOf : undefined)
  try {
    await flow(body, masks(answer, call), res)
    if (body.cut) throw body.cut
    res.end()
  } catch (error) {
    call.record.error = body.cut?.code ?? 'broken_answer'
    if (!call.stop.stopped) call.log.warn({ err: error }, 'an answer broke off')
    breakOff(res)
  }
}

/**
 * The stage that takes secrets out, where there may be some: what an upstream says of a credential that it refused may hold
 * it. Other answers are the model's own words.
 */
function masks(answer: IncomingMessage, { app }: Call): Duplex[] {
  const isError = (answer.statusCode ?? 502) >= 400
  const secrets = isError ? app.secrets() : []
  return secrets.length > 0 ? [maskSecrets(secrets)] : []
}
