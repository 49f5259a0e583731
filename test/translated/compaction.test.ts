/**
 * A conversation that is compacted on one model goes on on any. Codex asks so where it takes the proxy for OpenAI itself
 * (`openai_base_url`, or a provider that is named OpenAI).
 * @see https://github.com/openai/codex/pull/22809
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { chatStream } from '../agent-loop/chat-model.ts'
import { geminiStream, partsOf } from '../agent-loop/gemini-model.ts'
import { everyType, startProxy } from '../helpers/proxy.ts'
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

async function start(t: TestContext, answer = (id: Id): string[] => models[id]()) {
  const upstream = await startUpstream(t, ({ url, body }) => {
    const asked = ids.find((one) => `${url}${body.toString()}`.includes(one))
    return { sse: answer(asked!) }
  })
  const { url } = await startProxy(t, { config: everyType(upstream.url) })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const ask = (model: string, input: ResponseInputItem[]) =>
    client.responses.stream({ model, input, tools: [shell], store: false }).finalResponse()
  return { client, ask, sent: () => upstream.requests.at(-1)?.body.toString() ?? '', url }
}

/** Every model reads the summary, and none the seal. */
async function goesOn(output: unknown[], { ask, sent }: Awaited<ReturnType<typeof start>>) {
  for (const next of ids) {
    await ask(next, [...(output as ResponseInputItem[]), { role: 'user', content: 'Go on.' }])

    assert.match(sent(), /The bug is in line 7 🦊\./, next)
    assert.match(sent(), /Go on\./, next)
    assert.doesNotMatch(sent(), /d2a1\./, next)
  }
}

for (const id of ids.filter((one) => one !== 'gpt-5.1')) {
  test(`§17.2, §17.6 what was compacted on ${id} goes on on every model, which reads the summary`, async (t) => {
    const talk = await start(t)

    const { output, status } = await talk.ask(id, [...history, { type: 'compaction_trigger' }])

    assert.equal(status, 'completed')
    assert.deepEqual(
      output.map(({ type }) => type),
      ['compaction'],
    )
    assert.match(talk.sent(), /Sum it up/)
    assert.match(talk.sent(), /"tool_choice":(?:"none"|\{"type":"none"\})|"mode":"NONE"/)
    assert.match(talk.sent(), /line 7/)
    await goesOn(output, talk)
  })

  test(`§17.2 /v1/responses/compact on ${id} keeps the user's messages and sums up the rest`, async (t) => {
    const talk = await start(t)
    const picture = {
      type: 'input_image' as const,
      image_url: 'https://x/y.png',
      detail: 'auto' as const,
    }
    const input: ResponseInputItem[] = [...history, { role: 'user', content: [picture] }]

    const { object, output, usage } = await talk.client.responses.compact({ model: id, input })

    assert.equal(object, 'response.compaction')
    assert.deepEqual(
      output.map((item) => ('content' in item ? item.content : item.type)),
      [[{ type: 'input_text', text: 'Find the bug.' }], [picture], 'compaction'],
    )
    assert.equal(new Set(output.map((item) => 'id' in item && item.id)).size, 3)
    assert.ok(usage.total_tokens >= 0)
    assert.match(talk.sent(), /Sum it up/)
    await goesOn(output, talk)
  })
}

/** As the compaction session of `@openai/agents` asks: the conversation is named, not sent. */
test('§17.2 /v1/responses/compact sums up an answer that is kept, and what it went on with', async (t) => {
  const { client, sent } = await start(t, () => anthropicStream({ text: [summary] }))
  const model = 'claude-sonnet-4-5'
  const first = await client.responses.stream({ model, input: 'Find the bug.' }).finalResponse()
  const go = { model, input: 'Where?', previous_response_id: first.id }
  const second = await client.responses.stream(go).finalResponse()

  const { output } = await client.responses.compact({
    model,
    previous_response_id: second.id,
  })

  assert.deepEqual(
    output.map((item) => ('content' in item ? item.content : item.type)),
    [...['Find the bug.', 'Where?'].map((text) => [{ type: 'input_text', text }]), 'compaction'],
  )
  assert.match(sent(), /Find the bug\..*Where\?.*Sum it up/s)
})

test('§17.2 /v1/responses/compact takes a string, tells what is missing, and fails without a summary', async (t) => {
  let text = [summary]
  const { client } = await start(t, () => anthropicStream({ text }))
  const model = 'claude-sonnet-4-5' as const
  const { output } = await client.responses.compact({ model, input: 'Find the bug.' })

  assert.deepEqual(
    output.map(({ type }) => type),
    ['message', 'compaction'],
  )
  await assert.rejects(client.responses.compact({ model }), { status: 400, param: 'input' })
  text = [' ']
  await assert.rejects(client.responses.compact({ model, input: 'x' }), {
    status: 502,
    message: /summary/,
  })
})
