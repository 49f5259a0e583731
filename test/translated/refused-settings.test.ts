/** Settings that a chat server does not take: agents send them with every request, and their users cannot switch them off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const parameters = { type: 'object', properties: {} }
const functions = [{ type: 'function', function: { name: 'a', parameters } }]
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const message = { role: 'assistant', content: 'Hello.' }
const whole = { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
const chunk = {
  id: 'c',
  choices: [{ index: 0, delta: { content: 'Hello.' }, finish_reason: 'stop' }],
  usage,
}

const rows = [
  {
    who: 'Grok',
    status: 400,
    refusal: {
      code: 'invalid-argument',
      error: 'Model grok-4.20-0309-reasoning does not support parameter reasoningEffort.',
    },
    member: 'reasoning_effort',
    responses: { reasoning: { effort: 'high' } },
    chat: { reasoning_effort: 'high' },
  },
  {
    who: 'DeepSeek',
    status: 400,
    refusal: { error: { message: 'deepseek-reasoner does not support this tool_choice' } },
    member: 'tool_choice',
    responses: {
      tools: [{ type: 'function', name: 'a', parameters }],
      tool_choice: 'required',
    },
    chat: { tools: functions, tool_choice: 'required' },
  },
  {
    who: 'a model with one temperature',
    status: 400,
    refusal: { error: { message: 'invalid temperature: only 1 is allowed for this model' } },
    member: 'temperature',
    responses: { temperature: 0 },
    chat: { temperature: 0 },
  },
  {
    who: 'Mistral',
    status: 422,
    refusal: {
      detail: [{ type: 'extra_forbidden', loc: ['body', 'prompt_cache_key'], input: 'k' }],
    },
    member: 'prompt_cache_key',
    chat: { prompt_cache_key: 'k' },
  },
] as const

for (const { who, status, refusal, member, chat, ...row } of rows) {
  const responses = 'responses' in row ? row.responses : undefined

  for (const stream of [false, true]) {
    for (const [route, settings] of [
      ['/v1/responses', responses],
      ['/v1/chat/completions', chat],
    ] as const) {
      if (!settings) continue
      test(`translation §11.1: what ${who} does not take is left out, ${route}, stream ${stream}`, async (t) => {
        const upstream = await startUpstream(t, ({ body }) => {
          const sent = JSON.parse(body.toString()) as Record<string, unknown>
          if (sent[member] !== undefined) return { status, body: refusal }
          return stream ? { sse: [`data: ${JSON.stringify(chunk)}\n\n`] } : { body: whole }
        })
        const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
        const asked = route.endsWith('responses')
          ? { input: 'Hi', ...settings }
          : { messages: [{ role: 'user', content: 'Hi' }], ...settings }

        const back = await post(proxy.url + route, { model: 'glm-4.6', stream, ...asked })

        assert.equal(back.status, 200)
        assert.match(await back.text(), /Hello\./)
        const [first, second] = upstream.requests.map((request) => request.json() as object)
        assert.equal(upstream.requests.length, 2)
        const { [member]: _left, ...rest } = first as Record<string, unknown>
        assert.deepEqual(second, rest)
      })
    }
  }
}

test('translation §11.1: a refusal that repeats the request is of what it says, not of the words of the request', async (t) => {
  const upstream = await startUpstream(t, ({ body }) => {
    const input = JSON.parse(body.toString()) as object
    const msg = 'Value error, there is no such tool'
    return { status: 422, body: { detail: [{ type: 'value_error', loc: ['body'], msg, input }] } }
  })
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

  const back = await post(`${proxy.url}/v1/chat/completions`, {
    model: 'glm-4.6',
    messages: [{ role: 'user', content: 'Why is tool_choice not supported? stream_options' }],
    tools: functions,
    tool_choice: { type: 'function', function: { name: 'b' } },
    temperature: 0,
    stream: true,
  })

  assert.equal(back.status, 422)
  assert.match(await back.text(), /no such tool.*stream_options/)
  assert.equal(upstream.requests.length, 1)
})

const passed: [what: string, status: number, message: string, sent: object][] = [
  ['a wrong value', 400, 'temperature must be between 0 and 2', { temperature: 7 }],
  [
    'a wrong value by an error of an unknown kind',
    400,
    'temperature must be at most 2, unknown_error',
    { temperature: 7 },
  ],
  ['what was not sent', 400, 'unsupported parameter: temperature', {}],
  ['another member', 400, 'unknown parameter: messages', { temperature: 0 }],
  ['another status', 403, 'temperature is not supported', { temperature: 0 }],
  ['a choice of no tool', 400, 'tool_choice is not supported', { tool_choice: 'none' }],
]

for (const [what, status, refused, sent] of passed) {
  test(`translation §11.1: the refusal of ${what} passes at once`, async (t) => {
    const upstream = await startUpstream(t, () => ({
      status,
      body: { error: { message: refused } },
    }))
    const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
    const messages = [{ role: 'user', content: 'Hi' }]

    const back = await post(`${proxy.url}/v1/chat/completions`, {
      model: 'glm-4.6',
      messages,
      tools: functions,
      ...sent,
    })

    assert.equal(back.status, status)
    assert.match(await back.text(), new RegExp(refused))
    assert.equal(upstream.requests.length, 1)
  })
}

test('translation §11.1: a server that takes neither the question for tokens nor a setting is asked without both', async (t) => {
  const upstream = await startUpstream(t, ({ body }) => {
    const sent = JSON.parse(body.toString()) as Record<string, unknown>
    for (const name of ['stream_options', 'reasoning_effort']) {
      const text = `Unsupported parameter: ${name}`
      if (sent[name] !== undefined) return { status: 400, body: { error: { message: text } } }
    }
    return { sse: [`data: ${JSON.stringify(chunk)}\n\n`] }
  })
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = { model: 'glm-4.6', input: 'Hi', stream: true, reasoning: { effort: 'high' } }

  const back = await post(`${proxy.url}/v1/responses`, ask)

  assert.equal(back.status, 200)
  assert.match(await back.text(), /response\.completed/)
  assert.equal(upstream.requests.length, 3)
})

test('translation §14: a setting that was refused of a conversation is left out of its further turns at once', async (t) => {
  const upstream = await startUpstream(t, ({ body }) => {
    const isRefused = body.includes('reasoning_effort')
    const text = 'Unsupported parameter: reasoning_effort'
    return isRefused ? { status: 400, body: { error: { message: text } } } : { body: whole }
  })
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const turns = [{ role: 'user', content: 'Hi' }, message, { role: 'user', content: 'And?' }]
  const ask = (messages: object[]) =>
    post(`${proxy.url}/v1/chat/completions`, {
      model: 'glm-4.6',
      messages,
      reasoning_effort: 'high',
    })

  assert.equal((await ask(turns)).status, 200)
  assert.equal(upstream.requests.length, 2)
  assert.equal((await ask([...turns, message, { role: 'user', content: 'So?' }])).status, 200)
  assert.equal(upstream.requests.length, 3)
  assert.equal((await ask([{ role: 'user', content: 'Else' }, ...turns.slice(1)])).status, 200)
  assert.equal(upstream.requests.length, 5)
})
