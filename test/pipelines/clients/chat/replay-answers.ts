/** Recorded upstream answers sent down the whole road, from bytes to chat. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { providers, type ModelType } from '../../../../pipelines/index.ts'
import { deltaStages } from '../../../../pipelines/stages/translate.ts'
import { chatBody } from '../../../../pipelines/clients/chat/body.ts'
import { chatStream } from '../../../../pipelines/clients/chat/stream.ts'
import { AnswerOutcome, collect, serialise } from '../../../../pipelines/stages/serialise.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { ChatCompletion } from '../../../../pipelines/wire/chat.ts'
import { answerContext, bodyOf, seen, type Seen } from './chat-answers.ts'

export const upstream = { upstreamModel: 'up-1' }

export interface Recording {
  /** `anthropic/text.sse` */
  name: string
  provider: ModelType
  bytes: Buffer
  /** the body of the same answer, where there is one */
  body?: JsonObject
}

const providerOf = { anthropic: 'anthropic', responses: 'openai' } as const

/** The recordings of a fixtures folder; undefined when there is no such folder. */
export function recordingsIn(folder: string): Recording[] | undefined {
  if (!existsSync(folder)) return undefined
  return (['anthropic', 'responses'] as const).flatMap((protocol) =>
    filesIn(path.join(folder, protocol)).map((file) =>
      read(file, `${protocol}/${path.basename(file)}`, providerOf[protocol]),
    ),
  )
}

/** The event streams of one folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sse'))
    .map((name) => path.join(folder, name))
}

/** The body beside a stream is the same answer only if it has the same id. */
function read(file: string, name: string, provider: Recording['provider']): Recording {
  const bytes = readFileSync(file)
  const bodyFile = file.replace(/\.sse$/, '.json')
  if (!existsSync(bodyFile)) return { name, provider, bytes }
  const body: JsonObject = JSON.parse(readFileSync(bodyFile, 'utf8'))
  const isSame = bytes.includes(`"id":"${String(body.id)}"`)
  return { name, provider, bytes, ...(isSame && { body }) }
}

export interface Answer {
  sse: string
  outcome: Seen
}

export async function asStream(provider: ModelType, pieces: readonly Buffer[]): Promise<Answer> {
  const outcome = new AnswerOutcome()
  const last = serialise(chatStream(answerContext()), outcome, 0)
  const sse = text(last)
  await pipeline([Readable.from(pieces), ...deltaStages(providers[provider], upstream), last])
  return { sse: await sse, outcome: seen(outcome) }
}

export async function collectedFrom(
  provider: ModelType,
  bytes: Buffer,
): Promise<ChatCompletion | undefined> {
  const stages = deltaStages(providers[provider], upstream)
  const body = chatBody(answerContext())
  await pipeline([Readable.from([bytes]), ...stages, collect(body, new AnswerOutcome())])
  return body.body()
}

export function fromBody(provider: ModelType, body: JsonObject): ChatCompletion | undefined {
  return bodyOf(providers[provider].body(body, upstream))
}
