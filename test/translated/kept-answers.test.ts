/** Answers that a Responses client names, whole or by an item, in place of sending them again, as OpenAI lets it do. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import type { Response, ResponseInput } from 'openai/resources/responses/responses'
import { objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { chatBody, chatStream, messageOf } from '../agent-loop/chat-model.ts'
import { geminiBody, geminiStream, partsOf } from '../agent-loop/gemini-model.ts'
import type { Piece } from '../agent-loop/scripted-agent.ts'
import { cpuMsOf } from '../helpers/cpu-time.ts'
import { everyType, oneUpstream, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  startUpstream,
  type Answer,
  type RecordedRequest,
  type Script,
} from '../helpers/upstream.ts'

const text = 'I look.'
const pieces: Piece[] = [
  { kind: 'text', text },
  { kind: 'call', id: 'a', name: 'look', input: { at: 'sky' } },
]
const claude = { text: [text], tools: [{ id: 'toolu_1', name: 'look', input: ['{"at":"sky"}'] }] }

/** Every answer of each kind has the same id, as some servers give it. */
const kinds: Record<string, { model: string; answer: (streamed: boolean) => Answer }> = {
  anthropic: {
    model: 'claude-sonnet-4-5',
    answer: (streamed) =>
      streamed ? { sse: anthropicStream(claude) } : { body: anthropicMessage(claude) },
  },
  common: {
    model: 'glm-4.6',
    answer(streamed) {
      const model = 'glm-4.6'
      if (streamed) return { sse: chatStream(pieces, model, 0) }
      return { body: chatBody(messageOf(pieces, { model, turn: 0 }), model, 0) }
    },
  },
  google: {
    model: 'gemini-3-pro',
    answer(streamed) {
      const parts = partsOf(pieces, 'gemini-3-pro', 0)
      return streamed ? { sse: geminiStream(parts, 0) } : { body: geminiBody(parts, 0) }
    },
  },
}

async function start(t: TestContext, more: JsonObject = {}) {
  const upstream = await startUpstream(t, ({ url, body }) => {
    if (url.startsWith('/v1/responses/')) return { status: 404, body: { error: { param: 'id' } } }
    const kind = url.includes('/messages')
      ? 'anthropic'
      : url.includes('/chat')
        ? 'common'
        : 'google'
    const streamed = url.includes('stream') || body.includes('"stream":true')
    return kinds[kind]!.answer(streamed)
  })
  const { url } = await startProxy(t, {
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
    config: everyType(upstream.url, more),
  })
  const clientOf = (apiKey: string) => clientAt(url, apiKey)
  return { upstream, clientOf, client: clientOf('any') }
}

/** The same in front of an upstream with a script of its own. */
async function startOn(t: TestContext, script: Script) {
  const upstream = await startUpstream(t, script)
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  return { upstream, client: clientAt(url, 'any') }
}

function clientAt(url: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
}

const tools = [
  { type: 'function' as const, name: 'look', strict: false, parameters: { type: 'object' } },
]
const opening = { role: 'user' as const, content: 'What do you see?' }

/** What came of the call of an answer. */
function resultOf({ output }: Response): ResponseInput {
  return output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'Clouds.' }]
      : [],
  )
}

function sent(request: RecordedRequest | undefined): JsonObject {
  return objectFrom(request?.body.toString() ?? '') ?? {}
}

