/** Recorded upstream answers sent down the whole road, from bytes to chat. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { deltaStages } from '../../../../pipelines/index.ts'
import { translated, type Translated } from '../../../helpers/translated-provider.ts'
import type { ChatAnswerContext } from '../../../../pipelines/clients/chat/answer.ts'
import { chatBody, chatCollector } from '../../../../pipelines/clients/chat/chat-body.ts'
import { chatSse } from '../../../../pipelines/clients/chat/chat-sse.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { ChatCompletion } from '../../../../pipelines/wire/chat.ts'
import { answerContext } from './chat-answers.ts'

export const upstream = { upstreamModel: 'up-1' }

export interface Recording {
  /** `anthropic/text.sse` */
  name: string
  provider: Translated
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
  record: ChatAnswerContext['record']
}

export async function asStream(provider: Translated, pieces: readonly Buffer[]): Promise<Answer> {
  const context = answerContext()
  const last = chatSse(context)
  const sse = text(last)
  await pipeline([Readable.from(pieces), ...deltaStages(translated(provider), upstream), last])
  return { sse: await sse, record: context.record }
}

export async function collectedFrom(
  provider: Translated,
  bytes: Buffer,
): Promise<ChatCompletion | undefined> {
  const stages = deltaStages(translated(provider), upstream)
  const { sink, completion } = chatCollector(answerContext())
  await pipeline([Readable.from([bytes]), ...stages, sink])
  return completion()
}

export function fromBody(provider: Translated, body: JsonObject): ChatCompletion | undefined {
  return chatBody(translated(provider).body(body, upstream), answerContext())
}
