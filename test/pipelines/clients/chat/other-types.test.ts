/** Answers in which one value has another JSON type than its API promises: what is lost then is never hidden. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { providers, type ModelType } from '../../../../pipelines/index.ts'
import { translateAll } from '../../../../pipelines/stages/translate.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { ChatCompletion } from '../../../../pipelines/wire/chat.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  sse,
} from '../../../helpers/provider-answers.ts'
import { call, chunk, content, finish } from '../../providers/common/chunks.ts'
import { bodyOf as chatBodyOf } from './chat-answers.ts'
import { asStream, fromBody, upstream } from './replay-answers.ts'

/** Each piece of the answer has a token of its own, so that none can be lost unseen. */
const said = {
  thinking: ['<t0>', '<t1>'],
  text: ['<c0>', '<c1>', '<c2>'],
  tools: [
    { id: 'call_a', name: 'first', input: ['{"a":"<a0>', '<a1>"}'] },
    { id: 'call_b', name: 'second', input: ['{"b":"<b0>"}'] },
  ],
}

function parsed(events: string[]): JsonObject[] {
  return events.map((event) => JSON.parse(event.split('\ndata: ')[1]!) as JsonObject)
}

const geminiParts = [
  ...said.thinking.map((text) => ({ text, thought: true })),
  ...said.text.map((text) => ({ text })),
  ...said.tools.map(({ id, name, input }) => ({
    functionCall: { id, name, args: JSON.parse(input.join('')) as JsonObject },
    thoughtSignature: 'c2ln',
  })),
]

function geminiAnswer(parts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { candidates: [{ content: { parts, role: 'model' }, ...more }], responseId: 'r1' }
}

const chatCalls = said.tools.map(({ id, name, input }) => ({
  id,
  type: 'function',
  function: { name, arguments: input.join('') },
}))

const eventsOf: Record<ModelType, JsonObject[]> = {
  common: [
    ...said.thinking.map((text) => chunk({ reasoning_content: text })),
    ...said.text.map(content),
    ...said.tools.flatMap(({ id, name, input }, index) => [
      call(index, id, name, ''),
      ...input.map((piece) => call(index, undefined, undefined, piece)),
    ]),
    finish('tool_calls'),
  ],
  google: [
    ...geminiParts.map((part) => geminiAnswer([part])),
    geminiAnswer([], { finishReason: 'STOP' }),
  ],
  anthropic: parsed(anthropicStream(said)),
  openai: parsed(responsesStream({ ...said, encrypted_content: 'enc' })),
}

const bodyOf: Record<ModelType, JsonObject> = {
  common: {
    id: 'chatcmpl-1',
    choices: [
      {
        index: 0,
        message: {
          reasoning_content: said.thinking.join(''),
          content: said.text.join(''),
          tool_calls: chatCalls,
        },
        finish_reason: 'tool_calls',
      },
    ],
  },
  google: geminiAnswer(geminiParts, { finishReason: 'STOP' }),
  anthropic: anthropicMessage(said),
  openai: responsesBody({ ...said, encrypted_content: 'enc' }),
}

type Path = (string | number)[]

