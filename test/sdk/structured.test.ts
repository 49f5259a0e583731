/** Structured output through `parse` of the official `openai` client, with a schema of zod's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'

const city = z.object({ name: z.string(), people: z.number().int().nullable() })
const oslo = { name: 'Oslo', people: 700_000 }
const text = [JSON.stringify(oslo).slice(0, 9), JSON.stringify(oslo).slice(9)]
const tools = [{ id: 'c1', name: 'save', input: text }]
const messages = [{ role: 'user' as const, content: 'Name a city.' }]

const kinds: [model: string, body: (said: object) => Answer, stream: (said: object) => Answer][] = [
  [
    'claude-sonnet-4-5',
    (said) => ({ body: anthropicMessage(said) }),
    (said) => ({ sse: anthropicStream(said) }),
  ],
  [
    'gpt-5.1',
    (said) => ({ body: responsesBody(said) }),
    (said) => ({ sse: responsesStream(said) }),
  ],
]

for (const [model, body, stream] of kinds) {
  test(`${model}: parse gives the object, from a body and from a stream`, async (t) => {
    const upstream = await startUpstream(t, [body({ text }), stream({ text })])
    const client = await clientOf(t, upstream.url)
    const ask = { model, messages, response_format: zodResponseFormat(city, 'city') }
    const parsed = await client.chat.completions.parse(ask)
    const streamed = await client.chat.completions.stream(ask).finalChatCompletion()

    assert.deepEqual(parsed.choices[0]?.message.parsed, oslo)
    assert.deepEqual(streamed.choices[0]?.message.parsed, oslo)
    for (const request of upstream.requests) {
      const { output_config, text: asked } = request.json() as Record<string, { format: object }>
      assert.equal(
        (output_config ?? asked)?.format && 'schema' in (output_config ?? asked)!.format,
        true,
      )
    }
  })

  test(`${model}: parse gives the arguments of a call, from a body and from a stream`, async (t) => {
    const upstream = await startUpstream(t, [body({ tools }), stream({ tools })])
    const client = await clientOf(t, upstream.url)
    const ask = { model, messages, tools: [zodFunction({ name: 'save', parameters: city })] }
    const parsed = await client.chat.completions.parse(ask)
    const streamed = await client.chat.completions.stream(ask).finalChatCompletion()

    for (const { choices } of [parsed, streamed]) {
      assert.deepEqual(choices[0]?.message.tool_calls?.[0]?.function.parsed_arguments, oslo)
    }
  })
}

async function clientOf(t: Parameters<typeof startProxy>[0], upstreamUrl: string): Promise<OpenAI> {
  const { url } = await startProxy(t, { config: oneUpstream(upstreamUrl) })
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
}
