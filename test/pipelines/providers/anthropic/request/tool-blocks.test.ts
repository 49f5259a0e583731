import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { call } from '../../../clients/chat/chat-pieces.ts'
import { turns } from './ask.ts'

suite('§5.4 tool blocks', () => {
  const inputs: [given: unknown, expected: unknown][] = [
    ['{"a":1}', { a: 1 }],
    ['', {}],
    [' \n', {}],
    [undefined, {}],
    [null, {}],
    ['[1]', { value: [1] }],
    ['null', {}],
    [' null ', {}],
    ['"x"', { value: 'x' }],
    ['{"a":', { raw_arguments: '{"a":' }],
    [{ a: 1 }, { a: 1 }],
  ]
  for (const [given, expected] of inputs) {
    test(`arguments ${JSON.stringify(given)} become ${JSON.stringify(expected)}`, () => {
      const calls = [{ id: 'c1', type: 'function', function: { name: 'f', arguments: given } }]
      const [, turn] = turns([
        { role: 'user', content: 'a' },
        { role: 'assistant', tool_calls: calls },
      ])

      assert.deepEqual(turn?.content[0]?.input, expected)
    })
  }

  const results: [what: string, message: object, expected: object][] = [
    ['a string', { content: 'r' }, { content: 'r' }],
    ['an empty string stays out', { content: '' }, {}],
    ['no content', {}, {}],
    [
      'parts',
      {
        content: [
          { type: 'text', text: 'r' },
          { type: 'text', text: ' ' },
        ],
      },
      { content: [{ type: 'text', text: 'r' }] },
    ],
    [
      'an image',
      { content: [{ type: 'image_url', image_url: 'https://x.test/a' }] },
      { content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a' } }] },
    ],
    [
      'is_error without a word: the API refuses it empty',
      { content: '', is_error: true },
      { content: 'The tool call failed.', is_error: true },
    ],
    [
      'is_error with blank parts',
      { content: [{ type: 'text', text: ' ' }], is_error: true },
      { content: 'The tool call failed.', is_error: true },
    ],
    ['is_error', { content: 'r', is_error: true }, { content: 'r', is_error: true }],
    [
      'cache_control',
      { content: 'r', cache_control: { type: 'ephemeral' } },
      { content: 'r', cache_control: { type: 'ephemeral' } },
    ],
  ]
  for (const [what, message, expected] of results) {
    test(`a result: ${what}`, () => {
      const [, , turn] = turns([
        { role: 'user', content: 'a' },
        { role: 'assistant', tool_calls: [call('c1')] },
        { role: 'tool', tool_call_id: 'c1', ...message },
      ])

      assert.deepEqual(turn?.content, [{ type: 'tool_result', tool_use_id: 'c1', ...expected }])
    })
  }

  test('an id that Claude refuses is replaced alike in call and result', () => {
    const id = 'functions.look:0'
    const [, ask, reply] = turns([
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [call(id)] },
      { role: 'tool', tool_call_id: id, content: 'r' },
    ])

    assert.match(String(ask?.content[0]?.id), /^functionslook0_[0-9a-f]{10}$/)
    assert.equal(reply?.content[0]?.tool_use_id, ask?.content[0]?.id)
    assert.equal(reply?.content[0]?.content, 'r')
  })

  test("calls and results in Anthropic's own words are paired too", () => {
    const [, , reply] = turns([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a b', name: 'f', input: { a: 1 } }] },
      {
        role: 'user',
        content: ['then', { type: 'tool_result', tool_use_id: 'a b', content: 'r' }],
      },
    ])

    assert.equal(reply?.content[0]?.content, 'r')
    assert.deepEqual(reply?.content[1], { type: 'text', text: 'then' })
  })
})

test('§5.4 a result in Anthropic’s words has no blank text, and says so where it failed', () => {
  const result = { type: 'tool_result', tool_use_id: 'c1' }
  const blank = { type: 'text', text: '' }
  const said = (more: object) =>
    turns([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [call('c1')] },
      { role: 'user', content: [{ ...result, ...more }] },
    ])[2]?.content[0]

  assert.deepEqual(said({ content: [blank, { type: 'text', text: 'b' }] }), {
    ...result,
    content: [{ type: 'text', text: 'b' }],
  })
  assert.deepEqual(said({ content: [blank], is_error: true }), {
    ...result,
    content: 'The tool call failed.',
    is_error: true,
  })
})

test('T13: arguments that mean none are no arguments', () => {
  for (const args of ['null', ' null\n', '', null, undefined]) {
    const called = { id: 'c1', type: 'function', function: { name: 'now', arguments: args } }
    const [, said] = turns([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [called] },
    ])

    assert.deepEqual(said?.content, [{ type: 'tool_use', id: 'c1', name: 'now', input: {} }])
  }
})
