/** Histories that a client began on a Claude model or on the Responses API, and goes on with on a GPT model. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { callItem, input, outputItem, saidItem, userItem } from './ask.ts'

const user = { role: 'user', content: 'Go' }
const use = { type: 'tool_use', id: 'a', name: 'look', input: { at: 1 } }
const found = {
  type: 'search_result',
  title: 'Page',
  source: 'https://x.test',
  content: [{ type: 'text', text: 'found' }],
}

suite('KT3: parts of Anthropic in the messages for a GPT model', () => {
  test('a tool loop: calls and results become items, thinking means nothing', () => {
    const said = {
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 't', signature: 's' }, use],
    }
    const results = [
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'r' }] },
      { type: 'text', text: 'and' },
    ]

    assert.deepEqual(input([user, said, { role: 'user', content: results }]), [
      userItem('Go'),
      callItem('a', 'look', '{"at":1}'),
      outputItem('a', 'r'),
      userItem('and'),
    ])
  })

  test('§7.3 search results and documents made of parts are told in words, loaded tools are not', () => {
    const result = {
      type: 'tool_result',
      tool_use_id: 'a',
      content: [found, { type: 'tool_reference', tool_name: 'x' }],
    }
    const source = {
      type: 'content',
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    }
    const said = { role: 'assistant', content: [use] }
    const content = [result, { type: 'document', title: 'Doc', source }]

    assert.deepEqual(input([user, said, { role: 'user', content }]).slice(2), [
      outputItem('a', 'Page\nhttps://x.test\nfound'),
      userItem('Doc\none\ntwo'),
    ])
  })

  test('calls that Anthropic’s servers made are left out of the history', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
      { type: 'text', text: 'b' },
    ]

    assert.deepEqual(input([user, { role: 'assistant', content }]).slice(1), [saidItem('a', 'b')])
  })
})

test('KT3: items of Responses among the messages for a GPT model', () => {
  const items = [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go' }] },
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'e' },
    { type: 'function_call', call_id: 'a', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'r' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done.' }] },
  ]

  assert.deepEqual(input(items, { model: { id: 'gpt-5' } }), [
    userItem('Go'),
    { type: 'reasoning', summary: [], encrypted_content: 'e' },
    callItem('a'),
    outputItem('a', 'r'),
    saidItem('Done.'),
  ])
})
