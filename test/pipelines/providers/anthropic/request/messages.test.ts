import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { call, refusal } from '../../../clients/chat/chat-pieces.ts'
import { ask, turns } from './ask.ts'

const text = (words: string) => ({ type: 'text', text: words })
const use = (id: string, name = 'look', input: object = {}) => ({
  type: 'tool_use',
  id,
  name,
  input,
})
const result = (id: string, content: unknown) => ({ type: 'tool_result', tool_use_id: id, content })
const missing = (id: string) => ({
  type: 'tool_result',
  tool_use_id: id,
  is_error: true,
  content: 'No result was provided for this tool call.',
})
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown, ...calls: unknown[]) => ({
  role: 'assistant',
  content,
  ...(calls.length > 0 && { tool_calls: calls }),
})
const answer = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content })

suite('§5.3 the walk over the messages', () => {
  const rows: [step: string, messages: unknown[], expected: unknown[]][] = [
    [
      '1 system messages in front leave no trace in the turns',
      [{ role: 'system', content: 'x' }, user('a')],
      [user([text('a')])],
    ],
    ['2 the name of a user is dropped', [{ ...user('a'), name: 'Ann' }], [user([text('a')])]],
    [
      '3 an assistant turn is text, then refusal, then calls',
      [user('a'), { ...assistant('t', call('c1')), refusal: 'no' }, answer('c1', 'r')],
      [user([text('a')]), assistant([text('t'), text('no'), use('c1')]), user([result('c1', 'r')])],
    ],
    [
      '3 a function_call counts as a call, and 4 a function message answers it',
      [
        user('a'),
        { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{"a":1}' } },
        { role: 'function', name: 'look', content: 'r' },
      ],
      [
        user([text('a')]),
        assistant([use('function_call_1', 'look', { a: 1 })]),
        user([result('function_call_1', 'r')]),
      ],
    ],
    [
      '4 a function message answers the latest open call of its name',
      [
        user('a'),
        assistant(null, call('c1', 'look'), call('c2', 'look')),
        { role: 'function', name: 'look', content: 'second' },
        { role: 'function', name: 'look', content: 'first' },
      ],
      [
        user([text('a')]),
        assistant([use('c1'), use('c2')]),
        user([result('c2', 'second'), result('c1', 'first')]),
      ],
    ],
    [
      '5 all results of one turn share the next user turn, before its text',
      [
        user('a'),
        assistant(null, call('c1'), call('c2')),
        answer('c2', '2'),
        user('and?'),
        answer('c1', '1'),
      ],
      [
        user([text('a')]),
        assistant([use('c1'), use('c2')]),
        user([result('c2', '2'), result('c1', '1'), text('and?')]),
      ],
    ],
    [
      '5 neighbours of one role become one turn',
      [user('a'), assistant('b'), assistant('c'), user('d')],
      [user([text('a')]), assistant([text('b'), text('c')]), user([text('d')])],
    ],
    [
      '6 blank text and empty turns vanish, and what they parted is merged',
      [user('a'), assistant(' \n'), user(['', text('b')])],
      [user([text('a'), text('b')])],
    ],
    [
      '7a a call without a result gets one',
      [user('a'), assistant(null, call('c1'), call('c2')), answer('c2', 'r'), user('b')],
      [
        user([text('a')]),
        assistant([use('c1'), use('c2')]),
        user([result('c2', 'r'), missing('c1'), text('b')]),
      ],
    ],
    [
      '7a a user turn is added for it at the end',
      [user('a'), assistant('t', call('c1'))],
      [user([text('a')]), assistant([text('t'), use('c1')]), user([missing('c1')])],
    ],
    [
      '7b an orphan is told as text after the real results',
      [user('a'), assistant(null, call('c1')), answer('zz', 'lost'), answer('c1', 'r'), user('b')],
      [
        user([text('a')]),
        assistant([use('c1')]),
        user([result('c1', 'r'), text('Tool result (zz):\nlost'), text('b')]),
      ],
    ],
    [
      '7b a late result is an orphan',
      [user('a'), assistant(null, call('c1')), user('b'), assistant('t'), answer('c1', 'late')],
      [
        user([text('a')]),
        assistant([use('c1')]),
        user([missing('c1'), text('b')]),
        assistant([text('t')]),
        user([text('Tool result (c1):\nlate')]),
      ],
    ],
    [
      '7c of two results for one call the last counts',
      [user('a'), assistant(null, call('c1')), answer('c1', 'old'), answer('c1', 'new')],
      [user([text('a')]), assistant([use('c1')]), user([result('c1', 'new')])],
    ],
    [
      '7d a repeated id gets a suffix, and so does its result',
      [
        user('a'),
        assistant(null, call('c1')),
        answer('c1', '1'),
        assistant(null, call('c1')),
        answer('c1', '2'),
      ],
      [
        user([text('a')]),
        assistant([use('c1')]),
        user([result('c1', '1')]),
        assistant([use('c1_2')]),
        user([result('c1_2', '2')]),
      ],
    ],
    [
      '7d two calls of one turn with one id keep their results apart',
      [user('a'), assistant(null, call('c1'), call('c1')), answer('c1', '1'), answer('c1', '2')],
      [
        user([text('a')]),
        assistant([use('c1'), use('c1_2')]),
        user([result('c1', '1'), result('c1_2', '2')]),
      ],
    ],
    [
      '8 a history that begins with the assistant gets a user turn',
      [assistant('b'), user('c')],
      [user([text('.')]), assistant([text('b')]), user([text('c')])],
    ],
    [
      '8 so does one with nothing but a system message',
      [{ role: 'system', content: 'x' }],
      [user([text('.')])],
    ],
    [
      '9 a prefill loses its trailing whitespace',
      [user('a'), assistant('{"x": \n')],
      [user([text('a')]), assistant([text('{"x":')])],
    ],
  ]
  for (const [step, messages, expected] of rows) {
    test(step, () => {
      assert.deepEqual(turns(messages), expected)
    })
  }

  test('1 system and developer text goes to system, one block a part', () => {
    const messages = [
      { role: 'system', content: 'a' },
      {
        role: 'developer',
        content: [{ ...text('b'), cache_control: { type: 'ephemeral' } }, text('c')],
      },
      user('u'),
    ]

    assert.deepEqual(ask({ messages }).body.system, [
      text('a'),
      { ...text('b'), cache_control: { type: 'ephemeral' } },
      text('c'),
    ])
  })

  const wrong: [param: string, message: unknown][] = [
    ['messages[0].role', 'Hello'],
    ['messages[0].role', { role: 'tester', content: '' }],
    ['messages[0].content', user(3)],
    ['messages[0].content[1]', user(['a', null])],
    ['messages[0].content[0].type', user([{ text: 'a' }])],
    [
      'messages[0].content[0]',
      { role: 'system', content: [{ type: 'image_url', image_url: 'x' }] },
    ],
    ['messages[0].tool_call_id', { role: 'tool', content: 'r' }],
    ['messages[0].name', { role: 'function', content: 'r' }],
    ['messages[0].tool_calls', { role: 'assistant', tool_calls: {} }],
    ['messages[0].tool_calls[0]', assistant(null, 'call')],
    ['messages[0].tool_calls[0].id', assistant(null, { id: 1, function: { name: 'f' } })],
    ['messages[0].tool_calls[0].function', assistant(null, { id: 'c1' })],
    [
      'messages[0].tool_calls[0].function.name',
      assistant(null, { id: 'c1', function: { name: 1 } }),
    ],
    ['messages[0].function_call.name', { role: 'assistant', function_call: { name: 1 } }],
    ['messages[0].refusal', { role: 'assistant', refusal: 3 }],
  ]
  for (const [param, message] of wrong) {
    test(`a wrong ${param} is a 400 that names it: ${JSON.stringify(message)}`, () => {
      assert.throws(() => turns([message]), refusal(param))
    })
  }
})
