/** Whole bodies, written down as the official client's types have them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses'
import { call, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

/**
 * The types want an id on what the model said earlier, which nobody could look up without a store.
 */
type Body = Omit<ResponseCreateParamsStreaming, 'input'> & { input: object[] }

test('a first step with an image, tools and a schema', () => {
  const schema = { type: 'object', properties: {} }
  const expected = {
    model: 'gpt-5',
    instructions: 'You are Droid.\n\nBe brief.',
    input: [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' },
          { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,AA' },
        ],
      },
    ],
    store: false,
    stream: true,
    max_output_tokens: 1000,
    tools: [
      { type: 'function', name: 'look', parameters: schema, strict: false },
      {
        type: 'custom',
        name: 'patch',
        format: { type: 'grammar', syntax: 'lark', definition: 'g' },
      },
      { type: 'web_search', search_context_size: 'low' },
    ],
    tool_choice: { type: 'function', name: 'look' },
    parallel_tool_calls: false,
    text: { format: { type: 'json_schema', name: 'a', schema, strict: false }, verbosity: 'low' },
    reasoning: { effort: 'medium', summary: 'auto' },
    include: ['reasoning.encrypted_content'],
    service_tier: 'priority',
    safety_identifier: 'me',
  } satisfies ResponseCreateParamsStreaming

  const { body, dropped } = ask(
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
            { type: 'file', file: { file_data: 'AA' } },
          ],
        },
      ],
      max_completion_tokens: 1000,
      temperature: 0.5,
      tools: [
        tool('look'),
        {
          type: 'custom',
          custom: {
            name: 'patch',
            format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'g' } },
          },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
      verbosity: 'low',
      web_search_options: { search_context_size: 'low' },
      safety_identifier: 'me',
      stop: ['END'],
    },
    {
      model: { id: 'gpt-5', reasoning: 'medium', fast: true },
      systemPrompt: 'You are Droid.\n\n',
      stream: true,
    },
  )

  assert.deepEqual(body, expected)
  assert.deepEqual(dropped, ['temperature'])
})

test('a second step with reasoning, a call and its result', () => {
  const expected = {
    model: 'gpt-5',
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Look' }] },
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'I look.' }],
        encrypted_content: 'secret',
      },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Looking', annotations: [] }],
      },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":"sky"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'blue' },
    ],
    store: false,
    stream: true,
    tools: [
      {
        type: 'function',
        name: 'look',
        parameters: { type: 'object', properties: {} },
        strict: false,
      },
    ],
    include: ['reasoning.encrypted_content'],
  } satisfies Body
  const format = 'openai-responses-v1'
  const at = { content: 0, tools: 0 }

  const { body } = ask(
    {
      messages: [
        { role: 'user', content: 'Look' },
        {
          role: 'assistant',
          content: 'Looking',
          tool_calls: [call('call_1', 'look', '{"at":"sky"}')],
          reasoning_content: 'I look.',
          reasoning_details: [
            { type: 'reasoning.summary', summary: 'I look.', format, index: 0, at },
            { type: 'reasoning.encrypted', data: 'secret', id: 'rs_1', format, index: 0, at },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'blue' },
      ],
      tools: [tool('look')],
    },
    { model: { id: 'gpt-5' }, stream: true },
  )

  assert.deepEqual(body, expected)
})
