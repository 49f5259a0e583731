/** Messages, calls and results as items, row by row. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ResponsesItem } from '../../../../../pipelines/wire/responses.ts'
import { call, refusal } from '../../../clients/chat/chat-pieces.ts'
import { callItem, input, outputItem, saidItem, userItem } from './ask.ts'

const lacking = 'No result was provided for this tool call.'
const long = 'x'.repeat(65)
const user = { role: 'user', content: 'Go' }
const image = { type: 'image_url', image_url: 'https://x.test/a.png' }
const imageItem = { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' }

function calls(...tool_calls: JsonObject[]) {
  return { role: 'assistant', content: null, tool_calls }
}

function result(tool_call_id: string, content: unknown = 'r') {
  return { role: 'tool', tool_call_id, content }
}

const custom = { id: 'c', type: 'custom', custom: { name: 'patch', input: 'diff' } }

const rows: [row: string, messages: unknown[], items: ResponsesItem[]][] = [
  ['user, string', [{ ...user, name: 'Ann' }], [userItem('Go')]],
  ['user, parts', [{ role: 'user', content: ['a', 'b'] }], [userItem('a', 'b')]],
  [
    'assistant, text',
    [user, { role: 'assistant', content: 'Hi' }],
    [userItem('Go'), saidItem('Hi')],
  ],
  [
    'assistant, text before calls',
    [{ ...calls(call('a')), content: 'Hi' }, result('a')],
    [saidItem('Hi'), callItem('a'), outputItem('a', 'r')],
  ],
  [
    'tool call, arguments as they are',
    [calls(call('a', 'look', '{"a" : 1'), call('b', 'look', '')), result('a'), result('b')],
    [
      callItem('a', 'look', '{"a" : 1'),
      callItem('b', 'look', '{}'),
      outputItem('a', 'r'),
      outputItem('b', 'r'),
    ],
  ],
  [
    'tool call, custom',
    [calls(custom), result('c')],
    [
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'diff' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'r' },
    ],
  ],
  [
    'tool, null content',
    [calls(call('a')), result('a', null)],
    [callItem('a'), outputItem('a', '')],
  ],
  [
    'tool, all text parts joined with newline',
    [calls(call('a')), result('a', ['x', { type: 'text', text: 'y' }])],
    [callItem('a'), outputItem('a', 'x\ny')],
  ],
  [
    'tool, parts not all text',
    [calls(call('a')), result('a', ['x', image])],
    [callItem('a'), outputItem('a', [{ type: 'input_text', text: 'x' }, imageItem])],
  ],
  [
    'function, matched to the latest open call of its name',
    [
      { role: 'assistant', function_call: { name: 'look', arguments: '{"n":1}' } },
      { role: 'function', name: 'look', content: 'r1' },
      { role: 'assistant', function_call: { name: 'look' } },
      { role: 'function', name: 'look', content: 'r2' },
    ],
    [
      callItem('function_call_0', 'look', '{"n":1}'),
      outputItem('function_call_0', 'r1'),
      callItem('function_call_2'),
      outputItem('function_call_2', 'r2'),
    ],
  ],
  [
    'a call without output, right after its group',
    [calls(call('a'), call('b')), user, result('a')],
    [callItem('a'), callItem('b'), outputItem('b', lacking), userItem('Go'), outputItem('a', 'r')],
  ],
  [
    'a custom call without output',
    [calls(custom)],
    [
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'diff' },
      { type: 'custom_tool_call_output', call_id: 'c', output: lacking },
    ],
  ],
  [
    'an output without a call',
    [user, result('z')],
    [userItem('Go'), userItem('Tool result (z):\nr')],
  ],
  [
    'an output without a call, not all text',
    [result('z', [image])],
    [
      {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'Tool result (z):' }, imageItem],
      },
    ],
  ],
  [
    'an output before its call',
    [result('a'), calls(call('a'))],
    [userItem('Tool result (a):\nr'), callItem('a'), outputItem('a', lacking)],
  ],
  [
    'a second output of one call',
    [calls(call('a')), result('a'), result('a', 'again')],
    [callItem('a'), outputItem('a', 'r'), userItem('Tool result (a):\nagain')],
  ],
  [
    'an id that comes again, in the next turn and within one',
    [
      calls(call('a')),
      result('a', '1'),
      calls(call('a'), call('a')),
      result('a', '2'),
      result('a', '3'),
    ],
    [
      callItem('a'),
      outputItem('a', '1'),
      callItem('a_2'),
      callItem('a_3'),
      outputItem('a_2', '2'),
      outputItem('a_3', '3'),
    ],
  ],
  [
    'an id of a call that nobody answered, called again',
    [calls(call('a')), user, calls(call('a')), result('a')],
    [
      callItem('a'),
      outputItem('a', lacking),
      userItem('Go'),
      callItem('a_2'),
      outputItem('a_2', 'r'),
    ],
  ],
  [
    'an id that comes again, at its greatest length',
    [
      calls(call(long.slice(1))),
      result(long.slice(1)),
      calls(call(long.slice(1))),
      result(long.slice(1)),
    ],
    [
      callItem(long.slice(1)),
      outputItem(long.slice(1), 'r'),
      callItem(`${long.slice(3)}_2`),
      outputItem(`${long.slice(3)}_2`, 'r'),
    ],
  ],
  [
    'a call answered by name, then by id',
    [calls(call('a')), { role: 'function', name: 'look', content: 'r' }, result('a', 'again')],
    [callItem('a'), outputItem('a', 'r'), userItem('Tool result (a):\nagain')],
  ],
  [
    'a function message without a call',
    [{ role: 'function', name: 'look', content: 'r' }],
    [userItem('Tool result (look):\nr')],
  ],
  [
    'messages with no content and no calls',
    [
      { role: 'user', content: '' },
      { role: 'assistant', content: '', tool_calls: [] },
      { role: 'user', content: [{ type: 'text', text: '' }] },
      user,
    ],
    [userItem('Go')],
  ],
  [
    "Anthropic's tool blocks",
    [
      {
        role: 'assistant',
        content: ['Hi', { type: 'tool_use', id: 'a', name: 'look', input: { n: 1 } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: ['r'] }, 'Go'] },
    ],
    [saidItem('Hi'), callItem('a', 'look', '{"n":1}'), outputItem('a', 'r'), userItem('Go')],
  ],
]

suite('§7.3 messages', () => {
  for (const [row, messages, items] of rows) {
    test(row, () => {
      assert.deepEqual(input(messages), items)
    })
  }
})

suite('§7.3 call_id', () => {
  test('a call id of 64 characters of any kind stays as it is', () => {
    const id = `functions.look:0 ${'é'.repeat(47)}`

    assert.deepEqual(input([calls(call(id)), result(id)]), [callItem(id), outputItem(id, 'r')])
  })

  for (const id of [long, '']) {
    test(`an id of ${id.length} characters is replaced alike in call and output`, () => {
      const [made, answered] = input([calls(call(id)), result(id)])

      assert.match(String(made?.call_id), /^[A-Za-z0-9_-]{1,64}$/)
      assert.equal(answered?.type, 'function_call_output')
      assert.equal(answered.call_id, made?.call_id)
    })
  }

  test('an orphan keeps its id in words', () => {
    assert.deepEqual(input([result(long)]), [userItem(`Tool result (${long}):\nr`)])
  })
})

test('§7.3 a request of which nothing is left is refused', () => {
  for (const content of ['', null, [], ['']]) {
    assert.throws(() => input([{ role: 'user', content }]), refusal('messages', 'invalid_value'))
  }
})

suite('T13: arguments of the history that a GPT model is shown', () => {
  const histories: [what: string, sent: unknown, shown: string][] = [
    ['an object', { a: [1, null] }, '{"a":[1,null]}'],
    ['a list', [1], '[1]'],
    ['an empty object', {}, '{}'],
    ['null', null, '{}'],
    ['null as text', ' null ', '{}'],
    ['blanks', ' \n', '{}'],
    ['a text that is no JSON', 'a = 1', 'a = 1'],
  ]
  for (const [what, sent, shown] of histories) {
    test(what, () => {
      const message = calls({ id: 'a', function: { name: 'look', arguments: sent } })
      const legacy = { role: 'assistant', function_call: { name: 'look', arguments: sent } }

      assert.deepEqual(input([user, message])[1], callItem('a', 'look', shown))
      assert.equal(input([user, legacy])[1]?.arguments, shown)
    })
  }
})

suite('§7.3 a nested wrong type is refused with its place', () => {
  const faults: [message: JsonObject, place: string][] = [
    [{ role: 'bot' }, '.role'],
    [{ role: 'user', content: 1 }, '.content'],
    [{ role: 'assistant', content: 'x', refusal: 1 }, '.refusal'],
    [{ role: 'assistant', tool_calls: {} }, '.tool_calls'],
    [{ role: 'assistant', tool_calls: [1] }, '.tool_calls[0]'],
    [calls({ id: 1, type: 'function' }), '.tool_calls[0].id'],
    [calls({ id: 'a', type: 'function' }), '.tool_calls[0].function'],
    [calls({ id: 'a', function: { name: 1 } }), '.tool_calls[0].function.name'],
    [
      calls({ id: 'a', function: { name: 'f', arguments: 1 } }),
      '.tool_calls[0].function.arguments',
    ],
    [
      calls({ id: 'a', type: 'custom', custom: { name: 'f', input: 1 } }),
      '.tool_calls[0].custom.input',
    ],
    [{ role: 'assistant', function_call: 1 }, '.function_call'],
    [{ role: 'tool', content: 'x' }, '.tool_call_id'],
    [{ role: 'function', content: 'x' }, '.name'],
  ]
  for (const [message, place] of faults) {
    test(place, () => {
      assert.throws(() => input([user, message]), refusal(`messages[1]${place}`))
    })
  }
})
