/** Ids of calls in a Messages history: models that are not Claude write what Claude refuses, and get it back as they wrote it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

/** Claude refuses a history with another id, and so every further request of its conversation. */
const taken = /^[A-Za-z0-9_-]+$/

interface Block {
  type: string
  id?: string
  tool_use_id?: string
}

/** Lets GLM call a tool under this id, and hands its result to both. The id that the client got, and those that went up. */
async function loop(t: Parameters<typeof startUpstream>[0], id: string) {
  const call = { id, type: 'function', function: { name: 'Read', arguments: '{}' } }
  const called = { message: { content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }
  const upstream = await startUpstream(t, ({ url }) =>
    url.endsWith('/messages')
      ? { body: anthropicMessage({ text: ['done'] }) }
      : { body: { id: 'chatcmpl-1', choices: [{ index: 0, ...called }] } },
  )
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = async (model: string, messages: object[]) => {
    const answer = await post(`${url}/v1/messages`, { model, max_tokens: 99, messages })
    return (await answer.json()) as { content: Block[] }
  }
  const hi = { role: 'user', content: 'Hi' }
  const { content } = await ask('glm-4.6', [hi])
  const shown = content[0]!.id!
  const result = { type: 'tool_result', tool_use_id: shown, content: 'r' }
  const history = [hi, { role: 'assistant', content }, { role: 'user', content: [result] }]
  await ask('glm-4.6', history)
  await ask('claude-sonnet-4-5', history)
  const glm = upstream.requests[1]!.json() as {
    messages: [unknown, { tool_calls: Block[] }, { tool_call_id: string }]
  }
  const claude = upstream.requests[2]!.json() as {
    messages: [unknown, { content: Block[] }, { content: Block[] }]
  }
  return {
    shown,
    glm: [glm.messages[1].tool_calls[0]!.id, glm.messages[2].tool_call_id],
    claude: [claude.messages[1].content[0]!.id, claude.messages[2].content[0]!.tool_use_id],
  }
}

suite('§16.7 a call keeps its id in a Messages history, which both models take', () => {
  for (const id of ['functions.Read:0', 'call 1/é', 'call|{"a":1}', 'toolu_d2a1_Zg.']) {
    test(id, async (t) => {
      const { shown, glm, claude } = await loop(t, id)

      assert.match(shown, taken)
      assert.deepEqual(glm, [id, id])
      assert.deepEqual(claude, [shown, shown])
    })
  }

  for (const id of ['call_1', 'toolu_01AbC-9', 'toolu_d2a1_', 'toolu_d2a1_Zg']) {
    test(`${id} stays as it is`, async (t) => {
      const { shown, glm } = await loop(t, id)

      assert.equal(shown, id)
      assert.deepEqual(glm, [id, id])
    })
  }
})
