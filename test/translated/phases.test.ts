/** Phases over two turns: what the first answer called its text, the second request calls it, too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { responsesBody, sse, startUpstream, type Answer } from '../helpers/upstream.ts'

const text = (said: string, phase: string) => ({
  type: 'message',
  id: `msg_${said}`,
  role: 'assistant',
  status: 'completed',
  phase,
  content: [{ type: 'output_text', text: said, annotations: [] }],
})
const item = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'look',
  arguments: '{}',
  status: 'completed',
}

function body(output: object[]): Answer {
  return { body: { ...responsesBody({}), output } }
}

/** As the API streams it: the phase is in the announcement and at the end. */
function stream(output: ReturnType<typeof text>[]): Answer {
  const response = responsesBody({})
  const events = output.flatMap((message, output_index) => {
    const place = { item_id: message.id, output_index, content_index: 0 }
    return [
      { type: 'response.output_item.added', output_index, item: { ...message, content: [] } },
      { type: 'response.output_text.delta', ...place, delta: message.content[0]!.text },
      { type: 'response.output_item.done', output_index, item: message },
    ]
  })
  const all = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    ...events,
    { type: 'response.completed', response: { ...response, output } },
  ]
  return { sse: all.map((event) => sse(event.type, event)) }
}

const two = [text('I look.', 'commentary'), text(' Done.', 'final_answer')]
const rows: [what: string, answer: Answer, second: object[], phases: [string, string][]][] = [
  [
    'two phases in one answer',
    body(two),
    [{ role: 'assistant', content: 'I look. Done.' }],
    [
      ['I look.', 'commentary'],
      [' Done.', 'final_answer'],
    ],
  ],
  [
    'two phases in one answer that is streamed',
    stream(two),
    [{ role: 'assistant', content: 'I look. Done.' }],
    [
      ['I look.', 'commentary'],
      [' Done.', 'final_answer'],
    ],
  ],
  [
    'a final answer beside a call',
    body([text('Done.', 'final_answer'), item]),
    [
      {
        role: 'assistant',
        content: 'Done.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    ],
    [['Done.', 'final_answer']],
  ],
  [
    'commentary that calls nothing',
    body([text('I look.', 'commentary')]),
    [{ role: 'assistant', content: [{ type: 'text', text: 'I look.' }] }],
    [['I look.', 'commentary']],
  ],
]

for (const [what, answer, second, phases] of rows) {
  test(`T20: ${what} keeps its phase`, async (t) => {
    const upstream = await startUpstream(t, [answer, body([text('ok', 'final_answer')])])
    const models = [{ name: 'GPT', id: 'gpt-5.4', type: 'openai' }]
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { models }) })
    const user = { role: 'user', content: 'Go' }
    const ask = async (messages: object[]) => {
      const back = await post(`${url}/v1/chat/completions`, { model: 'gpt-5.4', messages })
      assert.equal(back.status, 200, await back.text())
    }

    await ask([user])
    await ask([user, ...second, user])

    const { input } = upstream.requests[1]!.json() as { input: ReturnType<typeof text>[] }
    const said = input.filter(({ role }) => role === 'assistant')
    assert.deepEqual(
      said.map(({ content, phase }) => [content[0]!.text, phase]),
      phases,
    )
  })
}
