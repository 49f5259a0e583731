/** Pictures that a model makes: chat and Responses clients get them, Messages clients are told that there was one (bifrost #7032). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const parts = [
  { thought: true, inlineData: { mimeType: 'image/png', data: 'ZHJhZnQ=' } },
  { text: 'Here.' },
  { inlineData: { mimeType: 'image/png', data: 'aW1hZ2U=' } },
  { inlineData: { mimeType: 'audio/wav', data: 'c291bmQ=' } },
]
const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,aW1hZ2U=' } }
const messages = [{ role: 'user', content: 'Draw.' }]

async function start(t: TestContext, shown: object[] = parts, finishReason = 'STOP') {
  const gemini = {
    candidates: [{ content: { role: 'model', parts: shown }, finishReason }],
  }
  const message = { role: 'assistant', content: 'Here.', images: [picture] }
  const chat = { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const upstream = await startUpstream(t, ({ url }) => {
    if (url.endsWith('/chat/completions')) return { body: chat }
    return url.includes('stream')
      ? { sse: [`data: ${JSON.stringify(gemini)}\n\n`] }
      : { body: gemini }
  })
  const id = 'gemini-2.5-flash-image'
  const { url } = await startProxy(t, { config: everyType(upstream.url, {}, [id]) })
  const ask = async (path: string, body: object) => {
    const back = await post(`${url}${path}`, { model: id, ...body })
    assert.equal(back.status, 200)
    return await back.text()
  }
  return { upstream, ask }
}

test('translation §15.5: a chat client gets the picture, in a body and in a stream', async (t) => {
  const { ask } = await start(t)

  const body = JSON.parse(await ask('/v1/chat/completions', { messages })) as {
    choices: { message: { content: string; images: unknown } }[]
  }
  const stream = await ask('/v1/chat/completions', { messages, stream: true })

  assert.equal(body.choices[0]?.message.content, 'Here.')
  assert.deepEqual(body.choices[0]?.message.images, [picture])
  const chunk = JSON.stringify({ images: [picture] })
  assert.equal(stream.split(chunk).length, 2)
  assert.ok(!stream.includes('ZHJhZnQ='))
  assert.match(stream, /"finish_reason":"stop".*\[DONE\]/s)
})

test('translation §15.6: a picture is an answer, whatever reason Gemini gives for its end', async (t) => {
  const only = [{ inlineData: { mimeType: 'image/png', data: 'aW1hZ2U=' } }]
  const { ask } = await start(t, only, 'OTHER')

  const stream = await ask('/v1/chat/completions', { messages, stream: true })

  assert.ok(stream.includes(JSON.stringify({ images: [picture] })))
  assert.match(stream, /"finish_reason":"stop"/)
})

test('translation §15.4: pictures are asked for by modalities, and such a model is told nothing of thinking', async (t) => {
  const { ask, upstream } = await start(t)

  await ask('/v1/chat/completions', { messages, modalities: ['image', 'text'] })

  const sent = upstream.requests[0]?.json() as { generationConfig: unknown } | undefined
  assert.deepEqual(sent?.generationConfig, { responseModalities: ['TEXT', 'IMAGE'] })
})

test('translation §16.7: clients whose API has no place for a picture read that there was one', async (t) => {
  const { ask } = await start(t)

  for (const model of ['gemini-2.5-flash-image', 'glm-4.6']) {
    const text = await ask('/v1/messages', { model, messages, max_tokens: 100 })

    assert.match(text, /Here\..*the model made an image \(image\/png\)/)
    assert.ok(!text.includes('aW1hZ2U='))
  }
})

const item = { type: 'image_generation_call', status: 'completed', result: 'aW1hZ2U=' }

for (const model of ['gemini-2.5-flash-image', 'glm-4.6']) {
  test(`translation §17.6: a Responses client gets the picture of ${model} as an item, in a body and in a stream`, async (t) => {
    const { ask } = await start(t)

    const body = JSON.parse(await ask('/v1/responses', { model, input: 'Draw.' })) as Answered
    const stream = await ask('/v1/responses', { model, input: 'Draw.', stream: true })

    const events = stream
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)) as Event)
    const last = events.at(-1)?.response as Answered
    for (const { output, status } of [body, last]) {
      assert.equal(status, 'completed')
      assert.deepEqual(
        output.map(({ type }) => type),
        ['message', 'image_generation_call'],
      )
      const { id, output_format, ...shown } = output[1]!
      assert.match(String(id), /^ig_/)
      assert.deepEqual([shown, output_format], [item, 'png'])
    }
    const at = events.filter((event) => event.output_index === 1)
    assert.deepEqual(
      at.map(({ type }) => type.replace('response.', '')),
      [
        'output_item.added',
        'image_generation_call.in_progress',
        'image_generation_call.generating',
        'image_generation_call.completed',
        'output_item.done',
      ],
    )
    assert.ok(!stream.includes('ZHJhZnQ='))
  })
}

test('translation §17.6: what comes behind a picture is a message of its own', async (t) => {
  const behind = [...parts, { text: 'And so on.' }]
  const { ask } = await start(t, behind)

  const { output } = JSON.parse(await ask('/v1/responses', { input: 'Draw.' })) as Answered

  assert.deepEqual(
    output.map(({ type }) => type),
    ['message', 'image_generation_call', 'message'],
  )
  assert.match(JSON.stringify(output[2]), /And so on\./)
})

test('translation §15.3: a model that makes pictures is asked for them by the tool that OpenAI has for it', async (t) => {
  const { ask, upstream } = await start(t)
  const tool = { type: 'image_generation', size: '1024x1024' }

  for (const tool_choice of [undefined, 'auto', { type: 'image_generation' }]) {
    await ask('/v1/responses', { input: 'Draw.', tools: [tool], tool_choice })
    const sent = upstream.requests.at(-1)?.json() as { tools?: unknown; generationConfig: object }

    assert.deepEqual(sent.generationConfig, { responseModalities: ['TEXT', 'IMAGE'] })
    assert.equal(sent.tools, undefined)
  }
})

test('translation §17.2: a picture that comes back as an item, sent again or named, goes to Gemini', async (t) => {
  const { ask, upstream } = await start(t)
  const first = JSON.parse(await ask('/v1/responses', { input: 'Draw.' })) as Answered
  const again = { role: 'user', content: 'In blue.' }
  const ask1 = { role: 'user', content: 'Draw.' }
  const jpeg = { ...item, id: 'ig_1', output_format: 'jpeg' }
  const named = first.output.map(({ id }) => ({ type: 'item_reference', id }))
  const bodies = [
    { input: [ask1, ...first.output, again] },
    { input: [ask1, ...named, again] },
    { input: [again], previous_response_id: first.id },
    // as OpenRouter has it
    { input: [ask1, { ...item, result: 'data:image/jpeg;base64,aW1hZ2U=' }, again] },
    { input: [ask1, jpeg, { ...item, result: null }, { ...item, result: '' }, again] },
  ]

  for (const [index, body] of bodies.entries()) {
    await ask('/v1/responses', body)
    const sent = upstream.requests.at(-1)?.json() as { contents: { parts: unknown }[] }
    const text = index < 3 ? [{ text: 'Here.' }] : []
    const mimeType = index < 3 ? 'image/png' : 'image/jpeg'

    assert.deepEqual(sent.contents[1]?.parts, [
      ...text,
      { inlineData: { mimeType, data: 'aW1hZ2U=' } },
    ])
  }
})

interface Answered {
  id: string
  status: string
  output: Record<string, unknown>[]
}

interface Event {
  type: string
  output_index?: number
  response?: unknown
}

test('translation §5.4: a picture that comes back in a history, in its content or in `images`, goes to Gemini', async (t) => {
  const { ask, upstream } = await start(t)
  const content = [{ type: 'text', text: 'Here.' }, picture]
  const told = [
    { role: 'assistant', content },
    { role: 'assistant', content: 'Here.', images: [picture, { type: 'image_url' }, null] },
  ]

  for (const answer of told) {
    const history = [...messages, answer, { role: 'user', content: 'In blue.' }]
    await ask('/v1/chat/completions', { messages: history })
    const sent = upstream.requests.at(-1)?.json() as { contents: { parts: unknown }[] } | undefined

    assert.deepEqual(sent?.contents[1]?.parts, [
      { text: 'Here.' },
      { inlineData: { mimeType: 'image/png', data: 'aW1hZ2U=' } },
    ])
  }
})
