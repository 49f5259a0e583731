/** The answer of an upstream that speaks chat itself: its bytes, with the end told truthfully. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorEvent } from '../../pipelines/clients/chat/chat-sse.ts'
import { breakOff } from '../http/answer.ts'
import type { Call } from '../app.ts'
import { openAnswer } from '../upstream/answer-body.ts'
import { isEventStream, mayBeJson } from '../upstream/media-type.ts'
import { flow } from '../upstream/flow.ts'
import { tapUsage } from '../upstream/usage-tap.ts'
import { decoders, notJson } from './read-answer.ts'

/** A stream that breaks off ends with an error event; a body that does so breaks the client's connection. */
export async function passOn(
  answer: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  const stream = isEventStream(answer)
  if (!stream && !mayBeJson(answer)) {
    answer.destroy()
    throw notJson(answer)
  }
  const stages = decoders(answer)
  call.record.stream = stream
  res.setHeader('content-type', answer.headers['content-type'] ?? 'application/json')
  if (stream) res.setHeader('cache-control', 'no-cache').setHeader('x-accel-buffering', 'no')
  res.writeHead(answer.statusCode ?? 200)
  if (stream) res.flushHeaders()
  const body = openAnswer(answer, call)
  tapUsage(body, call, answer.headers['content-encoding'], stream ? 'common' : undefined)
  try {
    await flow(body, stages, res)
  } catch (error) {
    call.record.error = 'broken_answer'
    if (!call.stop.stopped) call.log.warn({ err: error }, 'an answer broke off')
    breakOff(res)
    return
  }
  if (!body.cut) {
    res.end()
    return
  }
  call.record.error = body.cut.code ?? body.cut.type
  // The cut may have come within a line: the blank lines keep the error apart from what was begun.
  if (stream) res.end(`\n\n${errorEvent(body.cut)}`)
  else breakOff(res)
}