for (const [kind, { model }] of Object.entries(kinds)) {
  for (const stream of [true, false]) {
    const how = stream ? 'streamed' : 'as a body'

    test(`§17.10 ${kind}: items and answers that are named go up as if they were sent, ${how}`, async (t) => {
      const { client, upstream } = await start(t)
      const ask = async (members: JsonObject): Promise<Response> => {
        const wish = { model, tools, ...members }
        return stream
          ? await client.responses.stream(wish).finalResponse()
          : await client.responses.create(wish)
      }
      const first = await ask({ input: [opening] })
      const second = await ask({ input: [opening] })
      assert.notEqual(first.id, second.id)
      const result = resultOf(first)
      assert.equal(result.length, 1)
      const names = first.output.map(({ id }) => ({ type: 'item_reference', id }))

      await ask({ input: [opening, ...first.output, ...result] })
      const whole = sent(upstream.requests.at(-1))
      await ask({ input: [opening, ...names, ...result] })
      assert.deepEqual(sent(upstream.requests.at(-1)), whole)
      await ask({ input: [opening, ...names.map(({ id }) => ({ id })), ...result] })
      assert.deepEqual(sent(upstream.requests.at(-1)), whole)
      const third = await ask({ previous_response_id: first.id, input: result })
      assert.deepEqual(sent(upstream.requests.at(-1)), whole)
      assert.equal(third.previous_response_id, first.id)

      const more = resultOf(third)
      await ask({ input: [opening, ...first.output, ...result, ...third.output, ...more] })
      const longer = sent(upstream.requests.at(-1))
      await ask({ previous_response_id: third.id, input: more })
      assert.deepEqual(sent(upstream.requests.at(-1)), longer)
    })
  }
}

