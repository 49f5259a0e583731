/** The upstream's answer on its way to the client, byte for byte. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Call } from '../app.ts'
import { openAnswer } from '../upstream/answer-body.ts'
import { answerHeaders } from '../upstream/answer-headers.ts'
import { isEventStream } from '../upstream/media-type.ts'
import { tapUsage } from '../upstream/usage-tap.ts'

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
    ...answerHeaders(answer.rawHeaders, 'transparent'),
    ...(stream && { 'x-accel-buffering': 'no' }),
  })
  if (stream) res.flushHeaders()
  const body = openAnswer(answer, call, 'fail')
  tapUsage(body, call, answer.headers['content-encoding'])
  try {
    await pipeline(body, res)
  } catch (error) {
    call.record.error = body.cut?.code ?? 'broken_answer'
    if (!call.stop.signal.aborted) call.log.warn({ err: error }, 'an answer broke off')
    res.destroy()
  }
}
