/** A Responses request on the route of chat, as Cursor's agent mode sends it (litellm #34029). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicStream, startUpstream, type Answer } from '../helpers/upstream.ts'

const cursors = {
  input: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'input_text', text: 'List it.' }] },
    { type: 'reasoning', id: 'rs_1', summary: [] },
    { type: 'function_call', call_id: 'call_1', name: 'ls', arguments: '{"path":"."}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'a.ts' },
  ],
  tools: [
    { type: 'function', name: 'ls', parameters: { type: 'object', properties: {} } },
    { type: 'function', function: { name: 'cat', parameters: { type: 'object', properties: {} } } },
  ],
  max_output_tokens: 2000,
  reasoning: { effort: 'low', summary: 'auto' },
  text: { format: { type: 'json_schema', name: 'list', schema: { type: 'object' } } },
  include: ['reasoning.encrypted_content'],
}

const chatAnswer = {
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}

async function ask(t: TestContext, answer: Answer, body: Record<string, unknown>) {
  const upstream = await startUpstream(t, [answer])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const back = await post(`${url}/v1/chat/completions`, body)
  const sent = upstream.requests.map((request) => request.json() as Record<string, unknown>)
  return { back, text: await back.text(), sent: sent[0] }
}

test('translation §4: `input` in place of `messages` is read, and answered in the form of chat', async (t) => {
  const body = { model: 'claude-sonnet-4-5', stream: true, instructions: 'You code.', ...cursors }
  const { back, text, sent } = await ask(t, { sse: anthropicStream({ text: ['a.ts'] }) }, body)

  assert.equal(back.status, 200)
  assert.match(text, /"object":"chat\.completion\.chunk".*"content":"a\.ts"/s)
  assert.match(text, /data: \[DONE\]/)
  assert.deepEqual(sent?.system, [
    { type: 'text', text: 'You code.' },
    { type: 'text', text: 'Be brief.' },
  ])
  assert.deepEqual(sent?.messages, [
    { role: 'user', content: [{ type: 'text', text: 'List it.' }] },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'call_1', name: 'ls', input: { path: '.' } }],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'a.ts' }],
    },
  ])
  const tools = sent?.tools as { name: string }[]
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['ls', 'cat'],
  )
  assert.equal(sent?.max_tokens, 2000)
  assert.deepEqual(sent?.output_config, {
    format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } },
  })
})

test('translation §11.1: a model of type common gets such an `input` as a chat request, since its bytes mean nothing there', async (t) => {
  for (const body of [
    { model: 'glm-4.6', ...cursors },
    { ...cursors, model: 'glm-4.6' },
    { model: 'glm-4.6', messages: null, ...cursors },
  ]) {
    const { back, sent } = await ask(t, { body: chatAnswer }, body)

    assert.equal(back.status, 200)
    assert.equal(sent?.input, undefined)
    assert.deepEqual(sent?.messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'List it.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'ls', arguments: '{"path":"."}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a.ts' },
    ])
    assert.equal(sent?.max_tokens, 2000)
  }
})

test('translation §4: an `input` that is a text is a message of the user', async (t) => {
  const { sent } = await ask(t, { body: chatAnswer }, { model: 'glm-4.6', input: 'Hi' })

  assert.deepEqual(sent?.messages, [{ role: 'user', content: 'Hi' }])
})

test('translation §4: what is kept at OpenAI is refused, and a fault is named by its place in input', async (t) => {
  for (const [more, param] of [
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0].role'],
    [{ input: [] }, 'input'],
  ] as const) {
    const body = { model: 'gpt-5.1', ...cursors, ...more }
    const { back, text, sent } = await ask(t, { body: {} }, body)

    assert.equal(back.status, 400)
    assert.equal((JSON.parse(text) as { error: { param: string } }).error.param, param)
    assert.equal(sent, undefined)
  }
})
