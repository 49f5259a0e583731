/** The upstream's answer on its way to the client, byte for byte. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import type { Call } from '../app.ts'
import { openAnswer } from '../upstream/answer-body.ts'
import { answerHeaders, withoutSecrets } from '../upstream/answer-headers.ts'
import { isEventStream } from '../upstream/media-type.ts'
import { pour } from '../upstream/pour.ts'
import { tapUsage } from '../upstream/usage-tap.ts'
import { maskSecrets } from './mask-secrets.ts'

/**
 * Passes status, headers and bytes on. An answer that breaks off breaks the client's connection, too: it must not look
 * complete.
 */
export async function relay(
  answer: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  const stream = isEventStream(answer)
  call.record.stream = stream
  res.writeHead(answer.statusCode ?? 502, {
    ...answerHeaders(withoutSecrets(answer.rawHeaders, call.app.redact), 'transparent'),
    ...(stream && { 'x-accel-buffering': 'no' }),
  })
  if (stream) res.flushHeaders()
  const body = openAnswer(answer, call, 'fail')
  tapUsage(body, call, answer.headers['content-encoding'])
  try {
    await pour(masked(body, answer, call), res)
    res.end()
  } catch (error) {
    call.record.error = body.cut?.code ?? 'broken_answer'
    if (!call.stop.stopped) call.log.warn({ err: error }, 'an answer broke off')
    res.destroy()
  }
}

/** What an upstream says of a credential that it refused may hold it. Other answers are the model's own words. */
function masked(body: Readable, answer: IncomingMessage, { app }: Call): Readable {
  const isError = (answer.statusCode ?? 502) >= 400
  const secrets = isError ? app.secrets() : []
  if (secrets.length === 0) return body
  // how it ends is told by the mask, which fails when the body does
  return pipeline(body, maskSecrets(secrets), () => undefined)
}
