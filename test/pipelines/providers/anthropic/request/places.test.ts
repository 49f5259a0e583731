/** What stands between the turns and at their end: system messages, and the assistant's last word. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ask } from './ask.ts'
import { call } from '../../../clients/chat/chat-pieces.ts'

const text = (words: string) => ({ type: 'text', text: words })
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown, ...calls: unknown[]) => ({
  role: 'assistant',
  content,
  ...(calls.length > 0 && { tool_calls: calls }),
})
const answer = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'r' })
const system = (content: unknown) => ({ role: 'system', content })
const reminder = (words: string) => text(`<system-reminder>\n${words}\n</system-reminder>`)

const knows = [
  'claude-opus-4-8',
  'claude-opus-5',
  'claude-opus-5-5',
  'claude-haiku-5-5',
  'claude-fable-5',
]
const knowsNot = [
  'claude-opus-4-7',
  'claude-sonnet-5',
  'claude-opus-4-6',
  'claude-haiku-4-5',
  'glm-4.6',
  'us.anthropic.claude-opus-4-8-v1:0',
  'claude-opus-4-8@20260528',
]
const beta = 'mid-conversation-system-2026-04-07'

function sent(messages: unknown[], id: string) {
  const { body, headers } = ask({ messages }, { model: { id } })
  return { ...body, betas: headers['anthropic-beta'] }
}

suite('T5: system messages in mid-conversation', () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const before = [
    system([{ ...text('You help with a code base.'), ...mark }]),
    user([{ ...text('Read the readme.'), ...mark }]),
    assistant('Done.'),
  ]
  const after = user('Now rename the module.')

  for (const id of [...knows, ...knowsNot]) {
    test(`T5: ${id}: between the assistant’s turn and the user’s it is user text in its place`, () => {
      for (const role of ['system', 'developer']) {
        const late = { role, content: 'Plan mode is on.' }
        const { messages } = sent([...before, late, after], id)

        assert.deepEqual(messages.at(-1), {
          role: 'user',
          content: [reminder('Plan mode is on.'), text('Now rename the module.')],
        })
      }
    })

    test(`T5: ${id}: the prefix in front of it is byte for byte the same`, () => {
      const without = sent([...before, after], id)
      const { system: prompt, messages } = sent([...before, system('x'), system('y'), after], id)

      assert.equal(JSON.stringify(prompt), JSON.stringify(without.system))
      assert.equal(
        JSON.stringify(messages.slice(0, 2)),
        JSON.stringify(without.messages.slice(0, 2)),
      )
    })
  }

  for (const id of knows) {
    test(`T5: ${id} knows them: behind a user’s turn it is a system turn`, () => {
      const { messages, betas } = sent([user('a'), system('x'), assistant('b'), user('c')], id)

      assert.deepEqual(messages[1], { role: 'system', content: [text('x')] })
      assert.equal(messages[2]?.role, 'assistant')
      assert.equal(betas, beta)
    })

    test(`T5: ${id}: two in a row at the end are one system turn`, () => {
      const { messages } = sent([user('a'), system('x'), { ...system('y'), ...mark }], id)

      assert.deepEqual(messages, [
        user([text('a')]),
        system([text('x'), { ...text('y'), ...mark }]),
      ])
    })

    test(`T5: ${id}: in a tool loop it goes behind the results`, () => {
      const loop = [user('a'), assistant(null, call('c1'), call('c2'))]
      const { messages } = sent([...loop, answer('c1'), system('x'), answer('c2')], id)

      assert.deepEqual(
        messages.map(({ role }) => role),
        ['user', 'assistant', 'user', 'system'],
      )
      assert.deepEqual(
        messages[2]?.content.map(({ type }) => type),
        ['tool_result', 'tool_result'],
      )
    })

    test(`T5: ${id}: behind the assistant at the end it is user text`, () => {
      const { messages, betas } = sent([user('a'), assistant('b'), system('x')], id)

      assert.deepEqual(messages.at(-1), user([reminder('x')]))
      assert.equal(betas, undefined)
    })
  }

  for (const id of knowsNot) {
    test(`T5: ${id} does not know them: user text, behind the results in a tool loop`, () => {
      const loop = [user('a'), assistant(null, call('c1')), system('x'), answer('c1')]
      const { messages, betas } = sent(loop, id)

      assert.equal(messages.length, 3)
      assert.deepEqual(
        messages[2]?.content.map(({ type }) => type),
        ['tool_result', 'text'],
      )
      assert.deepEqual(messages[2]?.content[1], reminder('x'))
      assert.equal(betas, undefined)
    })
  }

  test('T5: the beta joins those of the client', () => {
    const { headers } = ask(
      { messages: [user('a'), system('x')] },
      { model: { id: 'claude-opus-4-8' }, headers: { 'anthropic-beta': 'a' } },
    )

    assert.equal(headers['anthropic-beta'], `a,${beta}`)
  })

  test('T3: nothing but system messages is answered', () => {
    const { system: prompt, messages } = sent([system('x'), system('y')], 'claude-opus-4-8')

    assert.deepEqual(prompt, [text('x'), text('y')])
    assert.deepEqual(messages, [user([text('.')])])
  })
})

suite('T4: a conversation that ends with the assistant', () => {
  const begun = [user('Count.'), assistant('one, two, ')]
  const refuses = ['claude-opus-4-8', 'claude-opus-4-6', 'claude-sonnet-4-6', 'claude-sonnet-5-5']

  for (const id of refuses) {
    test(`T4: ${id} takes no prefill: a user turn asks to go on`, () => {
      const { messages } = sent(begun, id)

      assert.deepEqual(messages.slice(0, 2), [
        user([text('Count.')]),
        assistant([text('one, two, ')]),
      ])
      assert.equal(messages.length, 3)
      assert.equal(messages[2]?.role, 'user')
      assert.notEqual(messages[2]?.content[0]?.text, '')
    })

    test(`T4: ${id}: so after finished calls, and after two messages in a row`, () => {
      const note = sent([user('a'), assistant(null, call('c1')), answer('c1'), assistant('n')], id)
      const two = sent([...begun, assistant('three,')], id)

      assert.deepEqual(
        note.messages.map(({ role }) => role),
        ['user', 'assistant', 'user', 'assistant', 'user'],
      )
      assert.equal(two.messages.length, 3)
      assert.equal(two.messages.at(-1)?.role, 'user')
    })

    test(`T4: ${id}: nothing is added where the assistant said nothing, or calls are open`, () => {
      assert.deepEqual(sent([user('a'), assistant(' \n ')], id).messages, [user([text('a')])])
      const open = sent([user('a'), assistant('t', call('c1'))], id).messages
      assert.deepEqual(
        open[2]?.content.map(({ type }) => type),
        ['tool_result'],
      )
    })
  }

  for (const id of ['claude-haiku-4-5', 'claude-opus-4-5', 'claude-3-opus', 'glm-4.6']) {
    test(`T4: ${id} takes the prefill, less its trailing whitespace`, () => {
      assert.deepEqual(sent(begun, id).messages, [
        user([text('Count.')]),
        assistant([text('one, two,')]),
      ])
    })
  }
})
