/** Whether a stream that passes unread has come to its end, however it is cut into pieces. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamEnd } from '../../lib/upstream/tap.ts'
import { providers, type ModelType } from '../../pipelines/index.ts'
import { anthropicStream, responsesStream } from '../helpers/upstream.ts'

const chunk = (choice: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, ...choice }], ...more })}\n\n`
const chat = [
  chunk({
    delta: { content: 'say \n\ndata: [DONE]\n\n "finish_reason":"stop"' },
    finish_reason: null,
  }),
  chunk({ delta: {}, finish_reason: 'stop' }),
  'data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
]
const said =
  'The end is {"type":"message_stop"}, or\nevent: message_stop\n\n"type":"response.completed"'
const messages = anthropicStream({ text: ['Hi', said] })
const responses = responsesStream({ text: ['Hi', said] })
const long = responsesStream({ text: ['x'.repeat(300_000)] })
const failed = [responses[0]!, 'event: error\ndata: {"type":"error","code":"server_error"}\n\n']

const whole: [what: string, type: ModelType, events: string[]][] = [
  ['messages', 'anthropic', messages],
  ['messages that fail', 'anthropic', [messages[0]!, 'event: error\ndata: {"type":"error"}\n\n']],
  ['messages that fail, by the name alone', 'anthropic', ['event: error\ndata: oh\n\n']],
  ['messages with spaces', 'anthropic', ['data: { "type" : "message_stop" }\n\n']],
  ['a comment behind the end', 'anthropic', [...messages, ': bye\n\n']],
  ['a long one', 'anthropic', [...messages, `: ${'bye'.repeat(1000)}\n\n`]],
  ['responses', 'openai', responses],
  ['a last event of 600 KB', 'openai', long],
  [
    'responses that are incomplete',
    'openai',
    responsesStream({ text: ['Hi'], status: 'incomplete' }),
  ],
  ['responses that fail', 'openai', failed],
  ['responses with [DONE]', 'openai', [responses[0]!, 'data: [DONE]\n\n']],
  ['chat', 'common', chat],
  ['chat without a count', 'common', chat.slice(0, -1)],
  ['chat with [DONE]', 'common', [chat[0]!, 'data: [DONE]\n\n']],
  ['chat that fails', 'common', [chat[0]!, 'data: {"error":{"message":"overloaded"}}\n\n']],
]

const cut: [what: string, type: ModelType, events: string[]][] = [
  ['messages', 'anthropic', messages.slice(0, -1)],
  ['responses', 'openai', responses.slice(0, -1)],
  ['responses with the end of messages', 'openai', [...responses.slice(0, -1), messages.at(-1)!]],
  ['chat', 'common', chat.slice(0, 1)],
  ['messages within the end', 'anthropic', [messages.join('').slice(0, -3)]],
  ['messages at the end of a line', 'anthropic', [messages.slice(0, -1).join('').trimEnd()]],
  ['a last event of 600 KB within it', 'openai', [long.join('').slice(0, -200_000)]],
  ['chat within the end', 'common', [chat[0]!, chat[1]!.slice(0, -5)]],
  ['nothing at all', 'anthropic', []],
  ['a ping', 'anthropic', ['event: ping\ndata: {"type":"ping"}\n\n']],
]

function isWhole(type: ModelType, pieces: Iterable<string | Buffer>): boolean {
  const provider = providers[type]
  assert.ok(provider.api)
  const end = new StreamEnd(provider.streamEnd)
  for (const piece of pieces) end.read(Buffer.from(piece as string))
  return end.isWhole()
}

/** The same bytes in pieces of this size. */
function* inPieces(events: string[], size: number): Generator<Buffer> {
  const bytes = Buffer.from(events.join(''))
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

for (const [expected, list] of [
  [true, whole],
  [false, cut],
] as const) {
  for (const [what, type, events] of list) {
    test(`contract §6.8: ${type}: ${what}: ${expected ? 'whole' : 'cut'}, in pieces of any size`, () => {
      assert.equal(isWhole(type, events), expected, 'an event a piece')
      assert.equal(isWhole(type, [events.join('')]), expected, 'in one piece')
      const sizes =
        events.join('').length > 10_000 ? [97, 1448, 16_384] : [1, 2, 3, 7, 64, 97, 1448]
      for (const size of sizes) {
        assert.equal(isWhole(type, inPieces(events, size)), expected, `${size} bytes`)
      }
      const crlf = events.map((event) => event.replaceAll('\n', '\r\n'))
      assert.equal(isWhole(type, crlf), expected, 'CRLF')
      assert.equal(isWhole(type, inPieces(crlf, 5)), expected, 'CRLF, 5 bytes')
    })
  }
}

test('contract §6.8: an end that is split from its blank line, or lacks one, counts', () => {
  const [last] = messages.slice(-1)
  const before = messages.slice(0, -1)
  assert.equal(isWhole('anthropic', [...before, last!.slice(0, -1), '\n']), true)
  assert.equal(isWhole('anthropic', [...before, last!.slice(0, -2)]), true)
  assert.equal(isWhole('anthropic', [...before, last!.slice(0, -18)]), false)
})

test('contract §6.8: a piece that begins with a line feed and has no blank line is part of an event', () => {
  const end = messages.at(-1)!
  const [name, data] = end.trimEnd().split('\n')
  assert.equal(isWhole('anthropic', [`\n${name}\nda`, `${data!.slice(2)}\n\n`]), true)
  assert.equal(isWhole('anthropic', [`\n${name}\nda`, 'ta: {}\n\n']), false)
})
