/** `images: false`: a model that refuses images is told of each that there was one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { providers, type ModelType } from '../../pipelines/index.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const png = 'iVBORw0KGgo='
const url = `data:image/png;base64,${png}`
const note = '[An image was here; this model cannot see images.]'
const pdf = 'JVBERi0xLjQK'
const pdfNote = '[A PDF file was here; this model cannot read it.]'
const schema = { type: 'object', properties: {} }

const chatImage = { type: 'image_url', image_url: { url } }
const chatFile = {
  type: 'file',
  file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` },
}
const chat: JsonObject = {
  tools: [{ type: 'function', function: { name: 'look', parameters: schema } }],
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'And this?' }, chatImage, chatFile] },
    {
      role: 'assistant',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c', content: [chatImage] },
  ],
}

const block = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }
const document = {
  type: 'document',
  source: { type: 'base64', media_type: 'application/pdf', data: pdf },
}
const messages: JsonObject = {
  max_tokens: 100,
  tools: [{ name: 'look', input_schema: schema }],
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'And this?' }, block] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'look', input: {} }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'c', content: [block, document] }],
    },
  ],
}

const inputImage = { type: 'input_image', image_url: url }
const inputFile = {
  type: 'input_file',
  filename: 'a.pdf',
  file_data: `data:application/pdf;base64,${pdf}`,
}
const responses: JsonObject = {
  tools: [{ type: 'function', name: 'look', parameters: schema }],
  input: [
    { role: 'user', content: [{ type: 'input_text', text: 'And this?' }, inputImage, inputFile] },
    { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: [inputImage] },
  ],
}

const asked: Record<string, JsonObject> = {
  '/v1/chat/completions': chat,
  '/v1/messages': messages,
  '/v1/responses': responses,
}

const own: Partial<Record<ModelType, string>> = {
  anthropic: '/v1/messages',
  openai: '/v1/responses',
  common: '/v1/chat/completions',
}

for (const type of Object.keys(providers) as ModelType[]) {
  for (const [route, body] of Object.entries(asked)) {
    if (own[type] === route) continue
    test(`§1.6 ${route} with images to a model of type ${type} that sees none`, async (t) => {
      const upstream = await startUpstream(t, () => ({ status: 400, body: { error: {} } }))
      const proxy = await startProxy(t, {
        config: {
          endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
          models: ['blind', 'seeing'].map((id) => ({
            name: id,
            id,
            type,
            images: id === 'seeing',
          })),
        },
      })

      await post(proxy.url + route, { ...body, model: 'blind' })
      await post(proxy.url + route, { ...body, model: 'seeing' })

      const [blind, seeing] = upstream.requests.map((request) => request.body.toString())
      assert.equal(blind!.split(note).length - 1, 2)
      assert.equal(blind!.split(pdfNote).length - 1, 1)
      assert.ok(!blind!.includes(png) && !blind!.includes(pdf))
      assert.ok(!seeing!.includes(note))
      assert.ok(seeing!.includes(png) && seeing!.includes(pdf))
    })
  }
}
