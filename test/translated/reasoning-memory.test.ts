/** The memory of reasoning: what it holds, what it lets go, and what a client that drops reasoning gets of it. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { BoundedMemory } from '../../lib/translated/memory.ts'
import type { Remembered } from '../../pipelines/neutral/reasoning.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'

const limits = { enabled: true, max_entries: 3, max_mb: 1, max_age_minutes: 60 }

function detail(text: string): Remembered {
  return { reasoning: [{ kind: 'thinking', text, seal: { signature: 's' } }] }
}

suite('§9.5 what is kept', () => {
  test('remembered reasoning is recalled whole, as often as asked', () => {
    const memory = new BoundedMemory()
    memory.remember('a', detail('😀'), limits)

    assert.deepEqual(memory.recall('a', limits), detail('😀'))
    assert.deepEqual(memory.recall('a', limits), detail('😀'))
    assert.equal(memory.recall('b', limits), undefined)
  })

  test('a later answer of the same key takes the place of the earlier', () => {
    const memory = new BoundedMemory()
    memory.remember('a', detail('long ago and far away'), limits)
    memory.remember('a', detail('new'), limits)

    assert.deepEqual(memory.recall('a', limits), detail('new'))
    assert.equal(memory.bytes, Buffer.byteLength(JSON.stringify(detail('new'))))
  })

  test('above max_entries the least recently used goes', () => {
    const memory = new BoundedMemory()
    for (const key of ['a', 'b', 'c']) memory.remember(key, detail(key), limits)
    memory.recall('a', limits)
    memory.remember('d', detail('d'), limits)

    assert.deepEqual(kept(memory), ['a', 'c', 'd'])
  })

  test('above max_mb the least recently used go, and one that is too large by itself is not kept', () => {
    const memory = new BoundedMemory()
    const half = 'x'.repeat(512 * 1024)
    for (const key of ['a', 'b', 'c']) memory.remember(key, detail(half), limits)
    assert.deepEqual(kept(memory), ['c'])

    memory.remember('d', detail(half + half), limits)
    assert.deepEqual(kept(memory), ['c'])
    memory.remember('c', detail(half + half), limits)
    assert.deepEqual(kept(memory), [])
    assert.equal(memory.bytes, 0)
  })

  test('after max_age_minutes without use it is forgotten', () => {
    let now = 0
    const memory = new BoundedMemory(() => now)
    memory.remember('a', detail('a'), limits)
    memory.remember('b', detail('b'), limits)
    now += 40 * 60_000
    memory.recall('a', limits)
    now += 40 * 60_000

    assert.deepEqual(kept(memory), ['a'])
  })

  test('switched off, nothing is kept, and what was kept is gone', () => {
    const memory = new BoundedMemory()
    const off = { ...limits, enabled: false }
    memory.remember('a', detail('a'), limits)
    memory.remember('b', detail('b'), off)

    assert.equal(memory.recall('a', off), undefined)
    assert.equal(memory.size, 0)
  })
})

function kept(memory: BoundedMemory): string[] {
  return ['a', 'b', 'c', 'd'].filter((key) => memory.recall(key, limits))
}

const said = {
  thinking: ['Let me look.'],
  tools: [{ id: 'c1', name: 'look', input: ['{}'] }],
}
const claude = { ...said, signature: 'sig-1' }
const gpt = { ...said, encrypted_content: 'enc-1' }

const answers: [what: string, model: string, stream: boolean, Answer, reasoning: unknown][] = [
  ['a stream of Claude', 'claude-sonnet-4-5', true, { sse: anthropicStream(claude) }, signed()],
  ['a body of Claude', 'claude-sonnet-4-5', false, { body: anthropicMessage(claude) }, signed()],
  ['a stream of GPT', 'gpt-5.1', true, { sse: responsesStream(gpt) }, encrypted()],
  ['a body of GPT', 'gpt-5.1', false, { body: responsesBody(gpt) }, encrypted()],
]

function signed() {
  return [{ type: 'thinking', thinking: 'Let me look.', signature: 'sig-1' }]
}

function encrypted() {
  return [
    {
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Let me look.' }],
      encrypted_content: 'enc-1',
    },
  ]
}

for (const [what, model, stream, answer, reasoning] of answers) {
  test(`§9.5 reasoning that the client drops goes back after ${what}`, async (t) => {
    const up = await secondTurn(t, { model, stream, answer })

    assert.deepEqual(up.reasoning, reasoning)
  })
}

test('§9.5 with the memory the second step of a tool loop keeps its thinking budget', async (t) => {
  const [, model, stream, answer] = answers[0]!
  const up = await secondTurn(t, { model, stream, answer, reasoning: 'high' })

  assert.equal(up.dropped, null)
  assert.equal((up.body.thinking as { type: string }).type, 'enabled')
})

test('§9.5 with the memory off the second step goes without thinking, and says so', async (t) => {
  const [, model, stream, answer] = answers[0]!
  const off = { reasoning_memory: { enabled: false } }
  const up = await secondTurn(t, { model, stream, answer, reasoning: 'high', config: off })

  assert.deepEqual(up.reasoning, [])
  assert.equal(up.body.thinking, undefined)
  assert.equal(up.dropped, 'reasoning')
})

test('§9.5 an answer of one model does not serve another', async (t) => {
  const [, model, stream, answer] = answers[0]!
  const up = await secondTurn(t, { model, stream, answer, next: 'claude-other' })

  assert.deepEqual(up.reasoning, [])
})

test('§9.5 an answer of one conversation does not serve another, though the ids of its calls are the same', async (t) => {
  const upstream = await startUpstream(t, ({ body }) => {
    const what = body.includes('My plan') ? 'plan' : 'secret'
    return { body: chatCall(`reasoning of the ${what}`) }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const asked = {
    model: 'glm-4.6',
    max_tokens: 100,
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
  }
  const mine = { role: 'user', content: 'My plan' }
  const called = { role: 'assistant', content: [{ type: 'tool_use', ...look, input: {} }] }
  const seen = { role: 'user', content: [{ type: 'tool_result', tool_use_id: look.id }] }
  const histories = [[mine], [{ role: 'user', content: 'My secret' }], [mine, called, seen]]

  for (const messages of histories) {
    await (await post(`${url}/v1/messages`, { ...asked, messages })).text()
  }

  const { messages } = upstream.requests[2]!.json() as { messages: Record<string, unknown>[] }
  assert.equal(messages[1]?.reasoning_content, 'reasoning of the plan')
})

const look = { id: 'call_0', name: 'look' }

function chatCall(reasoning_content: string) {
  const { id, name } = look
  const calls = [{ id, type: 'function', function: { name, arguments: '{}' } }]
  const message = { role: 'assistant', content: null, reasoning_content, tool_calls: calls }
  return { id: 'c', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }
}

interface Turns {
  model: string
  stream: boolean
  answer: Answer
  /** the operator's level */
  reasoning?: string
  config?: Record<string, unknown>
  /** the model of the second turn */
  next?: string
}