const model = kinds.anthropic!.model
const notFound = { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' }
const noItem = { status: 400, code: 'item_not_found', param: 'input[0]' }

async function assertUnknown(client: OpenAI, { id, output }: Response): Promise<void> {
  const input = [opening]
  await assert.rejects(
    client.responses.create({ model, input, previous_response_id: id }),
    notFound,
  )
  const named = [{ type: 'item_reference' as const, id: output[0]?.id ?? '' }, opening]
  await assert.rejects(client.responses.create({ model, input: named }), noItem)
}

test('§17.10 an input that is a string is gone on with, and an empty id names nothing', async (t) => {
  const { client, upstream } = await start(t)
  const { id, output } = await client.responses.create({ model, tools, input: 'Hi' })
  const input = [...output, { role: 'user' as const, content: 'And?' }] as ResponseInput
  await client.responses.create({
    model,
    tools,
    input: [{ role: 'user', content: 'Hi' }, ...input],
  })
  const whole = sent(upstream.requests.at(-1))

  await client.responses.create({ model, tools, input: 'And?', previous_response_id: id })
  assert.deepEqual(sent(upstream.requests.at(-1)), whole)
  await client.responses.create({ model, tools, input: 'Hi', previous_response_id: '' })
  assert.deepEqual(sent(upstream.requests.at(-1)), sent(upstream.requests[0]))
})

test('§17.10 no client finds the answer that another one got', async (t) => {
  const clients = ['alice', 'bob'].map((name) => ({ name, key: `key-of-${name}-0123456789` }))
  const { clientOf } = await start(t, { clients })
  const [alice, bob] = clients.map(({ key }) => clientOf(key))
  const answer = await alice!.responses.create({ model, tools, input: 'Hi' })

  await assertUnknown(bob!, answer)
  await alice!.responses.create({ model, tools, input: 'And?', previous_response_id: answer.id })
})

test('§17.10 behind a front door that all pass with one password, the key beside it tells whose an answer is', async (t) => {
  const { clientOf } = await start(t)
  const authorization = `Basic ${Buffer.from('all:alike').toString('base64')}`
  const [alice, bob] = ['alice', 'bob'].map((name) =>
    clientOf('any').withOptions({ defaultHeaders: { authorization, 'x-api-key': `of-${name}` } }),
  )
  const answer = await alice!.responses.create({ model, tools, input: 'Hi' })

  await assertUnknown(bob!, answer)
  assert.equal((await alice!.responses.retrieve(answer.id)).id, answer.id)
})

test('§17.10 from the id of one answer nobody can tell that of another', async (t) => {
  const { client } = await start(t)
  const ask = async () => (await client.responses.create({ model, tools, input: 'Hi' })).id
  const [one, other] = [await ask(), await ask()]

  assert.match(one, /^resp_[a-z\d]{29}$/)
  const places = Array.from(one, (letter, at) => (letter === other[at] ? '' : at))
  assert.ok(places.filter((at) => at !== '').length > 10, `${one} ${other}`)
})

test('§17.10 an answer that is not to be stored is not, nor is one where nothing is remembered', async (t) => {
  const { client } = await start(t)
  const unstored = await client.responses.create({ model, tools, input: 'Hi', store: false })
  assert.equal((unstored as { store?: boolean }).store, false)
  await assertUnknown(client, unstored)

  const off = await start(t, { reasoning_memory: { enabled: false } })
  const answer = await off.client.responses.create({ model, tools, input: 'Hi' })
  assert.equal((answer as { store?: boolean }).store, false)
  await assertUnknown(off.client, answer)
})

test('§17.10 of a request that is too large to keep the items are found, the conversation is not', async (t) => {
  const { client, upstream } = await start(t, { reasoning_memory: { max_mb: 0.1 } })
  const large = { role: 'user' as const, content: 'word '.repeat(10_000) }
  const answer = await client.responses.create({ model, tools, input: [large] })
  const named = answer.output.map(({ id }) => ({ type: 'item_reference' as const, id: id! }))

  await client.responses.create({ model, tools, input: [large, ...named, ...resultOf(answer)] })
  assert.match(upstream.requests.at(-1)!.body.toString(), /I look\..*Clouds\./)
  await assert.rejects(
    client.responses.create({ model, input: resultOf(answer), previous_response_id: answer.id }),
    notFound,
  )
})

test('§17.10 an answer is read once for all the items of it that a request names', async (t) => {
  const large = Array(40_000).fill('a "word" ').join('')
  const inputs = [JSON.stringify({ at: large }), ...Array<string>(1000).fill('{}')]
  const called = inputs.map((input, index) => ({
    id: `toolu_${index}`,
    name: 'look',
    input: [input],
  }))
  const { client, upstream } = await startOn(t, () => ({
    body: anthropicMessage({ tools: called }),
  }))
  const { output } = await client.responses.create({ model, tools, input: large })
  const [, ...names] = output.map(({ id }) => ({ type: 'item_reference' as const, id: id! }))

  const cpuMs = await cpuMsOf(() =>
    client.responses.create({ model, tools, input: [opening, ...names] }),
  )

  assert.equal(upstream.requests.at(-1)?.body.toString().split('"tool_use"').length, 1001)
  // with the request that it answered read again for each, it took 12 s, in which nobody else was answered
  assert.ok(cpuMs < 3000, `${cpuMs} ms`)
})

test('§17.10 an item that is named again adds nothing, so that no small request becomes a huge one', async (t) => {
  const { client, upstream } = await start(t)
  for (const asked of [model, 'gpt-5.1']) {
    const { output } = await client.responses.create({ model, tools, input: [opening] })
    const id = output[0]?.id ?? ''
    const names = [{ type: 'item_reference' as const, id }, { id }] as ResponseInput

    const again = [opening, ...names, ...names]
    await client.responses.create({ model: asked, tools, input: again }).catch(() => undefined)

    assert.equal(upstream.requests.at(-1)!.body.toString().split(text).length, 2, asked)
  }
})

test('§17.10 a call that was cut is no part of what goes on', async (t) => {
  const cut = anthropicStream({ ...claude, stop_reason: 'max_tokens' })
  const { client, upstream } = await startOn(t, [
    { sse: cut.map((event) => event.replace('sky\\"}', 's')) },
    { body: anthropicMessage({ text: ['Sky.'] }) },
  ])
  const first = await client.responses.stream({ model, tools, input: 'Hi' }).finalResponse()
  assert.equal(first.status, 'incomplete')

  await client.responses.create({ model, tools, input: 'Go on.', previous_response_id: first.id })

  const { messages } = sent(upstream.requests[1])
  assert.deepEqual(messages, [
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'assistant', content: [{ type: 'text', text }] },
    { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
  ])
})

test('§17.10 an answer can be got again, asked for in the background or not, and deleted', async (t) => {
  const { client, upstream, clientOf } = await start(t)
  const wishes = [{ stream: true }, { background: true }, {}]
  for (const wish of wishes) {
    const answer = wish.stream
      ? await client.responses.stream({ model, tools, input: 'Hi' }).finalResponse()
      : await client.responses.create({ model, tools, input: 'Hi', ...wish, stream: false })
    const again = await client.responses.retrieve(answer.id)
    assert.equal(again.status, 'completed')
    assert.deepEqual([again.id, again.created_at], [answer.id, answer.created_at])
    assert.deepEqual(again.usage, answer.usage)
    assert.deepEqual(
      again.output.map(({ id, type }) => [id, type]),
      answer.output.map(({ id, type }) => [id, type]),
    )
    await assert.rejects(clientOf('another').responses.retrieve(answer.id), { status: 404 })

    await client.responses.delete(answer.id)
    await assert.rejects(client.responses.retrieve(answer.id), { status: 404, param: 'id' })
    await assertUnknown(client, answer)
  }
  const asked = upstream.requests.filter(
    ({ method, url }) => method === 'POST' && /messages/.test(url),
  )
  assert.equal(asked.length, wishes.length)
  await assert.rejects(client.responses.delete('resp_unknown'), { status: 404 })
})

for (const goesOn of [model, 'gpt-5.1']) {
  test(`§17.10 a conversation that is kept here goes on with another account, too, of ${goesOn}`, async (t) => {
    const served: unknown[] = []
    const upstream = await startUpstream(t, ({ url, headers }) => {
      served.push(headers['x-api-key'])
      if (served.length === 2) return { status: 429, headers: { 'retry-after': '60' }, body: {} }
      if (url.includes('/responses')) return { body: responsesBody({ text: ['Hello.'] }) }
      return { body: anthropicMessage({ text: ['Hello.'] }) }
    })
    const accounts = ['one', 'two']
    const at = { base_url: upstream.url, accounts }
    const { url } = await startProxy(t, {
      config: {
        accounts: accounts.map((name) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })),
        endpoints: [
          { name: 'claude', type: 'anthropic', ...at },
          { name: 'gpt', type: 'openai', ...at },
        ],
        models: [
          { name: 'Claude', id: model, type: 'anthropic' },
          { name: 'GPT', id: 'gpt-5.1', type: 'openai' },
        ],
      },
    })
    const client = clientAt(url, 'any')
    const first = await client.responses.create({ model, input: 'Hi' })

    const input = [{ role: 'user' as const, content: 'And?' }]
    await client.responses.create({ model: goesOn, input, previous_response_id: first.id })

    assert.deepEqual(served, ['key-of-one', 'key-of-one', 'key-of-two'])
  })
}

