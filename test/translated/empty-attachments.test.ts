/** Images and files without a byte, as tools make them of nothing: every API would refuse the session from then on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const source = { type: 'base64', media_type: 'image/png', data: '' }
const url = 'data:image/png;base64,'
const call = { type: 'function', function: { name: 'look', arguments: '{}' } }

const asks = {
  '/v1/messages': {
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'look', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'image', source }] },
          { type: 'document', source: { ...source, media_type: 'application/pdf' } },
        ],
      },
    ],
  },
  '/v1/responses': {
    input: [
      { role: 'user', content: 'Look.' },
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'input_image', image_url: url }],
      },
      { role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: '' }] },
    ],
  },
  '/v1/chat/completions': {
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: null, tool_calls: [{ ...call, id: 'c' }] },
      { role: 'tool', tool_call_id: 'c', content: [{ type: 'image_url', image_url: { url } }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
    ],
  },
}

const models = {
  'claude-sonnet-4-5': '/v1/messages',
  'gpt-5.1': '/v1/responses',
  'glm-4.6': '/v1/chat/completions',
  'gemini-3-pro': undefined,
}

for (const [route, body] of Object.entries(asks)) {
  for (const [model, own] of Object.entries(models)) {
    if (own === route) continue
    test(`translation §5.4: to ${model} by ${route} empty images and files are words`, async (t) => {
      const upstream = await startUpstream(t, () => ({ status: 418, body: {} }))
      const { url: proxy } = await startProxy(t, { config: everyType(upstream.url) })

      await post(proxy + route, { model, ...body })

      const sent = upstream.requests[0]?.body.toString() ?? ''
      assert.equal(sent.split('[Here was an image or a file without any data.]').length, 3, sent)
      assert.doesNotMatch(sent, /"data":""|base64,"|"file_data"|"inlineData"/)
    })
  }
}
