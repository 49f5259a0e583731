/** `reasoning.exclude`: the model thinks, and the client reads nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'

const secret = 'the inner voice'
const tools = [{ id: 'toolu_1', name: 'look', input: ['{}'] }]
const said = { thinking: [secret], text: ['Hi'], tools }
const sealed = { ...said, encrypted_content: 'SEALED' }

const answers: [what: string, model: string, stream: boolean, answer: Answer][] = [
  ['a stream of Claude', 'claude-sonnet-4-5', true, { sse: anthropicStream(said) }],
  ['a body of Claude', 'claude-sonnet-4-5', false, { body: anthropicMessage(said) }],
  ['a stream of GPT', 'gpt-5.1', true, { sse: responsesStream(sealed) }],
  ['a body of GPT', 'gpt-5.1', false, { body: responsesBody(sealed) }],
]

for (const [what, model, stream, answer] of answers) {
  test(`T19: with exclude, ${what} holds nothing readable, and the next turn still thinks`, async (t) => {
    const upstream = await startUpstream(t, [answer, answer])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const asked = {
      model,
      stream,
      reasoning: { max_tokens: 2000, exclude: true },
      tools: [{ type: 'function', function: { name: 'look' } }],
      messages: [{ role: 'user', content: 'x' }] as object[],
    }

    const text = await (await post(`${url}/v1/chat/completions`, asked)).text()

    assert.match(text, /Hi/)
    assert.doesNotMatch(text, /inner voice|reasoning_content/)
    assert.equal(text.includes('SEALED'), model === 'gpt-5.1')

    asked.messages.push(
      {
        role: 'assistant',
        content: 'Hi',
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'seen' },
    )
    await (await post(`${url}/v1/chat/completions`, asked)).text()

    const second = upstream.requests[1]!.body.toString()
    assert.match(second, model === 'gpt-5.1' ? /SEALED/ : /inner voice/)
  })
}

test('T19: the client gets reasoning without readable text, to hand it back', async (t) => {
  const silent = { thinking: [''], text: ['Hi'], signature: 'SEALED' }
  for (const answer of [{ body: anthropicMessage(silent) }, { sse: anthropicStream(silent) }]) {
    const upstream = await startUpstream(t, [answer])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const chat = {
      model: 'claude-sonnet-4-5',
      stream: answer.sse !== undefined,
      reasoning: { exclude: true },
      messages: [{ role: 'user', content: 'x' }],
    }

    const text = await (await post(`${url}/v1/chat/completions`, chat)).text()

    assert.match(text, /"signature":"SEALED"/)
  }
})
