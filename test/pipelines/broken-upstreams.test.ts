/** Whatever an upstream sends, on every translated road: no answer that was cut looks whole, and nothing of it is lost. */
import assert from 'node:assert/strict'
import { readdirSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable, type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clients, providers, type ClientApi, type ModelType } from '../../pipelines/index.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import {
  AnswerOutcome,
  addAll,
  collect,
  serialise,
  type AnswerForm,
} from '../../pipelines/stages/serialise.ts'
import { deltaStages } from '../../pipelines/stages/translate.ts'
import { context, upstream } from './answer-context.ts'
import {
  bytesOfEvents,
  changed,
  changes,
  framing,
  losses,
  oddMembers,
  saysEnd,
  textToldBy,
  type WireEvent,
} from './broken/mutations.ts'
import { contentOf, readers } from './broken/seen.ts'
import { samples } from './providers/samples.ts'
import { cutAt, eventsOf } from './stages/slices.ts'

const apis = Object.keys(clients) as ClientApi[]
const types = Object.keys(providers) as ModelType[]
/** `RUNS` is for a long search by hand. */
const numRuns = Number(process.env.RUNS ?? 60)

const said = [{ role: 'user', content: 'hello' }]
const asks: Record<ClientApi, JsonObject> = {
  chat: { messages: said, stream_options: { include_usage: true }, logprobs: true },
  messages: { max_tokens: 9, messages: said, thinking: { type: 'adaptive' } },
  responses: { input: 'hello', store: false, reasoning: { summary: 'auto' } },
}

function formOf(api: ClientApi): AnswerForm {
  return clients[api].read({ model: 'm', ...asks[api] }, {}).form
}

interface Told {
  stream: string
  outcome: AnswerOutcome
}

/** As `lib/translated/answer.ts` has it: the stream, and the error at its end. */
async function streamOf(api: ClientApi, from: [Readable, ...Duplex[]]): Promise<Told> {
  const outcome = new AnswerOutcome()
  const serialiser = formOf(api).stream(context)
  const last = serialise(serialiser, outcome, 0)
  const written = text(last)
  await pipeline([...from, last])
  const stream = await written
  const { failure } = outcome
  if (!failure) return { stream, outcome }
  const ending = stream === '' ? undefined : serialiser.failure?.(failure)
  return { stream: stream + (ending ?? clients[api].errorEvent(failure, 'request')), outcome }
}

async function bodyOf(api: ClientApi, type: ModelType, bytes: Buffer) {
  const outcome = new AnswerOutcome()
  const serialiser = formOf(api).body(context)
  const stages = deltaStages(providers[type], upstream)
  await pipeline([Readable.from([bytes]), ...stages, collect(serialiser, outcome)])
  return { body: serialiser.body() as JsonObject | undefined, outcome }
}

const folders: Record<ModelType, string | undefined> = {
  anthropic: 'anthropic',
  openai: 'responses',
  common: 'chat',
  google: undefined,
}
const projectDir = path.join(import.meta.dirname, '..', '..')

/** Recorded and golden streams that are small enough to be sent many times. */
async function recorded(type: ModelType): Promise<WireEvent[][]> {
  const folder = folders[type]
  if (folder === undefined) return []
  const dirs = ['test/fixtures', '../shared/fixtures'].map((dir) =>
    path.join(projectDir, dir, folder),
  )
  const files = dirs.flatMap((dir) =>
    existsSync(dir) ? readdirSync(dir).map((name) => path.join(dir, name)) : [],
  )
  const streams = files.filter((file) => file.endsWith('.sse')).map((file) => readFileSync(file))
  return Promise.all(
    streams
      .filter(({ length }) => length < 9000)
      .map(async (bytes) =>
        (await eventsOf([bytes])).map(({ event: name, data }) => {
          const value: unknown = data === '[DONE]' ? { raw: data } : JSON.parse(data)
          return name === undefined ? { data: value } : { name, data: value }
        }),
      ),
  )
}

function fromSample(events: JsonObject[]): WireEvent[] {
  return events.map((data) => ({ data }))
}

async function sourceOf(type: ModelType): Promise<fc.Arbitrary<WireEvent[]>> {
  const streams = await recorded(type)
  const made = samples[type].map(({ events }) => fromSample(events))
  return streams.length > 0 ? fc.oneof(made, fc.constantFrom(...streams)) : made
}

/**
 * Arguments that end before their JSON does. Of what begins as neither an object nor a string nobody knows what it was. What
 * breaks before its end, as a number of which a piece is lost (`[2.e-3]`), is whole but wrong.
 */
