/** `stop` with sequences that the model's API does not take. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { chunksOf, collected } from '../pipelines/clients/chat/chat-answers.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'
import type { ChatCompletion } from '../../pipelines/wire/chat.ts'

const chat = {
  model: 'gpt-5.1',
  messages: [{ role: 'user', content: 'Count.' }],
  stop: ['four', ''],
}
const counted = ['one two th', 'ree fo', 'ur five']

async function ask(t: TestContext, answer: Answer, request: object) {
  const upstream = await startUpstream(t, [answer])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const back = await post(`${url}/v1/chat/completions`, request)
  return { back, text: await back.text(), upstream }
}

/** What a stream says before it ends, and then nothing for ever. */
function unending(events: string[], before: string): Answer {
  const at = events.findIndex((event) => event.includes(before))
  return { sse: [...events.slice(0, at + 1), { until: new Promise(() => {}) }] }
}

test('§7.1 stop: a stream ends in front of the sequence, and the upstream is stopped', async (t) => {
  const answer = unending(responsesStream({ text: counted }), '"delta":"ur five"')

  const { back, text, upstream } = await ask(t, answer, { ...chat, stream: true })

  assert.equal(collected(chunksOf(text).chunks).choices[0]?.message.content, 'one two three ')
  assert.match(text, /"finish_reason":"stop"}\]}\n\ndata: \[DONE\]\n\n$/)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
  await upstream.whenClosed(0)
  assert.equal(upstream.closedEarly, 1)
})

test('§7.1 stop: a body ends in front of the sequence, and counts what it cost', async (t) => {
  const answer = { body: responsesBody({ text: counted }) }

  const { text, upstream } = await ask(t, answer, { ...chat, stream: false })

  const completion = JSON.parse(text) as ChatCompletion
  assert.equal(completion.choices[0]?.message.content, 'one two three ')
  assert.equal(completion.choices[0]?.finish_reason, 'stop')
  assert.equal(completion.usage?.total_tokens, 17)
  assert.equal('stop' in (upstream.requests[0]!.json() as object), false)
})

const lines = ['one', ' two\n', 'three###four']
const claude = { ...chat, model: 'claude-sonnet-4-5', stop: ['\n', '###'] }

test('KT4: a stream of Claude ends at a blank sequence, which its API refuses', async (t) => {
  const usage = { input_tokens: 30, cache_read_input_tokens: 4, output_tokens: 1 }
  const answer = unending(anthropicStream({ text: lines, usage }), ' two')
  const request = { ...claude, stream: true, stream_options: { include_usage: true } }

  const { back, text, upstream } = await ask(t, answer, request)

  const completion = collected(chunksOf(text).chunks)
  assert.equal(completion.choices[0]?.message.content, 'one two')
  assert.equal(completion.choices[0]?.finish_reason, 'stop')
  assert.equal(completion.usage?.prompt_tokens, 34)
  assert.match(text, /data: \[DONE\]\n\n$/)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
  assert.deepEqual(sentUp(upstream.requests[0]!.json()), ['###'])
  await upstream.whenClosed(0)
  assert.equal(upstream.closedEarly, 1)
})

test('KT4: a body of Claude ends at a blank sequence, and counts what it cost', async (t) => {
  const answer = { body: anthropicMessage({ text: lines }) }

  const { text, upstream } = await ask(t, answer, { ...claude, stop: ' \n', stream: false })
  const whole = await ask(t, answer, { ...claude, stop: '\n', stream: false })

  const completion = JSON.parse(text) as ChatCompletion
  assert.equal(completion.choices[0]?.message.content, lines.join(''))
  assert.equal(sentUp(upstream.requests[0]!.json()), undefined)
  const cut = JSON.parse(whole.text) as ChatCompletion
  assert.equal(cut.choices[0]?.message.content, 'one two')
  assert.equal(cut.choices[0]?.finish_reason, 'stop')
  assert.equal(cut.usage?.total_tokens, 17)
})

test('KT4: the proxy cuts at stop sequences above the number that chat takes', async (t) => {
  const stop = ['A', 'B', 'C', 'D', 'thr']
  const answer = { body: anthropicMessage({ text: lines }) }

  const { text, upstream } = await ask(t, answer, { ...claude, stop, stream: false })

  const completion = JSON.parse(text) as ChatCompletion
  assert.equal(completion.choices[0]?.message.content, 'one two\n')
  assert.deepEqual(sentUp(upstream.requests[0]!.json()), ['A', 'B', 'C', 'D'])
})

test('KT4: from a tool call on nothing is cut', async (t) => {
  const tools = [{ id: 'toolu_1', name: 'f', input: ['{"text":"a\\nb"}'] }]
  const answer = { sse: anthropicStream({ text: ['I look.'], tools }) }

  const { text } = await ask(t, answer, { ...claude, stop: '\n', stream: true })

  const [choice] = collected(chunksOf(text).chunks).choices
  assert.equal(choice?.message.content, 'I look.')
  assert.equal(choice?.finish_reason, 'tool_calls')
})

function sentUp(request: unknown): unknown {
  return (request as { stop_sequences?: string[] }).stop_sequences
}
