/** Histories that clients send and no API of another kind takes as they are: interrupted, cut, put together, in odd order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startProvider } from './provider.ts'
import { partsIn } from './strict-blocks.ts'

const user = (...content: object[]) => ({ role: 'user', content })
const assistant = (...content: object[]) => ({ role: 'assistant', content })
const system = (text: string) => ({ role: 'system', content: [said(text)] })
const said = (text: string) => ({ type: 'text', text })
const call = (id: string, name = 'look') => ({ type: 'tool_use', id, name, input: {} })
const result = (id: string, content: string | object[] = 'x') => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
})

/** Each begins with a question of the user unless it says otherwise. */
const asked = user(said('Look.'))
const long = 'x'.repeat(200)
const histories: [what: string, history: JsonObject[]][] = [
  ['a call without a result at the end', [asked, assistant(call('1'))]],
  [
    'an interruption between the results',
    [asked, assistant(call('1'), call('2')), user(result('1'), said('Stop.')), user(said('Go.'))],
  ],
  [
    'an instruction between call and result, and at the end',
    [asked, assistant(call('1')), system('Note.'), user(result('1')), system('End.')],
  ],
  ['an answer at the beginning', [assistant(said('Hello.')), asked]],
  ['nothing but a result', [user(result('1'))]],
  ['a blank answer', [asked, assistant(said('\n')), user(said('Go.'))]],
  [
    'two answers in turn, and their results the other way round',
    [asked, assistant(call('1')), assistant(call('2')), user(result('2')), user(result('1'))],
  ],
  [
    'a text of the assistant between call and result',
    [asked, assistant(call('1')), assistant(said('Hm.')), user(result('1'))],
  ],
  ['an empty result', [asked, assistant(call('1')), user(result('1', []))]],
  ['an id of two hundred characters', [asked, assistant(call(long)), user(result(long))]],
  ['an instruction behind an answer', [asked, assistant(said('Yes.')), system('Note.')]],
  [
    'a text in front of the result',
    [asked, assistant(call('1')), user(said('Here.'), result('1'))],
  ],
  ['two results of one call', [asked, assistant(call('1')), user(result('1'), result('1', 'y'))]],
  ['a blank text of the user at the end', [asked, assistant(said('Yes.')), user(said('  '))]],
  [
    'a tool that is not declared, whose name no API takes',
    [asked, assistant(call('1', 'a.b/c d')), user(result('1'))],
  ],
]

/** The same as messages of chat, a block at a time. */
function asChat(history: JsonObject[]): object[] {
  return history.flatMap(({ role, content }) =>
    partsIn(content).map(({ type, text, id, name, tool_use_id, content: given }) => {
      if (type === 'tool_result') return { role: 'tool', tool_call_id: tool_use_id, content: given }
      if (type === 'text') return { role, content: text }
      const tool_calls = [{ id, type: 'function', function: { name, arguments: '{}' } }]
      return { role, content: null, tool_calls }
    }),
  )
}

/** The same as items of Responses. */
function asItems(history: JsonObject[]): object[] {
  return history.flatMap(({ role, content }) =>
    partsIn(content).map(({ type, text, id, name, tool_use_id, content: given }) => {
      if (type === 'tool_result') {
        return { type: 'function_call_output', call_id: tool_use_id, output: given }
      }
      if (type === 'tool_use') return { type: 'function_call', call_id: id, name, arguments: '{}' }
      const part = { type: role === 'assistant' ? 'output_text' : 'input_text', text }
      return { type: 'message', role, content: [part] }
    }),
  )
}

const schema = { type: 'object', properties: {} }
const clients = [
  {
    route: '/v1/messages',
    own: 'anthropic',
    ask: (history: JsonObject[]) => ({
      messages: history,
      max_tokens: 1000,
      tools: [{ name: 'look', input_schema: schema }],
    }),
  },
  {
    route: '/v1/chat/completions',
    own: 'common',
    ask: (history: JsonObject[]) => ({
      messages: asChat(history),
      tools: [{ type: 'function', function: { name: 'look', parameters: schema } }],
    }),
  },
  {
    route: '/v1/responses',
    own: 'openai',
    ask: (history: JsonObject[]) => ({
      input: asItems(history),
      tools: [{ type: 'function', name: 'look', parameters: schema }],
    }),
  },
]

const models: [id: string, type: string][] = [
  ['claude-opus-4-8', 'anthropic'],
  ['claude-sonnet-4-5', 'anthropic'],
  ['gpt-5.1', 'openai'],
  ['gpt-5.4', 'openai'],
  ['glm-4.6', 'common'],
  ['deepseek-v4-pro', 'common'],
  ['devstral-2512', 'common'],
  ['gemini-3-pro', 'google'],
  ['gemini-2.5-pro', 'google'],
]

for (const { route, own, ask } of clients) {
  for (const [id, type] of models.filter(([, one]) => one !== own)) {
    test(`any-client §6: ${route} on ${id}: what clients make of a history is taken`, async (t) => {
      const provider = await startProvider(t)
      const { endpoints, ...config } = oneUpstream(provider.url, {
        models: [{ id, name: id, type, reasoning: 'high' }],
      })
      const google = { name: 'gemini', type: 'google', base_url: provider.url, auth: 'client' }
      const all = { ...config, endpoints: [...endpoints, google] }
      const { url } = await startProxy(t, { config: all })

      for (const [what, history] of histories) {
        const answer = await post(url + route, { model: id, ...ask(history) })
        const text = await answer.text()

        assert.deepEqual([provider.violations, answer.status], [[], 200], `${what}: ${text}`)
      }
    })
  }
}
