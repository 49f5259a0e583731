/** Histories that other APIs began: their items and parts in chat messages, on both providers. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readChat } from '../../../../pipelines/clients/chat/read.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { turns } from '../../providers/anthropic/request/ask.ts'
import { call as called, refusal } from './chat-pieces.ts'
import { input } from '../../providers/openai/request/ask.ts'

const user = { role: 'user', content: [{ type: 'input_text', text: 'x' }] }
const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'c1',
  name: 'look',
  arguments: '{"a":1}',
}
const output = { type: 'function_call_output', call_id: 'c1', output: 'seen' }
const thought = {
  type: 'reasoning',
  id: 'rs_1',
  summary: [{ type: 'summary_text', text: 'hm' }],
  encrypted_content: 'SEAL',
}

function checked(messages: JsonObject[]): JsonObject[] {
  readChat({ model: 'm', messages })
  return messages
}

const claudeLoop = [
  { role: 'user', content: [{ type: 'text', text: 'x' }] },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'look', input: { a: 1 } }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'seen' }] },
]
const gptLoop = [
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
  { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'SEAL' },
  { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' },
  { type: 'function_call_output', call_id: 'c1', output: 'seen' },
]

suite('KT3: items and parts of Responses in a chat history', () => {
  const forms: [what: string, messages: JsonObject[]][] = [
    ['items among the messages', [user, thought, call, output]],
    [
      'parts of messages',
      [user, { role: 'assistant', content: [thought, call] }, { role: 'user', content: [output] }],
    ],
    [
      'results in a tool message',
      [user, { role: 'assistant', content: [thought, call] }, { role: 'tool', content: [output] }],
    ],
    [
      'reasoning in front of chat’s own calls',
      [
        user,
        thought,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'seen' },
      ],
    ],
  ]
  for (const [what, messages] of forms) {
    test(`KT3: ${what}`, () => {
      assert.deepEqual(turns(checked(messages)), claudeLoop)
      assert.deepEqual(input(checked(messages)), gptLoop)
    })
  }

  test('KT3: a message of the assistant in the form of Responses keeps its words', () => {
    const content = [{ type: 'output_text', text: 'Hi', annotations: [] }]
    const messages = [user, { type: 'message', role: 'assistant', content }, user]

    assert.deepEqual(turns(checked(messages))[1]?.content, [{ type: 'text', text: 'Hi' }])
    assert.deepEqual(input(messages)[1]?.content, content)
  })

  test('KT3: parallel calls and a custom tool', () => {
    const custom = { type: 'custom_tool_call', call_id: 'c2', name: 'sh', input: 'ls' }
    const answer = { type: 'custom_tool_call_output', call_id: 'c2', output: 'a.txt' }
    const messages = checked([user, call, custom, output, answer])

    assert.deepEqual(
      turns(messages)[1]?.content.map(({ id }) => id),
      ['c1', 'c2'],
    )
    assert.deepEqual(
      turns(messages)[2]?.content.map(({ content }) => content),
      ['seen', 'a.txt'],
    )
    assert.deepEqual(input(messages).slice(1), [
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' },
      custom,
      output,
      answer,
    ])
  })

  test('KT3: reasoning that nothing follows, or that is readable only, is left out', () => {
    const readable = { type: 'reasoning', summary: thought.summary }
    const messages = checked([user, thought, user, readable, call, output])

    assert.ok(!JSON.stringify(input(messages)).includes('reasoning'))
    assert.equal(turns(messages).length, 3)
  })

  test('KT3: a result with a picture stays a result', () => {
    const picture = { type: 'input_image', image_url: 'https://x.test/a.png' }
    const messages = checked([user, call, { ...output, output: [picture] }])

    assert.deepEqual(turns(messages)[2]?.content[0]?.content, [
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    ])
    assert.deepEqual(input(messages).at(-1)?.output, [{ ...picture, detail: 'auto' }])
  })

  const wrong: [item: JsonObject, place: string][] = [
    [{ ...call, call_id: undefined, id: undefined }, 'messages[1].call_id'],
    [{ ...call, name: 1 }, 'messages[1].name'],
    [{ ...output, call_id: 3 }, 'messages[1].call_id'],
  ]
  for (const [item, place] of wrong) {
    test(`KT3: ${JSON.stringify(item)} is refused at ${place}`, () => {
      assert.throws(() => turns(checked([user, item])), refusal(place))
      assert.throws(() => input(checked([user, item])), refusal(place))
    })
  }

  test('KT3: calls of OpenAI’s own tools are left out of the history', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const messages = checked([user, search, { role: 'assistant', content: [search, 'Hi'] }, user])

    assert.deepEqual(turns(messages)[1]?.content, [{ type: 'text', text: 'Hi' }])
    assert.equal(input(messages).length, 3)
  })

  test('KT3: an item that has no place in a chat is still refused', () => {
    for (const item of [{ type: 'compaction' }, { type: 'item_reference', id: 'a' }]) {
      assert.throws(() => checked([user, item]), refusal('messages[1].role'))
    }
  })
})

suite('KT3: blocks of Anthropic in a chat history', () => {
  const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
  const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }
  const said = { type: 'text', text: 'Found.' }

  test('KT3: blocks of Claude’s own tools go to Claude as they are, and not to GPT', () => {
    const messages = checked([user, { role: 'assistant', content: [search, found, said] }, user])

    assert.deepEqual(turns(messages)[1]?.content, [search, found, said])
    assert.deepEqual(input(messages)[1]?.content, [
      { type: 'output_text', text: 'Found.', annotations: [] },
    ])
  })

  test('KT3, §5.4: a reference to a tool stays in a result, and is left out elsewhere', () => {
    const reference = { type: 'tool_reference', tool_name: 'look' }
    const messages = checked([
      { role: 'user', content: ['x', reference] },
      { role: 'assistant', content: null, tool_calls: [called('c1')] },
      { role: 'tool', tool_call_id: 'c1', content: [reference] },
    ])

    assert.deepEqual(turns(messages)[0]?.content, [{ type: 'text', text: 'x' }])
    assert.deepEqual(turns(messages)[2]?.content, [
      { type: 'tool_result', tool_use_id: 'c1', content: [reference] },
    ])
    assert.deepEqual(input(messages)[2], { ...output, output: '' })
  })

  test('KT3: calls, results and thinking of Messages are read', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' }
    const use = { type: 'tool_use', id: 'c1', name: 'look', input: { a: 1 } }
    const result = { type: 'tool_result', tool_use_id: 'c1', content: 'seen' }
    const messages = checked([
      user,
      { role: 'assistant', content: [thinking, use] },
      { role: 'tool', content: [result] },
    ])

    assert.deepEqual(turns(messages)[1]?.content, [thinking, use])
    assert.deepEqual(turns(messages)[2]?.content, [result])
    assert.deepEqual(input(messages).slice(1), gptLoop.slice(2))
  })
})