/** Asks, answers the tool call without handing back the reasoning, and tells what went up then. */
async function secondTurn(t: TestContext, turns: Turns) {
  const { model, stream, answer, reasoning = 'auto', next = model } = turns
  const upstream = await startUpstream(t, () => answer)
  const config = oneUpstream(upstream.url, turns.config)
  const models = [...config.models, { name: 'Other', id: 'claude-other', type: 'anthropic' }]
  const { url } = await startProxy(t, {
    config: { ...config, models: models.map((entry) => Object.assign(entry, { reasoning })) },
  })
  const user = { role: 'user', content: 'x' }
  const called = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
  }
  const tools = [{ type: 'function', function: { name: 'look' } }]
  const chat = `${url}/v1/chat/completions`
  await (await post(chat, { model, stream, tools, messages: [user] })).text()
  const messages = [user, called, { role: 'tool', tool_call_id: 'c1', content: 'seen' }]
  const back = await post(chat, { model: next, stream, tools, messages })
  await back.text()

  const body = upstream.requests[1]!.json() as Record<string, unknown>
  return { body, reasoning: reasoningIn(body), dropped: back.headers.get('x-droid2api-dropped') }
}

/** The thinking blocks or reasoning items of a request. */
function reasoningIn({ messages, input }: Record<string, unknown>): unknown[] {
  const turns = (messages ?? []) as { content: { type: string }[] }[]
  const items = (input ?? []) as { type: string }[]
  return [...turns.flatMap(({ content }) => content), ...items].filter(
    ({ type }) => type === 'thinking' || type === 'reasoning',
  )
}
