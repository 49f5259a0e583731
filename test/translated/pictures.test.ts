/** Pictures that a model makes: chat clients get them, all others are told that there was one (bifrost #7032). */
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

test('translation §16.7, §17.6: clients whose API has no place for a picture read that there was one', async (t) => {
  const { ask } = await start(t)

  for (const model of ['gemini-2.5-flash-image', 'glm-4.6']) {
    const message = await ask('/v1/messages', { model, messages, max_tokens: 100 })
    const response = await ask('/v1/responses', { model, input: 'Draw.' })

    for (const text of [message, response]) {
      assert.match(text, /Here\..*the model made an image \(image\/png\)/)
      assert.ok(!text.includes('aW1hZ2U='))
    }
  }
})

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
