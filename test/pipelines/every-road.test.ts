/** What holds for every answer of every provider to every client, down the whole road: bytes, events, deltas, bytes. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clients, providers, type ClientApi, type ModelType } from '../../pipelines/index.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Tool } from '../../pipelines/neutral/request.ts'
import { names64, ToolNames } from '../../pipelines/neutral/tools.ts'
import { namesBack, withNamesBack } from '../../pipelines/stages/names-back.ts'
import {
  addAll,
  AnswerOutcome,
  serialise,
  type AnswerForm,
} from '../../pipelines/stages/serialise.ts'
import { stopSequences } from '../../pipelines/stages/stop-sequences.ts'
import { deltaStages } from '../../pipelines/stages/translate.ts'
import { context, upstream } from './answer-context.ts'
import { chunksOf, collected as collectedChat, seen } from './clients/chat/chat-answers.ts'
import { collected as collectedMessage, parsed } from './clients/messages/answers.ts'
import { collected as collectedResponse } from './clients/responses/answers.ts'
import { bytesOf, samples, type Sample } from './providers/samples.ts'
import { cutAt } from './stages/slices.ts'

/** How a client declares the one tool that the samples call. */
const plain = { name: 'f', schema: undefined, schemaPlace: '', place: '', more: {} }
const aFunction: Tool = { kind: 'function', ...plain }
const inNamespace: Tool = { kind: 'function', namespace: 'mine', ...plain }
const freeText: Tool = { kind: 'custom', ...plain }

interface Row {
  /** requests that want their answers in different forms */
  asks: JsonObject[]
  tools: Tool[]
  /** what a stream says, as a body */
  collected: (stream: string) => JsonObject | Promise<JsonObject>
}

const hello = [{ role: 'user', content: 'hello' }]
const message = { model: 'm', max_tokens: 9, messages: hello }
const web = { type: 'web_search_20250305', name: 'web_search' }

const rows: Record<ClientApi, Row> = {
  chat: {
    asks: [
      { messages: hello, stream_options: { include_usage: true }, logprobs: true },
      { messages: hello, stream_options: { include_usage: true }, include_reasoning: false },
    ],
    tools: [aFunction, freeText],
    collected: (stream) => ({ ...collectedChat(chunksOf(stream).chunks) }),
  },
  messages: {
    asks: [
      message,
      { ...message, thinking: { type: 'adaptive' }, tools: [web] },
      { ...message, thinking: { type: 'adaptive', display: 'omitted' } },
    ],
    tools: [aFunction],
    collected: (stream) => collectedMessage(parsed(stream)),
  },
  responses: {
    asks: [
      { input: 'hello' },
      {
        input: 'hello',
        store: false,
        reasoning: { summary: 'auto' },
        tools: [{ type: 'web_search' }],
        include: ['web_search_call.action.sources'],
      },
      { input: 'hello', include: ['reasoning.encrypted_content'] },
    ],
    tools: [aFunction, inNamespace, freeText],
    collected: collectedResponse,
  },
}

/** An answer, and how it is asked for. */
interface Case {
  sample: Sample
  form: AnswerForm
  names: ToolNames
  /** where the bytes are cut */
  places: number[]
  stopAt: string[]
}

function caseOf(api: ClientApi, provider: ModelType): fc.Arbitrary<Case> {
  const read = (ask: JsonObject) => clients[api].read({ model: 'm', ...ask }, {}).form
  return fc.record({
    sample: samples[provider],
    form: fc.constantFrom(...rows[api].asks).map(read),
    names: fc.constantFrom(...rows[api].tools).map((tool) => new ToolNames([tool], names64)),
    places: fc.array(fc.nat(5000), { maxLength: 30 }),
    stopAt: fc.constantFrom([], ['a', 'e ']),
  })
}

async function streamOf({ sample, form, names: own }: Case, places: number[], stopAt: string[]) {
  const outcome = new AnswerOutcome()
  const last = serialise(form.stream(context), outcome, 0)
  const written = text(last)
  await pipeline([
    Readable.from(cutAt(bytesOf(sample.events), places)),
    ...deltaStages(providers[sample.provider], upstream),
    stopSequences(stopAt),
    namesBack(own),
    last,
  ])
  return { stream: await written, outcome: seen(outcome) }
}

function bodyOf({ sample, form, names: own }: Case): unknown {
  const serialiser = form.body(context)
  const deltas = [...providers[sample.provider].body(sample.body, upstream)]
  addAll(withNamesBack(deltas, own), serialiser, new AnswerOutcome())
  return serialiser.body()
}

for (const api of Object.keys(rows) as ClientApi[]) {
  for (const provider of Object.keys(samples) as ModelType[]) {
    const any = caseOf(api, provider)

    test(`§2 ${provider} to ${api}: any slicing of the bytes gives the client the same`, async () => {
      await fc.assert(
        fc.asyncProperty(any, async (one) => {
          assert.deepEqual(
            await streamOf(one, one.places, one.stopAt),
            await streamOf(one, [], one.stopAt),
          )
        }),
      )
    })

    test(`§1.1 ${provider} to ${api}: the stream, put together, says the same as the body`, async () => {
      await fc.assert(
        fc.asyncProperty(any, async (one) => {
          const { stream } = await streamOf(one, one.places, [])

          assert.deepEqual(await rows[api].collected(stream), bodyOf(one))
        }),
      )
    })
  }
}