function isCutJson(input: string): boolean {
  if (!/^\s*[{"]/.test(input)) return false
  try {
    JSON.parse(input)
    return false
  } catch (error) {
    const { message } = error as Error
    const [, at] = /at position (\d+)/.exec(message) ?? []
    return message.includes('Unexpected end') || Number(at) >= input.length
  }
}

test('arguments are cut where their JSON ends too soon, not where it is wrong', () => {
  for (const cut of ['{"a":', '{"a":"b', '{"a":2.', '"\\', '{"a":tr'])
    assert.ok(isCutJson(cut), cut)
  for (const other of ['{"a":[2.e-3]}', '{"a":1}', '2.', '{"a":x}'])
    assert.ok(!isCutJson(other), other)
})

async function endsIn(type: ModelType, bytes: Buffer): Promise<boolean> {
  const events = await eventsOf([bytes])
  return events.some(({ event, data }) => saysEnd[type](data, event))
}

async function check(api: ClientApi, type: ModelType, bytes: Buffer, places: number[]) {
  const pieces = cutAt(bytes, places).filter(({ length }) => length > 0)
  const stages = deltaStages(providers[type], upstream)
  const { stream, outcome } = await streamOf(api, [Readable.from(pieces), ...stages])
  const seen = await readers[api](stream)
  const whole = await bodyOf(api, type, bytes)

  assert.equal(seen.isWhole, outcome.failure === undefined)
  assert.equal(whole.outcome.failure?.message, outcome.failure?.message)
  assert.ok(!seen.isWhole || (await endsIn(type, bytes)), 'whole, though no event said so')
  if (!seen.isWhole) return undefined
  assert.deepEqual(seen.body, whole.body, 'stream and body differ')
  const content = contentOf(api, seen.body!)
  if (!content.isCut) {
    for (const input of content.inputs) assert.ok(!isCutJson(input), `a cut call: ${input}`)
  }
  return content
}

for (const api of apis) {
  for (const type of types) {
    test(`contract §6.6: ${type} to ${api}: a broken stream is well-formed, never falsely whole, and one with its body`, async () => {
      const source = await sourceOf(type)
      await fc.assert(
        fc.asyncProperty(
          source,
          changes,
          framing,
          fc.option(fc.nat(20_000), { nil: undefined }),
          fc.array(fc.nat(5000), { maxLength: 4 }),
          async (events, all, how, end, places) => {
            const bytes = bytesOfEvents(changed(events, all), how)
            const cut = end === undefined ? bytes : bytes.subarray(0, end % (bytes.length + 1))
            await check(api, type, cut, places)
          },
        ),
        { numRuns, includeErrorInReport: true },
      )
    })

    test(`contract §6.6: ${type} to ${api}: of events that are lost, doubled or out of order, no text is`, async () => {
      await fc.assert(
        fc.asyncProperty(samples[type], losses, async ({ events }, all) => {
          const list = changed(fromSample(events), all)
          const seen = await check(api, type, bytesOfEvents(list, 'plain'), [])
          if (!seen) return
          const told = textToldBy(type, list, api === 'messages')
          if (type === 'openai')
            assert.ok(isWithin(told, seen.text), 'what whole items add may stand between')
          else assert.equal(seen.text, told)
        }),
        { numRuns: numRuns / 2, includeErrorInReport: true },
      )
    })

    test(`contract §6.6: ${type} to ${api}: a body with odd members says the same as a stream, or fails`, async () => {
      await fc.assert(
        fc.asyncProperty(samples[type], oddMembers, async ({ body }, all) => {
          const [event] = changed([{ data: body }], all)
          const odd = JSON.parse(JSON.stringify(event!.data)) as JsonObject
          const deltas = [...providers[type].body(odd, upstream)]
          const told = await streamOf(api, [Readable.from([deltas])])
          const seen = await readers[api](told.stream)
          const serialiser = formOf(api).body(context)
          addAll(deltas, serialiser, new AnswerOutcome())

          assert.equal(seen.isWhole, told.outcome.failure === undefined)
          assert.deepEqual(seen.body, seen.isWhole ? serialiser.body() : undefined)
        }),
        { numRuns: numRuns / 2, includeErrorInReport: true },
      )
    })
  }
}

/** Whether all of a text is in another, in its order. */
function isWithin(part: string, whole: string): boolean {
  let at = 0
  for (let from = 0; from < whole.length && at < part.length; from++) {
    if (whole[from] === part[at]) at += 1
  }
  return at === part.length
}
