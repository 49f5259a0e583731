/**
 * Where the deltas of an answer come from: a stream that is retold as it comes, or an answer that is read first. What the
 * upstream sent decides, whatever it was asked for.
 */
import type { IncomingMessage } from 'node:http'
import { Readable, Writable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Delta } from '../../pipelines/neutral/delta.ts'
import { deltaStages } from '../../pipelines/index.ts'
import { upstreamId } from '../../pipelines/model.ts'
import type { TranslateContext } from '../../pipelines/stages/translate.ts'
import { cutAtStops, stopSequences } from '../../pipelines/stages/stop-sequences.ts'
import { answerFrom } from '../../pipelines/json/exact-json.ts'
import type { Call } from '../app.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { openAnswer, type AnswerBody } from '../upstream/answer-body.ts'
import { isEventStream } from '../upstream/media-type.ts'
import type { RetoldCall } from './chat-call.ts'
import { decoders, notJson, readAnswer } from './read-answer.ts'

/** An answer that is here already, or a stream, whose `body` tells whether and why it broke off. */
export type Source = { deltas: Delta[]; body?: never } | { body: AnswerBody; stages: Duplex[] }

/** As much as one event of a stream may have. An answer has to be held several times over to be retold. */
const maxAnswerBytes = 32 * 1024 * 1024

/** Throws ProxyError for an answer that cannot be read. */
export async function sourceOf(
  answer: IncomingMessage,
  call: Call,
  { target, provider, stopAt }: RetoldCall,
  fallbackId: string,
): Promise<Source> {
  const context = { upstreamModel: upstreamId(target.model), fallbackId }
  if (isEventStream(answer)) {
    const cutter = stopAt.length > 0 ? [stopSequences(stopAt)] : []
    const stages = [...decoders(answer), ...deltaStages(provider, context), ...cutter]
    return { body: openAnswer(answer, call), stages }
  }
  const { text, whole } = await readAnswer(answer, call, maxAnswerBytes)
  if (!whole) throw tooLarge()
  const body = answerFrom(text)
  if (!body && !looksLikeEvents.test(text)) throw notJson(answer)
  const told = body ? provider.body(body, context) : await eventsIn(text, provider, context)
  return { deltas: cutAtStops([...told], stopAt) }
}

/** Some gateways call an event stream JSON. */
const looksLikeEvents = /^\ufeff?\s*(?:event|data|id|retry)?:/

async function eventsIn(
  text: string,
  provider: RetoldCall['provider'],
  context: TranslateContext,
): Promise<Delta[]> {
  const told: Delta[] = []
  const sink = new Writable({
    objectMode: true,
    write(deltas: Delta[], _encoding, done) {
      for (const delta of deltas) told.push(delta)
      done()
    },
  })
  await pipeline([Readable.from([Buffer.from(text)]), ...deltaStages(provider, context), sink])
  return told
}

function tooLarge(): ProxyError {
  const message = `The upstream's answer is larger than ${maxAnswerBytes / 1024 / 1024} MB. Ask for a stream.`
  return new ProxyError(502, 'upstream_protocol_error', message, { type: 'upstream_error' })
}
