/** Which texts become `instructions`. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hello, refusal } from '../../../clients/chat/chat-pieces.ts'
import { ask, userItem } from './ask.ts'

const image = { type: 'image_url', image_url: 'https://x.test/a.png' }

function sys(content: unknown, role = 'system') {
  return { role, content }
}

suite('§7.2 instructions', () => {
  const rows: [row: string, prompt: string, messages: unknown[], instructions?: string][] = [
    ['nothing to say', '', []],
    ['the prompt alone, as it is', 'Droid.', [], 'Droid.'],
    ['a prompt that ends in a newline', 'Droid.\n\n', [sys('Be kind.')], 'Droid.\n\nBe kind.'],
    ['a prompt that does not', 'Droid.', [sys('Be kind.')], 'Droid.\n\nBe kind.'],
    ['leading messages', '', [sys('a'), sys('b', 'developer')], 'a\n\nb'],
    ['parts, also bare ones', '', [sys([{ type: 'text', text: 'a' }, 'b'])], 'a\n\nb'],
    ['empty texts', '', [sys(''), sys(null), sys([''])]],
    [
      'a client that already sends the prompt',
      'Droid.\n\n',
      [sys('Droid.\n\nBe.')],
      'Droid.\n\nBe.',
    ],
  ]
  for (const [row, systemPrompt, messages, instructions] of rows) {
    test(row, () => {
      const { body } = ask({ messages: [...messages, ...hello] }, { systemPrompt })

      assert.equal(body.instructions, instructions)
      assert.equal('instructions' in body, instructions !== undefined)
      assert.deepEqual(body.input, [userItem('Hello')])
    })
  }
})

test('§7.2 a system message further down stays in its place as a developer message', () => {
  const { body } = ask({ messages: [sys('a'), ...hello, sys('b')] })

  assert.equal(body.instructions, 'a')
  assert.deepEqual(body.input, [
    userItem('Hello'),
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'b' }] },
  ])
})

test('§7.2 a leading message with a part that is no text stays in the input', () => {
  const { body } = ask({ messages: [sys(['a', image]), sys('b'), ...hello] })

  assert.equal(body.instructions, 'b')
  assert.deepEqual(body.input, [
    {
      type: 'message',
      role: 'developer',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' },
      ],
    },
    userItem('Hello'),
  ])
})

suite('T3: a chat with nothing but instructions has them as its input', () => {
  const item = (...texts: string[]) => ({
    type: 'message',
    role: 'developer',
    content: texts.map((text) => ({ type: 'input_text', text })),
  })
  const nothingSaid = { role: 'assistant', content: null }
  const rows: [row: string, messages: unknown[], items: unknown[]][] = [
    ['a system message', [sys('a')], [item('a')]],
    ['a developer message', [sys('a', 'developer')], [item('a')]],
    ['two, of several parts', [sys(['a', 'b']), sys('c')], [item('a', 'b'), item('c')]],
    ['beside an assistant that says nothing', [sys('a'), nothingSaid], [item('a')]],
    ['beside an empty user', [sys('a'), { role: 'user', content: '' }], [item('a')]],
  ]
  for (const [row, messages, items] of rows) {
    test(row, () => {
      const { body } = ask({ messages })

      assert.deepEqual(body.input, items)
      assert.ok(!('instructions' in body))
    })
  }

  test("the operator's prompt stays among the instructions, once", () => {
    const systemPrompt = 'Droid.\n'

    const { body } = ask({ messages: [sys('a')] }, { systemPrompt })
    const repeated = ask({ messages: [sys('Droid.\n\na')] }, { systemPrompt })

    assert.deepEqual([body.instructions, body.input], [systemPrompt, [item('a')]])
    assert.ok(!('instructions' in repeated.body))
  })

  test('empty instructions alone are nothing to answer', () => {
    assert.throws(() => ask({ messages: [sys('')] }), refusal('messages', 'invalid_value'))
  })
})
