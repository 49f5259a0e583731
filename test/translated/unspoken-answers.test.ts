/**
 * Gemini, and gateways in front of it, now and then end with success what they have not begun: no text, no call, no token. An agent takes
 * that for the end of its work, and stops without a word (new-api #638, gemini-cli #28784, vercel/ai #13017). Of an error it asks again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { ask, clients, type Type } from './requests.ts'

const turns = [{ user: 'Hi' }, { called: 'call_1' }, { answered: 'call_1', text: 'x' }]

interface Said {
  text?: string
  input?: number
  output?: number
  reason?: string
}

function gemini({ text, input, output, reason = 'STOP' }: Said): JsonObject {
  const content = { role: 'model', ...(text !== undefined && { parts: [{ text }] }) }
  return {
    candidates: [{ content, finishReason: reason }],
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: output },
  }
}

function chat({ text = '', input, output, reason = 'stop' }: Said): JsonObject {
  const message = { role: 'assistant', content: text }
  return {
    id: 'a',
    choices: [{ index: 0, message, finish_reason: reason }],
    usage: { prompt_tokens: input, completion_tokens: output },
  }
}

const answers: Partial<Record<Type, (said: Said) => JsonObject>> = { google: gemini, common: chat }

const roads = [
  { name: 'messages', type: 'google' },
  { name: 'responses', type: 'google' },
  { name: 'chat', type: 'google' },
  { name: 'messages', type: 'common' },
  { name: 'responses', type: 'common' },
] as const

for (const { name, type } of roads) {
  const client = clients[name]!
  const status = async (t: Parameters<typeof ask>[0], said: Said) => {
    const answer = answers[type]!(said)
    const back = await ask(t, { client, type }, client.ask(turns), { answer })
    return [back.status, back.status === 200 ? undefined : client.error(back.answer).message]
  }

  test(`translation §11.5, §15.6, ${name} to ${type}: an answer without a token is an error`, async (t) => {
    const message = 'The model ended its answer without a single token. Ask again.'
    assert.deepEqual(await status(t, { input: 576, output: 0 }), [502, message])
  })

  test(`translation §11.5, §15.6, ${name} to ${type}: silence that the model thought about, or that nobody counted, is an answer`, async (t) => {
    const limit = type === 'google' ? 'MAX_TOKENS' : 'length'
    for (const said of [
      { input: 576, output: 3 },
      { input: 0, output: 0 },
      {},
      { text: 'Hi', input: 576, output: 0 },
      { input: 576, output: 0, reason: limit },
    ]) {
      assert.deepEqual(await status(t, said), [200, undefined], JSON.stringify(said))
    }
  })
}

test('translation §15.6: Gemini leaves out a count of nothing, and says of thoughts what they took', async (t) => {
  const client = clients.messages!
  const answer = (thoughtsTokenCount?: number) => ({
    candidates: [{ content: { role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 576, ...(thoughtsTokenCount && { thoughtsTokenCount }) },
  })
  const statuses = []
  for (const thoughts of [undefined, 12]) {
    const road = { client, type: 'google' } as const
    const back = await ask(t, road, client.ask(turns), { answer: answer(thoughts) })
    statuses.push(back.status)
  }

  assert.deepEqual(statuses, [502, 200])
})
