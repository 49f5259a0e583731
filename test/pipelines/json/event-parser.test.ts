/** An event that repeats the one before is what JSON.parse makes of it; whoever reads it may rely on that. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { providers, type ModelType } from '../../../pipelines/index.ts'
import { changingAt, EventParser } from '../../../pipelines/json/event-parser.ts'
import { isObject, membersNamed, parseAnswer } from '../../../pipelines/json/value.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { deltaStages } from '../../../pipelines/stages/translate.ts'
import { ProtocolError } from '../../../pipelines/untrusted.ts'
import { upstream } from '../answer-context.ts'
import { changed, losses, oddMembers } from '../broken/mutations.ts'
import { samples } from '../providers/samples.ts'

const exact = membersNamed('input')
const changing = changingAt('delta/text', 'usage/count')

/** Text and count stand in the event as they are written. */
function eventText(text: string, count = '1', gap = ''): string {
  return `{"id":"a",${gap}"delta":{"text":${gap}"${text}"},"usage":{"count":${count}}}`
}

function outcomeOf(parse: (text: string) => unknown, text: string): unknown {
  try {
    return structuredClone(parse(text))
  } catch (error) {
    return String(error)
  }
}

function assertSame(texts: readonly string[], parser: EventParser, like = exact): void {
  for (const text of texts) {
    const wanted = outcomeOf((one) => parseAnswer(one, like), text)
    assert.deepEqual(
      outcomeOf((one) => parser.parse(one), text),
      wanted,
      text,
    )
  }
}

test('an event with another text and count is the same object', () => {
  const parser = new EventParser(exact, changing)
  const event = parser.parse(eventText('Hi', '1'))

  for (const text of ['', ' there', 'a text that is longer than a few units', String.raw`\"\n\\`])
    assert.equal(parser.parse(eventText(text, '27')), event, text)

  assert.deepEqual(event, { id: 'a', delta: { text: '"\n\\' }, usage: { count: 27 } })
})

test('streams without ids and counts have one event, and each gets its own text', () => {
  const [one, other] = [new EventParser(exact, changing), new EventParser(exact, changing)]
  const event = (text: string) => `{"delta":{"text":"${text}"}}`
  for (const parser of [one, other]) for (const text of ['a', 'b']) parser.parse(event(text))

  const shared = one.parse(event('of one'))
  assert.deepEqual(shared, { delta: { text: 'of one' } })
  assert.equal(other.parse(event('of the other')), shared)
  assert.deepEqual(shared, { delta: { text: 'of the other' } })
})

test('an event with counts is that of one stream', () => {
  const [one, other] = [new EventParser(exact, changing), new EventParser(exact, changing)]
  for (const parser of [one, other]) for (const text of ['a', 'b']) parser.parse(eventText(text))

  assert.notEqual(one.parse(eventText('c')), other.parse(eventText('c')))
})

test('an event of another shape is another object, and may be repeated itself', () => {
  const parser = new EventParser(exact, changing)
  const first = parser.parse(eventText('Hi'))
  const other = parser.parse(eventText('Hi', '1', ' '))

  assert.notEqual(other, first)
  assert.equal(parser.parse(eventText('you', '2', ' ')), other)
})

const odd = [
  String.raw`\x`,
  String.raw`\u12`,
  String.raw`ends in \\`,
  String.raw`ends in a quote \"`,
  String.raw`\\\\\\\\\\\\\\\\`,
  '\n',
  'a raw \n line end',
  'a raw line end far behind others \n',
  'a quote " in the middle',
  'a quote far behind what else is there " ',
  '","text":"twice',
  '","more":"of it',
  '\u007f\u2028\ud83d\ude00',
  '\ud800',
]
const counts = ['0', '-1', '01', '1.0', '1e3', '123456789012345', '1234567890123456789', '"1"', '']

test('what looks like a repetition and is none is parsed as a whole', () => {
  for (const text of odd)
    assertSame([eventText('a'), eventText(text), eventText('b')], new EventParser(exact, changing))
  for (const count of counts)
    assertSame(
      [eventText('a'), eventText('a', count), eventText('b')],
      new EventParser(exact, changing),
    )
  for (const end of ['', '}', ' ', 'x'])
    assertSame(
      [eventText('a'), eventText('b').slice(0, -1) + end],
      new EventParser(exact, changing),
    )
})

test('a member that stands in an event twice counts as JSON has it', () => {
  const twice = (text: string) => `{"delta":{"text":"${text}1"},"delta":{"text":"${text}2"}}`
  const other = (text: string) => `{"delta":{"text":"${text}"},"delta":"no object"}`
  assertSame([twice('a'), twice('b'), twice('c')], new EventParser(exact, changing))
  assertSame([other('a'), other('b'), other('c')], new EventParser(exact, changing))
  const beside = (text: string) => `{"usage":{"count":1},"usage":"x","delta":{"text":"${text}"}}`
  assertSame([beside('a'), beside('b'), beside('c')], new EventParser(exact, changing))
})

/** Whose place is written in two ways, of which the latter counts. */
const writtenTwice = [
  (text: string) => String.raw`{"delta":{"text":"${text}","te\u0078t":"a"}}`,
  (text: string) => String.raw`{"delta":{"text":"${text}"},"delt\u0061":{"text":"a"}}`,
  (text: string) => `{"delta":{"text":"a"},"delta/text":"${text}"}`,
  (count: string) =>
    `{"delta":{"text":"a"},"usage":{"count":${count === 'a' ? 1 : 2},"count":1.0}}`,
]

