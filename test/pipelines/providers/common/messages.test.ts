/** The conversation as chat servers take it: §11.2, and §12.1 for the names in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readChat } from '../../../../pipelines/clients/chat/read.ts'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Piece, Turn } from '../../../../pipelines/neutral/request.ts'
import { openSeal, sealReasoning } from '../../../../pipelines/neutral/seal.ts'
import {
  assistant,
  callPiece,
  image,
  instruction,
  messagesOf,
  model,
  resultPiece,
  said,
  thought,
  user,
  written,
} from './ask.ts'

const imagePart = { type: 'image_url', image_url: { url: 'data:image/png;base64,aW1n' } }
const missing = 'No result was provided for this tool call.'
const callIds = ['1', '2', '3', '4', '5', '6', '7', '8', '9']

const rows: [what: string, turns: Turn[], messages: JsonObject[]][] = [
  ['text is one string', [user('a', 'b')], [{ role: 'user', content: 'a\n\nb' }]],
  [
    'neighbours of one speaker are one message',
    [user('a'), user('b'), assistant('c'), assistant('d'), user('e')],
    [
      { role: 'user', content: 'a\n\nb' },
      { role: 'assistant', content: 'cd' },
      { role: 'user', content: 'e' },
    ],
  ],
  [
    'empty text and empty turns are left out',
    [user('a'), assistant(''), user('', 'b')],
    [{ role: 'user', content: 'a\n\nb' }],
  ],
  [
    'with an image it is a list of parts',
    [user('a', image())],
    [{ role: 'user', content: [{ type: 'text', text: 'a' }, imagePart] }],
  ],
  [
    'a later instruction is a reminder in the user turn at its place',
    [user('a'), instruction('b'), assistant('c'), instruction('d'), user('e')],
    [
      { role: 'user', content: 'a\n\n<system-reminder>\nb\n</system-reminder>' },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: '<system-reminder>\nd\n</system-reminder>\n\ne' },
    ],
  ],
  [
    'calls and their results',
    [
      user('a'),
      assistant('b', callPiece('c', 'f', '{"x":1}')),
      user(resultPiece('c', 'ok')),
      assistant('d'),
    ],
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', tool_calls: [said('c', 'f', '{"x":1}')] },
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
      { role: 'assistant', content: 'd' },
    ],
  ],
  [
    'without text the content of a call is null',
    [user('a'), assistant(callPiece('c')), user(resultPiece('c', ''))],
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [said('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: '(no output)' },
    ],
  ],
  [
    'results stand in the order of the calls, before what else the user says',
    [
      assistant(callPiece('c'), callPiece('d', 'g')),
      user('first', resultPiece('d', 'two'), resultPiece('c', 'one')),
    ],
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [said('c', 'f', '{}'), said('d', 'g', '{}')],
      },
      { role: 'tool', tool_call_id: 'c', content: 'one' },
      { role: 'tool', tool_call_id: 'd', content: 'two' },
      { role: 'user', content: 'first' },
    ],
  ],
  [
    'an id that comes again within a turn gets a suffix, and so does its result',
    [assistant(callPiece('c'), callPiece('c')), user(resultPiece('c', '1'), resultPiece('c', '2'))],
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [said('c', 'f', '{}'), said('c_2', 'f', '{}')],
      },
      { role: 'tool', tool_call_id: 'c', content: '1' },
      { role: 'tool', tool_call_id: 'c_2', content: '2' },
    ],
  ],
  [
    'an instruction between a call and its result comes behind it',
    [assistant(callPiece('c')), instruction('b'), user(resultPiece('c', 'ok'))],
    [
      { role: 'assistant', content: null, tool_calls: [said('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
      { role: 'user', content: '<system-reminder>\nb\n</system-reminder>' },
    ],
  ],
  [
    'each step of a loop is a message of its own',
    [
      assistant(callPiece('c')),
      user(resultPiece('c', '1')),
      assistant(callPiece('d')),
      user(resultPiece('d', '2')),
    ],
    [
      { role: 'assistant', content: null, tool_calls: [said('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: '1' },
      { role: 'assistant', content: null, tool_calls: [said('d', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'd', content: '2' },
    ],
  ],
  [
    'one id in two steps (servers that count anew)',
    [
      assistant(callPiece('call_0')),
      user(resultPiece('call_0', '1')),
      assistant(callPiece('call_0')),
      user(resultPiece('call_0', '2')),
    ],
    [
      { role: 'assistant', content: null, tool_calls: [said('call_0', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'call_0', content: '1' },
      { role: 'assistant', content: null, tool_calls: [said('call_0', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'call_0', content: '2' },
    ],
  ],
  [
    'a call without a result gets one, a result without a call is text',
    [assistant(callPiece('c')), user(resultPiece('x', 'lost'))],
    [
      { role: 'assistant', content: null, tool_calls: [said('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: missing },
      { role: 'user', content: 'Tool result (x):\nlost' },
    ],
  ],
  [
    'a result that failed says so',
    [assistant(callPiece('c')), user(resultPiece('c', 'no file', { isError: true }))],
    [
      { role: 'assistant', content: null, tool_calls: [said('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: 'Error: no file' },
    ],
  ],
  [
    'images of results follow the last of them, with what the user says',
    [
      assistant(callPiece('c'), callPiece('d')),
      user(
        resultPiece('c', [{ type: 'text', text: 'seen', place: 'p' }, image()]),
        resultPiece('d', [image()]),
        'look',
      ),
    ],
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [said('c', 'f', '{}'), said('d', 'f', '{}')],
      },
      { role: 'tool', tool_call_id: 'c', content: 'seen' },
      { role: 'tool', tool_call_id: 'd', content: '(see below)' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Images from the tool results:' },
          imagePart,
          imagePart,
          { type: 'text', text: 'look' },
        ],
      },
    ],
  ],
  [
    'a refusal is text',
    [user('a'), assistant({ type: 'refusal', text: 'no', place: 'p' }), user('b')],
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'no' },
      { role: 'user', content: 'b' },
    ],
  ],
  [
    'arguments are the text of an object, in whatever form they come',
    [
      assistant(
        callPiece('1', 'f', { a: 1 }),
        callPiece('2', 'f', ''),
        callPiece('3', 'f', undefined),
        callPiece('4', 'f', 'broken {'),
        callPiece('5', 'f', '*** Begin', { kind: 'custom' }),
        callPiece('6', 'f', '{"a":1}{"b":2}'),
        callPiece('7', 'f', '[1.0]'),
        callPiece('8', 'f', '{"a":1.0}'),
        callPiece('9', 'f', JSON.stringify('{"a":1.0}')),
      ),
      user(...callIds.map((id) => resultPiece(id, 'ok'))),
    ],
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          said('1', 'f', '{"a":1}'),
          said('2', 'f', '{}'),
          said('3', 'f', '{}'),
          said('4', 'f', '{"raw_arguments":"broken {"}'),
          said('5', 'f', '{"input":"*** Begin"}'),
          said('6', 'f', '{"raw_arguments":"{\\"a\\":1}{\\"b\\":2}"}'),
          said('7', 'f', '{"value":[1.0]}'),
          said('8', 'f', '{"a":1.0}'),
          said('9', 'f', '{"a":1.0}'),
        ],
      },
      ...callIds.map((id) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
    ],
  ],
]

for (const [what, turns, messages] of rows) {
  test(`§11.2 ${what}`, () => {
    assert.deepEqual(messagesOf(turns), messages)
  })
}

test('§11.2 the prompt and the leading instructions are one system message, the prompt once', () => {
  const turns = [instruction('a', 'b'), instruction('c'), user('d')]
  const system = (content: string) => ({ role: 'system', content })

  assert.deepEqual(messagesOf(turns)[0], system('a\n\nb\n\nc'))
  assert.deepEqual(messagesOf(turns, { systemPrompt: 'P' })[0], system('P\n\na\n\nb\n\nc'))
  assert.deepEqual(messagesOf(turns, { systemPrompt: 'a' })[0], system('a\n\nb\n\nc'))
  assert.deepEqual(messagesOf([user('d')], { systemPrompt: 'P' }), [
    system('P'),
    { role: 'user', content: 'd' },
  ])
})

test('§11.2 a request without anything to answer is a 400', () => {
  for (const turns of [[], [instruction('a')], [user('')], [assistant('')]]) {
    assert.throws(
      () => messagesOf(turns),
      (error) => error instanceof ProxyError && error.status === 400,
    )
  }
})

test('§11.2 files: text is text, PDF is a file, anything else is a 400 at its place', () => {
  const file = (held: object, name?: string): Piece =>
    ({
      type: 'attachment',
      written: 'document',
      kind: 'file',
      held,
      heldPlace: 'x.source',
      place: 'x',
      ...(name && { name }),
    }) as Piece
  const inline = (mediaType: string, data: string) => ({
    inline: { mediaType, base64: true, data },
  })

  assert.deepEqual(messagesOf([user(file({ text: 'read me' }))]), [
    { role: 'user', content: 'read me' },
  ])
  const named = [file({ text: 'read me' }, 'a.md'), file(inline('text/csv', 'YSxi'), 'b.csv')]
  assert.deepEqual(messagesOf([user(...named)]), [
    { role: 'user', content: 'a.md\nread me\n\nb.csv\na,b' },
  ])
  assert.deepEqual(messagesOf([user(file(inline('text/csv', 'YSxi')))]), [
    { role: 'user', content: 'a,b' },
  ])
  assert.deepEqual(
    messagesOf([user(file(inline('application/pdf', 'JVBE'), 'a.pdf'))])[0]?.content,
    [{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } }],
  )
  for (const held of [
    { url: 'https://x/y.pdf' },
    { fileId: 'file-1' },
    inline('audio/wav', 'UklG'),
  ]) {
    assert.throws(
      () => messagesOf([user(file(held))]),
      (error) =>
        error instanceof ProxyError &&
        error.code === 'unsupported_content' &&
        error.param!.startsWith('x'),
    )
  }
})

test('§11.2 ids of up to 40 characters stay, longer ones keep their beginning and a piece of a hash', () => {
  const long = 'call_chatcmpl-0123456789abcdef0123456789abcdef_0'
  const ids = ['functions.Bash:0', 'a'.repeat(40), long, long.replace(/0$/, '1')]
  const [{ tool_calls: calls }, ...results] = messagesOf([
    assistant(...ids.map((id) => callPiece(id))),
    user(...ids.map((id) => resultPiece(id, 'ok'))),
  ]) as [{ tool_calls: { id: string }[] }, ...JsonObject[]]
  const sent = calls.map(({ id }) => id)

  assert.deepEqual(sent.slice(0, 2), ids.slice(0, 2))
  assert.match(sent[2]!, /^call_chatcmpl-[\w-]{15}_[0-9a-f]{10}$/)
  assert.equal(new Set(sent).size, 4)
  assert.deepEqual(
    results.map(({ tool_call_id: id }) => id),
    sent,
  )
  assert.ok(sent.every((id) => id.length <= 40))
})

const loop = (...reasoning: Piece[]): Turn[] => [
  user('a'),
  assistant(...reasoning, 'b', callPiece('c')),
  user(resultPiece('c', 'ok')),
]

test('§11.2 reasoning goes back in the field that it came in, that of several blocks together', () => {
  const [, answer] = messagesOf(loop(thought('h'), thought('m')))

  assert.deepEqual(answer, {
    role: 'assistant',
    content: 'b',
    reasoning_content: 'hm',
    tool_calls: [said('c', 'f', '{}')],
  })
  assert.equal(
    messagesOf(loop(thought('hm', { seal: { field: 'reasoning' } })))[1]?.reasoning,
    'hm',
  )
})

test('§11.2 entries go back as they are', () => {
  const entries = [{ type: 'reasoning.text', text: 'hm', signature: 's' }]
  const [, answer] = messagesOf(
    loop(thought('hm', { seal: { field: 'reasoning_details', entries } })),
  )

  assert.deepEqual(answer?.reasoning_details, entries)
  assert.equal(answer?.reasoning_content, undefined)
})

const strangers: [what: string, reasoning: Piece][] = [
  ['of another endpoint', thought('hm', { endpoint: 'there' })],
  [
    'of another provider',
    thought('hm', { maker: 'anthropic-claude-v1', seal: { signature: 's' } }),
  ],
  ['that stood in the text', thought('hm', { seal: { field: 'inline' } })],
  [
    'without a seal',
    { type: 'reasoning', reasoning: { kind: 'thinking', text: 'hm' }, place: 'p' },
  ],
]

for (const [what, reasoning] of strangers) {
  test(`§11.2, §13.2 reasoning ${what} is left out, and is not text`, () => {
    assert.deepEqual(messagesOf(loop(reasoning))[1], {
      role: 'assistant',
      content: 'b',
      tool_calls: [said('c', 'f', '{}')],
    })
  })
}

test('§11.2 reasoning that the client dropped comes from the memory, without an endpoint of its own', () => {
  const recall = (key: string) =>
    key === 'c'
      ? {
          reasoning: [
            {
              kind: 'raw' as const,
              text: 'hm',
              maker: 'common',
              seal: { field: 'reasoning_content' as const },
            },
          ],
        }
      : undefined

  assert.equal(messagesOf(loop(), { recall })[1]?.reasoning_content, 'hm')
})

test('§11.2 a model that wants reasoning with every call gets an empty one where there is none (DeepSeek, Kimi)', () => {
  const turns = [
    ...loop(thought('hm')),
    assistant('c', callPiece('d')),
    user(resultPiece('d', 'ok')),
    assistant('e'),
  ]
  const fieldsOf = (messages: JsonObject[]) =>
    messages.filter(({ role }) => role === 'assistant').map(({ reasoning_content: text }) => text)

  assert.deepEqual(fieldsOf(messagesOf(turns)), ['hm', ' ', undefined])
  assert.deepEqual(fieldsOf(messagesOf(loop())), [undefined])
  for (const id of [
    'deepseek-v4-pro',
    'deepseek/deepseek-reasoner',
    'kimi-k2.6',
    'moonshotai/kimi-k2-thinking',
  ]) {
    assert.deepEqual(
      fieldsOf(messagesOf(loop(), { model: { ...model, upstream_id: id } })),
      [' '],
      id,
    )
  }
  assert.deepEqual(
    fieldsOf(
      messagesOf(loop(), { model: { ...model, upstream_id: 'moonshotai/kimi-k2-instruct' } }),
    ),
    [undefined],
  )
})

test('§13.2 a sealed thought of this endpoint goes up as it came, and nothing of a seal does', () => {
  const made = {
    kind: 'raw' as const,
    text: 'hm',
    maker: 'common',
    model: 'm',
    seal: { field: 'reasoning_content' as const },
  }
  fc.assert(
    fc.property(
      fc.constantFrom('here', 'there'),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      (endpoint, isShown, text) => {
        const sealed = sealReasoning({ ...made, text }, endpoint, isShown)
        const reasoning = openSeal(sealed, text)!
        const { body } = written({ turns: loop({ type: 'reasoning', reasoning, place: 'p' }) })
        const [, answer] = body.messages as JsonObject[]

        assert.ok(!JSON.stringify(body).includes('"d2a1.'))
        assert.equal(
          answer?.reasoning_content,
          endpoint === 'here' && text !== '' ? text : endpoint === 'here' ? ' ' : undefined,
        )
      },
    ),
  )
})

const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((text) => text.trim() !== '')
const step = fc.record({
  text: fc.option(word, { nil: null }),
  results: fc.array(word, { maxLength: 3 }),
  ask: word,
})

/** A chat that keeps to the order which §11.2 asks for. */
const history = fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) =>
  steps.flatMap(({ text, results, ask }, at): JsonObject[] => {
    const ids = results.map((_, n) => `c${at}_${n}`)
    const calls = ids.map((id) => said(id, 'f', '{"a":1}'))
    const answer = {
      role: 'assistant',
      content: text,
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    return [
      { role: 'user', content: ask },
      ...(text === null && calls.length === 0 ? [{ role: 'assistant', content: 'x' }] : [answer]),
      ...ids.map((id, n) => ({ role: 'tool', tool_call_id: id, content: results[n] })),
    ]
  }),
)