test('§17.10 a session that goes on with GPT takes what is kept along, without reasoning', async (t) => {
  const { client, upstream } = await start(t)
  const gpt = 'gpt-5.1'
  const first = await client.responses.create({ model, tools, input: [opening] })
  const result = resultOf(first)
  const names = first.output.map(({ id }) => ({ type: 'item_reference' as const, id: id! }))
  const thought = { type: 'reasoning' as const, id: first.id.replace('resp', 'rs'), summary: [] }
  const up = async (members: JsonObject): Promise<JsonObject> => {
    await client.responses.create({ model: gpt, tools, ...members }).catch(() => undefined)
    return sent(upstream.requests.at(-1))
  }

  const { input: named } = await up({ input: [opening, thought, ...names, ...result] })
  assert.deepEqual(
    Object.values(named as object).map(({ type, role }: JsonObject) => type ?? role),
    ['user', 'message', 'function_call', 'function_call_output'],
  )
  const { input: gone, previous_response_id: id } = await up({
    previous_response_id: first.id,
    input: result,
  })
  assert.deepEqual([gone, id], [named, undefined])
  const { input: full } = await up({ input: [opening, thought, ...first.output, ...result] })
  assert.deepEqual(full, named)

  const other = { previous_response_id: 'resp_theirs', input: 'And?' }
  const { input, previous_response_id: theirs } = await up(other)
  assert.deepEqual({ input, previous_response_id: theirs }, other)
  const lost = [{ type: 'item_reference', id: 'msg_d2a1_0' }, opening]
  assert.deepEqual((await up({ input: lost })).input, lost)
})
