/** Gemini's calls straight against the demo's upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { startDemo, weatherSchema, withoutIds } from './start.ts'

const tools = [
  {
    functionDeclarations: [
      {
        name: 'get_weather',
        description: 'The weather of a city.',
        parametersJsonSchema: weatherSchema,
      },
    ],
  },
]

function pathOf(method: string, model = 'gemini-3-pro'): string {
  return `/v1beta/models/${model}:${method}`
}

const streamed = pathOf('streamGenerateContent?alt=sse')

function say(text: string): JsonObject {
  return { contents: [{ role: 'user', parts: [{ text }] }] }
}

interface Answer {
  candidates: { content: { parts: JsonObject[] }; finishReason?: string }[]
  usageMetadata: JsonObject
  modelVersion: string
}

const asks: Record<string, JsonObject> = {
  text: say('Say hello.'),
  thoughts: {
    ...say('Say hello.'),
    generationConfig: { thinkingConfig: { includeThoughts: true } },
  },
  'a limit': { ...say('Say hello.'), generationConfig: { maxOutputTokens: 3 } },
  'a call': { ...say('What is the weather in Oslo?'), tools },
  'two calls': { ...say('The weather in Oslo and Rome, in parallel.'), tools },
  JSON: {
    ...say('A title, please.'),
    generationConfig: { responseMimeType: 'application/json', responseJsonSchema: weatherSchema },
  },
}

for (const [what, ask] of Object.entries(asks)) {
  test(`any-client §13: Gemini's stream says what its body says: ${what}`, async (t) => {
    const { post } = await startDemo(t)

    const body: Answer = JSON.parse(
      await (await post(pathOf('generateContent'), ask)).text(),
    ) as Answer
    const events = eventsIn(await (await post(streamed, ask)).text())

    const [whole] = body.candidates
    const parts = events.flatMap(({ candidates: [candidate] }) => candidate?.content.parts ?? [])
    assert.ok(events.length > 1)
    assert.deepEqual(withoutIds(joined(parts)), withoutIds(whole?.content.parts))
    assert.equal(events.at(-1)?.candidates[0]?.finishReason, whole?.finishReason)
    assert.deepEqual(events.at(-1)?.usageMetadata, body.usageMetadata)
    assert.equal(body.modelVersion, 'gemini-3-pro')
  })
}

function eventsIn(stream: string): Answer[] {
  const events = stream.split('\r\n\r\n')
  assert.equal(events.pop(), '')
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Answer)
}

/** Pieces of text put together; what an empty part has besides is the part's before it. */
function joined(parts: JsonObject[]): JsonObject[] {
  const whole: JsonObject[] = []
  for (const part of parts) {
    const last = whole.at(-1)
    const goesOn = typeof part.text === 'string' && typeof last?.text === 'string'
    if (goesOn && (part.text === '' || part.thought === last.thought)) {
      Object.assign(last, part, { text: `${String(last.text)}${String(part.text)}` })
    } else if (part.text !== '') whole.push({ ...part })
  }
  return whole
}

test('any-client §13: the function calling mode of Gemini is obeyed', async (t) => {
  const { post } = await startDemo(t)
  const names = async (text: string, config: JsonObject) => {
    const ask = { ...say(text), tools, toolConfig: { functionCallingConfig: config } }
    const answer = await post(pathOf('generateContent'), ask)
    const { candidates } = JSON.parse(await answer.text()) as Answer
    const parts = candidates[0]?.content.parts ?? []
    return parts.flatMap(({ functionCall: call }) => (isObject(call) ? call.name : []))
  }

  assert.deepEqual(await names('weather', { mode: 'NONE' }), [])
  assert.deepEqual(await names('hi', { mode: 'ANY' }), ['get_weather'])
  const other = { mode: 'ANY', allowedFunctionNames: ['other'] }
  assert.deepEqual(await names('weather', other), [])
})

const call = { functionCall: { name: 'get_weather', args: { city: 'Oslo' } } }
const result = { functionResponse: { name: 'get_weather', response: { output: 'snow' } } }

function loop(signature: object, results = [result]): JsonObject {
  const [asked] = (asks['a call']?.contents ?? []) as object[]
  const contents = [
    asked,
    { role: 'model', parts: [{ ...call, ...signature }] },
    { role: 'user', parts: results },
  ]
  return { contents, tools }
}

test('any-client §10.1: the demo takes a call back with its signature, or with the stand-in', async (t) => {
  const { post } = await startDemo(t)
  const first = await post(pathOf('generateContent'), asks['a call'])
  const [, issued] = /"thoughtSignature":"([^"]+)"/.exec(await first.text()) ?? []

  for (const thoughtSignature of [issued, 'skip_thought_signature_validator']) {
    const answer = await post(pathOf('generateContent'), loop({ thoughtSignature }))
    assert.match(await answer.text(), /snow/)
  }
  const older = await post(pathOf('generateContent', 'gemini-2.5-pro'), loop({}))
  assert.match(await older.text(), /snow/)
})

const refused: [what: string, body: JsonObject, message: RegExp][] = [
  ['no contents', {}, /contents/],
  ['empty contents', { contents: [] }, /contents/],
  ['an unknown role', { contents: [{ role: 'robot', parts: [] }] }, /role/],
  ['a call without a signature', loop({}), /missing a thought_signature/],
  ['a strange signature', loop({ thoughtSignature: 'c3RyYW5nZQ==' }), /Corrupted/],
  ['a result too many', loop({}, [result, result]), /number of function response parts/],
]

for (const [what, body, message] of refused) {
  test(`any-client §10: the demo refuses ${what} as Gemini does`, async (t) => {
    const { post } = await startDemo(t)

    const answer = await post(streamed, body)
    const { error } = JSON.parse(await answer.text()) as { error: JsonObject }

    assert.equal(answer.status, 400)
    assert.deepEqual([error.code, error.status], [400, 'INVALID_ARGUMENT'])
    assert.match(String(error.message), message)
  })
}

test('any-client §10.2: Gemini names the time to wait in a detail', async (t) => {
  const { post } = await startDemo(t)

  const answer = await post(pathOf('generateContent'), say('error 429'))
  const { error } = JSON.parse(await answer.text()) as { error: JsonObject }

  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('retry-after'), null)
  assert.equal(error.status, 'RESOURCE_EXHAUSTED')
  assert.match(JSON.stringify(error.details), /"retryDelay":"1s"/)
})

test('any-client §13: Gemini breaks off in mid-answer as it is asked to', async (t) => {
  const { post } = await startDemo(t)

  const broken = await (await post(streamed, say('error midstream'))).text()
  const cut = await post(streamed, say('cut'))

  assert.match(broken, /demo!/)
  assert.match(broken, /\{"error":\{"code":503,.*"status":"UNAVAILABLE"\}\}\r\n\r\n$/)
  await assert.rejects(cut.text())
})