test('§11.2 a chat that is read and written is the same chat', () => {
  fc.assert(
    fc.property(history, (messages) => {
      const { request } = readChat({ model: 'm', messages })

      assert.deepEqual(messagesOf(request.turns), messages)
    }),
    { numRuns: 500 },
  )
})

test('§11.2 texts of the assistant on both sides of a late result are one message', () => {
  const messages = messagesOf([
    assistant(callPiece('b')),
    user('And?'),
    assistant('x'),
    user(resultPiece('b', 'r')),
    assistant('y'),
    user('end'),
  ])

  assert.deepEqual(
    messages.map(({ role, content }) => [role, content]),
    [
      ['assistant', null],
      ['tool', 'r'],
      ['user', 'And?'],
      ['assistant', 'xy'],
      ['user', 'end'],
    ],
  )
})

const anyPiece = (role: Turn['role']): fc.Arbitrary<Piece> => {
  const id = fc.constantFrom('a', 'b', 'c')
  const text = fc
    .constantFrom('', 'x')
    .map((value): Piece => ({ type: 'text', text: value, place: 'p' }))
  if (role === 'instruction') return text
  return role === 'assistant'
    ? fc.oneof(
        text,
        id.map((one) => callPiece(one)),
        fc.constant(thought('hm')),
      )
    : fc.oneof(
        text,
        id.map((one) => resultPiece(one, 'r')),
        fc.constant(image()),
      )
}
const anyTurn = fc
  .constantFrom<Turn['role'][]>('user', 'assistant', 'instruction')
  .chain((role) =>
    fc
      .array(anyPiece(role), { maxLength: 4 })
      .map((pieces): Turn => ({ role, pieces, place: 'messages[0]' })),
  )

test('§11.2 whatever the history, every call has its result right behind it, and speakers take turns', () => {
  fc.assert(
    fc.property(fc.array(anyTurn, { maxLength: 8 }), (turns) => {
      const messages = messagesOf([...turns, user('end')])
      const roles = messages.map(({ role }) => role)
      assert.ok(!roles.slice(1).includes('system'))
      messages.forEach((message, at) => {
        const calls = (message.tool_calls ?? []) as { id: string }[]
        const results = messages.slice(at + 1, at + 1 + calls.length)
        assert.deepEqual(
          results.map(({ tool_call_id: id }) => id),
          calls.map(({ id }) => id),
        )
        if (message.role === 'user') assert.notEqual(roles[at + 1], 'user')
        if (message.role === 'assistant' && calls.length === 0)
          assert.notEqual(roles[at + 1], 'assistant')
        if (message.role === 'tool')
          assert.ok(roles[at - 1] === 'tool' || roles[at - 1] === 'assistant')
      })
    }),
    { numRuns: 1000 },
  )
})
