/**
 * A conversation that is compacted on one model goes on on any. Codex asks so where it takes the proxy for OpenAI itself
 * (`openai_base_url`, or a provider that is named OpenAI).
 * @see https://github.com/openai/codex/pull/22809
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { chatStream } from '../agent-loop/chat-model.ts'
import { geminiStream, partsOf } from '../agent-loop/gemini-model.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicStream, responsesStream, startUpstream } from '../helpers/upstream.ts'

const summary = 'The bug is in line 7 🦊.'
const said = [{ kind: 'text', text: summary } as const]
const models = {
  'claude-sonnet-4-5': () => anthropicStream({ text: [summary] }),
  'gpt-5.1': () => responsesStream({ text: [summary] }),
  'glm-4.6': () => chatStream(said, 'glm-4.6', 0),
  'gemini-3-pro': () => geminiStream(partsOf(said, 'gemini-3-pro', 0), 0),
}
type Id = keyof typeof models
const ids = Object.keys(models) as Id[]

const shell = {
  type: 'function' as const,
  name: 'shell',
  strict: false,
  parameters: { type: 'object', properties: { command: { type: 'string' } } },
}
const history: ResponseInputItem[] = [
  { role: 'user', content: 'Find the bug.' },
  { type: 'function_call', call_id: 'c', name: 'shell', arguments: '{"command":"cat x"}' },
  { type: 'function_call_output', call_id: 'c', output: 'line 7' },
]

for (const id of ids.filter((one) => one !== 'gpt-5.1')) {
  test(`§17.2, §17.6 what was compacted on ${id} goes on on every model, which reads the summary`, async (t) => {
    const upstream = await startUpstream(t, ({ url, body }) => {
      const asked = ids.find((one) => `${url}${body.toString()}`.includes(one))
      return { sse: models[asked!]() }
    })
    const { endpoints, models: own, ...config } = oneUpstream(upstream.url)
    const google = { name: 'gemini', type: 'google', base_url: upstream.url, auth: 'account' }
    const gemini = { name: 'Gemini', id: 'gemini-3-pro', type: 'google' }
    const all = { ...config, endpoints: [...endpoints, google], models: [...own, gemini] }
    const { url } = await startProxy(t, { config: all })
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    const ask = (model: string, input: ResponseInputItem[]) =>
      client.responses.stream({ model, input, tools: [shell], store: false }).finalResponse()

    const { output, status } = await ask(id, [...history, { type: 'compaction_trigger' }])
    const [item] = output
    const asked = upstream.requests[0]?.body.toString() ?? ''

    assert.equal(status, 'completed')
    assert.deepEqual([output.length, item?.type], [1, 'compaction'])
    assert.match(asked, /Sum it up/)
    assert.match(asked, /"tool_choice":(?:"none"|\{"type":"none"\})|"mode":"NONE"/)
    assert.match(asked, /line 7/)
    for (const next of ids) {
      await ask(next, [item as ResponseInputItem, { role: 'user', content: 'Go on.' }])
      const sent = upstream.requests.at(-1)?.body.toString() ?? ''

      assert.match(sent, /The bug is in line 7 🦊\./, next)
      assert.match(sent, /Go on\./, next)
      assert.doesNotMatch(sent, /d2a1\./, next)
    }
  })
}