test('a member that stands in an event twice, once in other words, counts as JSON has it', () => {
  for (const event of writtenTwice)
    assertSame([event('a'), event('b'), event('a')], new EventParser(exact, changing))
})

test('a name that is written with escapes is the name of a place like any other', () => {
  const parser = new EventParser(exact, changing)
  const event = (text: string) => String.raw`{"delt\u0061":{"te\u0078t":"${text}"}}`
  const first = parser.parse(event('a'))

  assert.equal(parser.parse(event('b')), first)
  assertSame([event('c')], parser)
})

test('an event with a long text is not kept for the next one', () => {
  const parser = new EventParser(exact, changing)
  const event = parser.parse(eventText('a'))

  const long = eventText('a'.repeat(5000))
  assert.notEqual(parser.parse(long), event)
  assertSame([long, eventText('b')], parser)
  assert.equal(parser.parse(eventText('c')), event)
})

test('numbers in the input of a tool keep their digits', () => {
  const parser = new EventParser(exact, changing)
  const event = (text: string) => `{"delta":{"text":"${text}"},"input":{"n":12345678901234567890}}`
  for (const text of ['a', 'b', 'c']) assertSame([event(text)], parser)
})

test('events of which none is repeated are no longer compared after a while', () => {
  const parser = new EventParser(exact, changing)
  const other = (count: number) => `{"id":${count},"delta":{"text":"a"},"usage":{}}`
  for (let count = 0; count < 100; count++) {
    parser.parse(other(count))
    const first = parser.parse(eventText('a'))
    assert.equal(parser.parse(eventText('b')), first)
  }
  for (let count = 0; count < 100; count++) parser.parse(other(count))
  const event = parser.parse(eventText('a'))

  assert.notEqual(parser.parse(eventText('b')), event)
  assertSame([eventText('c')], parser)
})

const chunkOf = (content: string, more: object = {}) => ({
  id: 'a',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
  ...more,
})
const lastChunk = { id: 'a', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }

/** Down the stages of a chat model. */
async function said(chunks: object[]) {
  const wire = [...chunks, lastChunk].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  const [events, deltas] = deltaStages(providers.common, upstream)
  Readable.from([Buffer.from(`${wire.join('')}data: [DONE]\n\n`)])
    .pipe(events!)
    .pipe(deltas!)
  const all = ((await deltas!.toArray()) as Delta[][]).flat()
  const text = all.map((delta) => (delta.type === 'text' ? delta.text : '')).join('')
  return { text, usage: all.find((delta) => delta.type === 'usage')?.usage }
}

// Quorinex/Kiro-Go #138: `1833` became `183`
test('a model that says the same again is heard each time', async () => {
  const { text } = await said(['666', '666', '666', '6'].map((one) => chunkOf(one)))
  assert.equal(text, '6666666666')
})

// BerriAI/litellm #38098 (GigaChat), foundry-local #144
test('chunks with an id and a time of their own are one answer', async () => {
  const words = Array.from({ length: 30 }, (_, at) => `w${at} `)
  const { text } = await said(words.map((one, at) => chunkOf(one, { id: `a${at}`, created: at })))
  assert.equal(text, words.join(''))
})

test('of counts that come with every chunk the last ones hold', async () => {
  const counted = Array.from({ length: 12 }, (_, at) =>
    chunkOf('a', {
      usage: { prompt_tokens: 5, completion_tokens: at + 1, total_tokens: at + 6 },
    }),
  )
  const { usage } = await said(counted)
  assert.deepEqual(usage, { inputTokens: 5, outputTokens: 12 })
})

const types = Object.keys(providers) as ModelType[]

for (const type of types) {
  const { callInput, translator: translatorOf } = providers[type]
  const { changing: places = [] } = translatorOf(upstream)
  const events = fc
    .tuple(samples[type], fc.option(fc.oneof(losses, oddMembers), { nil: [] }))
    .map(([sample, changes]) =>
      changed(
        sample.events.map((data) => ({ data })),
        changes,
      ).map(({ data }) => JSON.stringify(data)),
    )

  test(`${type}: whatever comes, an event is what JSON.parse makes of it`, () => {
    fc.assert(
      fc.property(events, (texts) =>
        assertSame(texts, new EventParser(callInput, places), callInput),
      ),
    )
  })

  test(`${type}: the translator changes no event, and keeps no object whose text is another's next`, () => {
    const deltasOf = (texts: readonly string[], isUsedAgain: boolean) => {
      const translator = translatorOf(upstream)
      const deltas: Delta[][] = []
      try {
        for (const text of texts) {
          const event = parseAnswer(text, callInput)
          if (!isObject(event)) continue
          const before = structuredClone(event)
          deltas.push(structuredClone(translator.event(event)))
          assert.deepEqual(event, before)
          if (isUsedAgain) for (const steps of places) overwrite(event, steps)
        }
        deltas.push(structuredClone(translator.end()))
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
      }
      return deltas
    }
    fc.assert(
      fc.property(events, (texts) => {
        assert.deepEqual(deltasOf(texts, true), deltasOf(texts, false))
      }),
    )
  })
}

/** As the next event would. */
function overwrite(event: object, steps: readonly string[]): void {
  let holder: unknown = event
  for (const step of steps.slice(0, -1)) holder = (holder as Record<string, unknown> | null)?.[step]
  const name = steps.at(-1)!
  const value = (holder as Record<string, unknown> | null | undefined)?.[name]
  if (typeof value === 'string') (holder as Record<string, unknown>)[name] = 'the next text'
}