/** Where in a value something stands that can be replaced, the value itself left out. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const inner = path.concat(key)
    return [inner].concat(pathsIn(member, inner))
  })
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as JsonObject)[key], value)
}

function withValue(whole: JsonObject, path: Path, value: unknown): JsonObject {
  const copy = structuredClone(whole)
  const holder = at(copy, path.slice(0, -1)) as JsonObject
  holder[path.at(-1)!] = value
  return copy
}

const tokens = /<[a-z]\d>/g

const others = [7, 0, true, '12', {}, { odd: 1 }, [], [['x']], ['x'], [{}], null]

/** As another JSON type, and where it is text or a list of one, in forms that still say the same. */
function replacements(value: unknown): unknown[] {
  const type = typeOf(value)
  const foreign = others.filter((other) => typeOf(other) !== type)
  if (type === 'string') return [...foreign, { text: value }, [{ type: 'text', text: value }]]
  if (type === 'number') return [...foreign, String(value)]
  return foreign
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** What is lost if the value is thrown away, and cannot be known to have been there when it is `null` or empty. */
function tokensOf(value: unknown): string[] {
  return JSON.stringify(value).match(tokens) ?? []
}

/**
 * `null` and what is empty say that there is nothing; text in the place of text, of a list of it or of an entry is the text, and a value
 * in the place of JSON text the JSON. Within arguments any value is right.
 */
function hidesLoss(value: unknown, original: unknown, path: Path): boolean {
  const isWithin = (name: string) => path.includes(name) && path.at(-1) !== name
  if (isWithin('input') || isWithin('args')) return true
  if (isSilentInGemini(value, path) || isSilentInChat(value, path)) return true
  if (value === null || (Array.isArray(value) && value.length === 0)) return true
  if (typeof original === 'string' && isJson(original)) return true
  const isText = typeof value !== 'object' || isTextList(value)
  if (typeof original === 'string') return isText
  const isListOrEntry = Array.isArray(original) || /^\d+$/.test(`${path.at(-1)}`)
  return isListOrEntry && value === '12'
}

/** What may be lost: of chat also what another choice says, and what follows arguments that an object has whole. */
function hiddenBy(value: unknown, original: unknown, path: Path): string[] {
  if (path[0] === 'choices' && path.length === 3 && path.at(-1) === 'index') return all
  if (path.at(-1) === 'arguments' && typeOf(value) === 'object') return tokensOf(said.tools)
  return hidesLoss(value, original, path) ? tokensOf(original) : []
}

/** What Gemini sends where there is nothing: no members, or a part of a kind that says nothing to a client. */
function isSilentInGemini(value: unknown, path: Path): boolean {
  if (!path.includes('candidates') || typeof value !== 'object' || value === null) return false
  const isPart = path.includes('parts') && !path.includes('functionCall') && path.at(-1) !== 'text'
  return isPart || ['{}', '[{}]'].includes(JSON.stringify(value))
}

/** A choice with nothing in it, as Azure sends them. */
function isSilentInChat(value: unknown, path: Path): boolean {
  const isChoice = path[0] === 'choices' && path.length <= 2
  return isChoice && ['{}', '{"odd":1}', '[{}]'].includes(JSON.stringify(value))
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((part) => typeof part === 'string')
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

/** Everything of an answer that a client shows or acts on. */
function contentOf(completion: ChatCompletion): string {
  return JSON.stringify(completion.choices[0]?.message)
}

function assertNothingLost(completion: ChatCompletion, expected: string[], what: string): void {
  const shown = contentOf(completion)
  for (const token of expected) assert.ok(shown.includes(token), `${what}: ${token} is lost`)
}

const all = tokensOf(said)

/** Without the streams around it, since there are thousands of them. */
function fromEvents(provider: ModelType, events: JsonObject[]): ChatCompletion | undefined {
  const translator = providers[provider].translator(upstream)
  return chatBodyOf(translateAll(translator, events))
}

function checkStream(provider: ModelType, index: number, path: Path, value: unknown): void {
  const events = eventsOf[provider]
  const event = events[index]!
  const original = at(event, path)
  const what = `${provider} event ${index} ${path.join('.')} = ${JSON.stringify(value)}`

  const completion = fromEvents(provider, events.with(index, withValue(event, path, value)))

  if (!completion) return
  const hidden = hiddenBy(value, original, path)
  assertNothingLost(
    completion,
    all.filter((token) => !hidden.includes(token)),
    what,
  )
}

function checkBody(provider: ModelType, path: Path, value: unknown): void {
  const body = bodyOf[provider]
  const original = at(body, path)
  const what = `${provider} body ${path.join('.')} = ${JSON.stringify(value)}`

  const completion = fromBody(provider, withValue(body, path, value))

  if (!completion) return
  const hidden = hiddenBy(value, original, path)
  assertNothingLost(
    completion,
    all.filter((token) => !hidden.includes(token)),
    what,
  )
}

for (const provider of Object.keys(eventsOf) as ModelType[]) {
  describe(`KT9: ${provider}`, () => {
    test('a stream with one value of another type says all there is, or fails', () => {
      for (const [index, event] of eventsOf[provider].entries()) {
        for (const path of pathsIn(event)) {
          for (const value of replacements(at(event, path))) {
            checkStream(provider, index, path, value)
          }
        }
      }
    })

    test('a body with one value of another type says all there is, or fails', () => {
      for (const path of pathsIn(bodyOf[provider])) {
        for (const value of replacements(at(bodyOf[provider], path))) {
          checkBody(provider, path, value)
        }
      }
    })

    test('any JSON in the place of any value ends in an answer or a failure', async () => {
      const anyJson = fc.jsonValue({ maxDepth: 3 })
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(), anyJson, async (which, where, value) => {
          const events = eventsOf[provider]
          const index = which % events.length
          const event = events[index]!
          const paths = pathsIn(event)
          const changed = withValue(event, paths[where % paths.length]!, value)
          const stream = events
            .with(index, changed)
            .map((one, n) => sse(String(events[n]?.type), one))

          const { outcome } = await asStream(provider, [Buffer.from(stream.join(''))])
          assert.equal(outcome.stopReason === undefined, outcome.failure !== undefined)
          fromBody(provider, changed)
        }),
        { numRuns: 200 },
      )
    })
  })
}
