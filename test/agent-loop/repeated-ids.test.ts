/** A history in which ids of calls come again, as models and clients make them that count anew in every turn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startProvider } from './provider.ts'
import { partsIn } from './strict-blocks.ts'

const schema = { type: 'object', properties: {} }

/** Calls of each turn, by their ids; a result says of which turn and place it is. */
const steps = [['call_0', 'call_1'], ['call_0'], ['call_0', 'call_0', 'call_0_2']]
const wanted = steps.flatMap((ids, turn) => ids.map((_id, place) => `${turn}.${place}`))

const chat: JsonObject = {
  tools: [{ type: 'function', function: { name: 'look', parameters: schema } }],
  messages: [
    { role: 'user', content: 'Look.' },
    ...steps.flatMap((ids, turn) => [
      {
        role: 'assistant',
        content: null,
        tool_calls: ids.map((id) => ({
          id,
          type: 'function',
          function: { name: 'look', arguments: '{}' },
        })),
      },
      ...ids.map((id, place) => ({ role: 'tool', tool_call_id: id, content: `${turn}.${place}` })),
    ]),
  ],
}

const messages: JsonObject = {
  max_tokens: 1000,
  tools: [{ name: 'look', input_schema: schema }],
  messages: [
    { role: 'user', content: 'Look.' },
    ...steps.flatMap((ids, turn) => [
      {
        role: 'assistant',
        content: ids.map((id) => ({ type: 'tool_use', id, name: 'look', input: {} })),
      },
      {
        role: 'user',
        content: ids.map((id, place) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: `${turn}.${place}`,
        })),
      },
    ]),
  ],
}

for (const [route, body] of Object.entries({
  '/v1/chat/completions': chat,
  '/v1/messages': messages,
})) {
  for (const stream of [false, true]) {
    test(`§7.3 ${route}, stream ${stream}: GPT gets every id once, each output at its call`, async (t) => {
      const provider = await startProvider(t)
      const models = [{ name: 'GPT', id: 'gpt-5.1', type: 'openai' }]
      const { url } = await startProxy(t, { config: oneUpstream(provider.url, { models }) })

      const answer = await post(url + route, { model: 'gpt-5.1', stream, ...body })

      assert.deepEqual(provider.violations, [])
      assert.equal(answer.status, 200)
      await answer.text()
      const items = partsIn(provider.asked[0]?.input)
      const made = items.filter(({ type }) => type === 'function_call').map((item) => item.call_id)
      const given = new Map(items.map((item) => [item.call_id, item.output]))
      assert.deepEqual(made.slice(0, 2), ['call_0', 'call_1'])
      assert.deepEqual(
        made.map((id) => given.get(id)),
        wanted,
      )
    })
  }
}
