/** Ten turns of a Messages client on a chat upstream that refuses what any of them refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messagesBody } from '../../pipelines/clients/messages/body.ts'
import { readMessages } from '../../pipelines/clients/messages/read.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { commonBody } from '../../pipelines/providers/common/answer.ts'
import { writeCommon } from '../../pipelines/providers/common/write.ts'
import { withNamesBack } from '../../pipelines/stages/names-back.ts'
import { refusedChat } from './strict-chat.ts'

const endpoint = 'deepseek'
const model = {
  id: 'claude-via-deepseek',
  upstream_id: 'deepseek-v4-pro',
  reasoning: 'auto' as const,
}
const longName = `mcp__${'files'.repeat(14)}__read`

const tools = [
  { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } },
  { name: longName, description: 'Reads.', input_schema: {} },
]

/** What the upstream answers in a turn: reasoning, text, calls; ids that it counts anew in every answer. */
function answerOf(turn: number, names: string[]): JsonObject {
  const count = turn === 9 ? 0 : (turn % 3) + 1
  const calls = Array.from({ length: count }, (_, at) => ({
    id: `call_${at}`,
    type: 'function',
    function: { name: names[at % names.length], arguments: `{"path":"${turn}.${at}"}` },
  }))
  const message = {
    role: 'assistant',
    content: turn % 2 === 0 ? `step ${turn}` : null,
    ...(turn % 4 !== 3 && { reasoning_content: `thought ${turn}` }),
    ...(count > 0 ? { tool_calls: calls } : { content: 'done' }),
  }
  return {
    id: `chatcmpl-${turn}`,
    choices: [{ index: 0, message, finish_reason: count > 0 ? 'tool_calls' : 'stop' }],
  }
}

const picture = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
}

function resultsOf(content: JsonObject[], turn: number): JsonObject[] {
  return content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id }, at) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: turn === 4 ? [picture] : `result ${turn}.${at}`,
      is_error: turn === 5,
    }))
}

interface Outcome {
  bodies: JsonObject[]
  answers: JsonObject[][]
}

/** `keeps`: the client hands thinking back. */
function run(thinking: JsonObject | undefined, keeps: boolean, before: JsonObject[] = []): Outcome {
  const messages: JsonObject[] = [...before, { role: 'user', content: 'Go.' }]
  const outcome: Outcome = { bodies: [], answers: [] }
  for (let turn = 0; turn < 10; turn++) {
    const asked = {
      model: model.id,
      max_tokens: 32_000,
      system: [{ type: 'text', text: 'You are Droid.' }],
      messages: [...messages, { role: 'system', content: `reminder ${turn}` }],
      tools,
      ...(thinking && { thinking }),
    }
    const { request, answer: wish } = readMessages(structuredClone(asked), {})
    const { body, names, callIds } = writeCommon(request, {
      model,
      endpoint,
      systemPrompt: '',
      headers: {},
      stream: false,
    })
    outcome.bodies.push(body)
    const upstreamNames = (body.tools as { function: { name: string } }[]).map(
      (tool) => tool.function.name,
    )
    const context = {
      upstreamModel: model.upstream_id,
      fallbackId: 'x',
      ...(callIds && { callIds }),
    }
    const deltas = commonBody(answerOf(turn, upstreamNames), context)
    const serialiser = messagesBody({
      requestedModel: model.id,
      fallbackId: 'x',
      endpoint,
      reasoning: wish.reasoning,
      searches: false,
    })
    for (const delta of names ? withNamesBack(deltas, names) : deltas) serialiser.add(delta)
    const content = (serialiser.body()?.content ?? []) as JsonObject[]
    outcome.answers.push(content)
    const kept = content.filter(({ type }) => keeps || type !== 'thinking')
    messages.push({ role: 'assistant', content: kept })
    const results = resultsOf(content, turn)
    messages.push({ role: 'user', content: results.length > 0 ? results : 'Thanks.' })
  }
  return outcome
}

function reasoningIn(body: JsonObject): unknown[] {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : []
  return messages
    .filter(({ role }) => role === 'assistant')
    .map((message) => message.reasoning_content)
}

const shown = { type: 'enabled', budget_tokens: 2000 }
const omitted = { type: 'adaptive', display: 'omitted' }

for (const [what, thinking, keeps] of [
  ['that keeps thinking', shown, true],
  ['that keeps thinking it is not shown', omitted, true],
  ['that drops thinking', shown, false],
  ['without thinking', undefined, true],
] as const) {
  test(`§11.2, §13.2 a chat upstream takes every turn of a client ${what}`, () => {
    const { bodies, answers } = run(thinking, keeps)

    assert.deepEqual(bodies.flatMap(refusedChat), [])
    assert.ok(
      answers.slice(0, 9).every((content) => content.some(({ type }) => type === 'tool_use')),
    )
    const wanted = [
      'thought 0',
      'thought 1',
      'thought 2',
      ' ',
      'thought 4',
      'thought 5',
      'thought 6',
      ' ',
      'thought 8',
    ]
    const isBack = keeps && thinking !== undefined
    assert.deepEqual(reasoningIn(bodies[9]!), isBack ? wanted : wanted.map(() => ' '))
  })
}

test('§11.4, §12.1 the client has its own names, and each id once', () => {
  const { answers } = run(shown, true)
  const calls = answers.flat().filter(({ type }) => type === 'tool_use')
  const ids = calls.map(({ id }) => id)

  assert.deepEqual(new Set(calls.map(({ name }) => name)), new Set(['Read', longName]))
  assert.equal(new Set(ids).size, ids.length)
})

test('§11.2 a history that begins on another provider is taken, and nothing of its seals goes up', () => {
  const before = [
    { role: 'user', content: 'Hi.' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'secret', signature: 'EqQBCkgIARABGAIiQL' },
        { type: 'redacted_thinking', data: 'd2a1.nonsense' },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
        { type: 'text', text: 'Looking.' },
        { type: 'tool_use', id: `toolu_${'x'.repeat(60)}`, name: 'Gone', input: { a: 1 } },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: `toolu_${'x'.repeat(60)}`, content: [] }],
    },
    { role: 'assistant', content: 'Hello.' },
  ]
  const { bodies } = run(shown, true, before)

  assert.deepEqual(bodies.flatMap(refusedChat), [])
  assert.ok(!JSON.stringify(bodies).includes('secret'))
})
