/** Every client API on a model of every type, with the demo behind the proxy, as `droid2api demo` has it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { demoConfig } from '../../lib/cli/demo-config.ts'
import { startProxy } from '../helpers/proxy.ts'
import { clients, providers, type ClientApi } from '../../pipelines/index.ts'
import { startDemo, weatherSchema } from './start.ts'

async function startRoads(t: TestContext, config: Record<string, unknown> = {}) {
  const { url } = await startDemo(t)
  const proxy = await startProxy(t, { config })
  proxy.app.config = demoConfig(proxy.app.config, url)
  const post = (route: string, body: object) =>
    fetch(proxy.url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { models: proxy.app.config.models, post }
}

const question = 'What is the weather in Oslo? And in Rome, in parallel?'
const described = { name: 'get_weather', description: 'The weather of a city.' }

interface Talk {
  ask(model: string): Record<string, unknown>
  /** the ask again with the answer and one result for each of its calls behind it */
  goOn(ask: Record<string, unknown>, answer: never): Record<string, unknown>
  /** the last event of a whole stream */
  end: RegExp
}

const talks: Record<ClientApi, Talk> = {
  chat: {
    ask: (model) => ({
      model,
      messages: [{ role: 'user', content: question }],
      tools: [{ type: 'function', function: { ...described, parameters: weatherSchema } }],
    }),
    goOn(ask, { choices }: { choices: { message: { tool_calls: { id: string }[] } }[] }) {
      const { message } = choices[0]!
      const results = message.tool_calls.map(({ id }) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'snow',
      }))
      return { ...ask, messages: [...(ask.messages as object[]), message, ...results] }
    },
    end: /data: \[DONE\]\n\n$/,
  },
  messages: {
    ask: (model) => ({
      model,
      max_tokens: 4000,
      messages: [{ role: 'user', content: question }],
      tools: [{ ...described, input_schema: weatherSchema }],
      thinking: { type: 'enabled', budget_tokens: 2000 },
    }),
    goOn(ask, { content }: { content: { type: string; id: string }[] }) {
      const results = content
        .filter(({ type }) => type === 'tool_use')
        .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'snow' }))
      const turns = [
        { role: 'assistant', content },
        { role: 'user', content: results },
      ]
      return { ...ask, messages: [...(ask.messages as object[]), ...turns] }
    },
    end: /event: message_stop\ndata: .*\n\n$/,
  },
  responses: {
    ask: (model) => ({
      model,
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'auto' },
      input: [{ role: 'user', content: question }],
      tools: [{ type: 'function', ...described, parameters: weatherSchema }],
    }),
    goOn(ask, { output }: { output: { type: string; call_id: string }[] }) {
      const results = output
        .filter(({ type }) => type === 'function_call')
        .map(({ call_id: id }) => ({ type: 'function_call_output', call_id: id, output: 'snow' }))
      return { ...ask, input: [...(ask.input as object[]), ...output, ...results] }
    },
    end: /event: response\.completed\ndata: .*\n\n$/,
  },
}

for (const [client, talk] of Object.entries(talks)) {
  for (const type of Object.keys(providers)) {
    test(`any-client §13: the demo serves ${client} on ${type}, in both forms, with two calls and their results`, async (t) => {
      const { models, post } = await startRoads(t)
      const { route } = clients[client as ClientApi]
      const asked = talk.ask(models.find((model) => model.type === type)!.id)

      const called = await post(route, { ...asked, stream: false })
      const more = talk.goOn(asked, (await called.json()) as never)
      const body = await (await post(route, { ...more, stream: false })).text()
      const first = await (await post(route, { ...asked, stream: true })).text()
      const last = await (await post(route, { ...more, stream: true })).text()

      assert.equal(called.status, 200)
      assert.match(body, /These 2 came back from the tools/)
      assert.match(first, /get_weather/)
      for (const stream of [first, last]) assert.match(stream, talk.end)
    })
  }
}

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

for (const type of Object.keys(providers)) {
  test(`any-client §6: an image in a result reaches the demo's ${type}`, async (t) => {
    const { models, post } = await startRoads(t)
    const asked = talks.messages.ask(models.find((model) => model.type === type)!.id)
    const source = { type: 'base64', media_type: 'image/png', data: pixel }
    const content = [{ type: 'image', source }]
    const id = 'toolu_1'

    const answer = await post('/v1/messages', {
      ...asked,
      messages: [
        ...(asked.messages as object[]),
        { role: 'assistant', content: [{ type: 'tool_use', id, name: 'get_weather', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] },
      ],
    })

    const text = await answer.text()
    assert.match(text, /- \[an image\]/)
    assert.doesNotMatch(text, /Images from/)
  })
}

test('contract §4.1: the demo has a model of every type beside the models of the file', async (t) => {
  const own = [{ name: 'Mine', id: 'gpt-5.4', type: 'common' }]
  const endpoints = [{ name: 'mine', type: 'common', base_url: 'http://127.0.0.1:1' }]
  const { models } = await startRoads(t, { models: own, endpoints })

  const seen = models.map(({ type, id }) => `${type} ${id}`)
  // the user's model keeps its name
  assert.deepEqual(seen, [
    'common gpt-5.4',
    'anthropic claude-sonnet-5-5',
    'openai demo-openai',
    'google gemini-3-pro',
  ])
})

for (const [what, format, member] of [
  ['JSON', { type: 'json_object' }, 'answer'],
  [
    'a schema that a model without structured outputs is told in words',
    { type: 'json_schema', json_schema: { name: 'w', schema: weatherSchema } },
    'city',
  ],
] as const) {
  test(`a model of every type answers with ${what}`, async (t) => {
    const old = { name: 'Old', id: 'claude-opus-4-0', type: 'anthropic' }
    const { models, post } = await startRoads(t, { models: [old] })
    assert.ok(models.length >= 4)

    for (const { id } of models) {
      const messages = [{ role: 'user', content: 'Hello' }]
      const answer = await post('/v1/chat/completions', {
        model: id,
        messages,
        response_format: format,
      })

      const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] }
      assert.ok(member in (JSON.parse(choices[0].message.content) as object), id)
    }
  })
}
