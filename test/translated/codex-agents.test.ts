/** Codex has OpenAI encrypt what its agents tell each other. Agents of other models tell it in plain text, and are understood. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { chatBody, chatStream, messageOf } from '../agent-loop/chat-model.ts'
import type { Piece } from '../agent-loop/scripted-agent.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'

const text = { type: 'string' }
const agents = {
  type: 'namespace',
  name: 'collaboration',
  description: 'Agents.',
  tools: [
    {
      type: 'function',
      name: 'spawn_agent',
      strict: false,
      parameters: {
        type: 'object',
        properties: { task_name: text, message: { ...text, encrypted: true } },
      },
    },
    { type: 'function', name: 'list_agents', parameters: { type: 'object', properties: {} } },
  ],
}
const task = { task_name: 'look', message: 'List the files.' }
const sentName = 'collaboration__spawn_agent'
const other = 'collaboration__list_agents'

const claude = {
  tools: [
    { id: 'toolu_1', name: sentName, input: [JSON.stringify(task)] },
    { id: 'toolu_2', name: other, input: ['{}'] },
  ],
}
const pieces: Piece[] = [
  { kind: 'call', id: 'a', name: sentName, input: task },
  { kind: 'call', id: 'b', name: other, input: {} },
]
const glm = 'glm-4.6'
const kinds = {
  'claude-sonnet-4-5': { stream: anthropicStream(claude), body: anthropicMessage(claude) },
  [glm]: {
    stream: chatStream(pieces, glm, 0),
    body: chatBody(messageOf(pieces, { model: glm, turn: 0 }), glm, 0),
  },
}

/** Every object in it that is a call of a function. */
function callsIn(value: unknown): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(callsIn)
  if (!isObject(value)) return []
  const inner = Object.values(value).flatMap(callsIn)
  return value.type === 'function_call' ? [value, ...inner] : inner
}

for (const [model, { stream, body }] of Object.entries(kinds)) {
  for (const streamed of [true, false]) {
    test(`§17.4 ${model} tells Codex that it has encrypted no argument, ${streamed ? 'streamed' : 'as a body'}`, async (t) => {
      const upstream = await startUpstream(t, [streamed ? { sse: stream } : { body }])
      const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
      const ask = { model, input: 'Go.', tools: [agents], store: false, stream: streamed }

      const answer = await (await post(`${url}/v1/responses`, ask)).text()

      const data = streamed
        ? answer.split('\n').flatMap((line) => objectFrom(line.replace(/^data: /, '')) ?? [])
        : [objectFrom(answer)]
      const calls = callsIn(data)
      assert.equal(calls.length, streamed ? 6 : 2)
      for (const call of calls) {
        const isMarked = call.name === 'spawn_agent'
        assert.deepEqual(call.encrypted_function_args, isMarked ? [] : undefined)
      }
      assert.doesNotMatch(upstream.requests[0]!.body.toString(), /encrypted/)
      assert.match(upstream.requests[0]!.body.toString(), /task_name/)
    })
  }
}

test('§17.2 an agent of another model gets the task that came as encrypted, though it is plain', async (t) => {
  const upstream = await startUpstream(t, [{ body: anthropicMessage({ text: ['Done.'] }) }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const content = [
    { type: 'input_text', text: 'Message Type: NEW_TASK\nPayload:\n' },
    { type: 'encrypted_content', encrypted_content: task.message },
  ]
  const input = [{ type: 'agent_message', author: '/root', recipient: '/root/look', content }]

  await post(`${url}/v1/responses`, { model: 'claude-sonnet-4-5', input, store: false })

  assert.match(upstream.requests[0]!.body.toString(), /NEW_TASK.*List the files\./)
})
