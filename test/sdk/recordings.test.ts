/**
 * Every recorded and golden answer through the whole proxy into real clients: the official `openai` client with its
 * accumulator and its tool runner, and the AI SDK's provider for APIs of this kind. The answer of each is measured by the
 * one that the proxy gives as a body.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText, tool } from 'ai'
import OpenAI from 'openai'
import { z } from 'zod'
import type { ChatCompletion } from '../../pipelines/wire/chat.ts'
import {
  collectedFrom,
  recordingsIn,
  type Recording,
} from '../pipelines/clients/chat/replay-answers.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicStream, responsesStream, startUpstream } from '../helpers/upstream.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')
const recordings = [
  path.join(projectDir, 'test', 'fixtures'),
  path.join(projectDir, '..', 'shared', 'fixtures'),
]
  .flatMap((folder) => recordingsIn(folder) ?? [])
  // Neither client's accumulator knows custom tools: both ask every call for a function's name.
  .filter(({ bytes }) => !bytes.includes('custom_tool_call'))

const question = [{ role: 'user' as const, content: 'x' }]

for (const recording of recordings) {
  describe(recording.name, () => {
    let expected: ChatCompletion | undefined
    before(async () => {
      expected = await collectedFrom(recording.provider, recording.bytes)
    })

    test('stream().finalChatCompletion() collects it, or raises', async (t) => {
      const { client, model } = await replay(t, recording)
      const final = client.chat.completions.stream({ model, messages: question })
      if (!expected) {
        await assert.rejects(final.finalChatCompletion(), OpenAI.APIError)
        return
      }
      const { message, finish_reason } = (await final.finalChatCompletion()).choices[0]!

      const wanted = expected.choices[0]!
      assert.equal(finish_reason, wanted.finish_reason)
      assert.equal(message.content || null, wanted.message.content || null)
      assert.deepEqual(
        message.tool_calls?.map((call) => [
          call.id,
          call.type === 'function' && call.function.arguments,
        ]),
        wanted.message.tool_calls &&
          functionCalls(expected).map((call) => [call.id, call.arguments]),
      )
    })

    test('runTools runs its calls and takes the next answer', async (t) => {
      const calls = functionCalls(expected)
      if (calls.length === 0 || expected?.choices[0]?.finish_reason !== 'tool_calls') return
      const { client, model, requests } = await replay(t, recording)
      const ran: string[] = []
      const runner = client.chat.completions.runTools({
        model,
        stream: true,
        messages: question,
        tools: [...new Set(calls.map(({ name }) => name))].map((name) => ({
          type: 'function',
          function: {
            name,
            description: name,
            parameters: { type: 'object' },
            function: (args: string) => {
              ran.push(args)
              return 'done'
            },
          },
        })),
      })

      assert.equal(await runner.finalContent(), 'All done.')
      assert.deepEqual(
        ran,
        calls.map((call) => call.arguments),
      )
      assert.equal(requests.length, 2)
    })

    test('the AI SDK streams the same text, reasoning and calls, or the error', async (t) => {
      const { url, model } = await replay(t, recording)
      const provider = createOpenAICompatible({ name: 'local', baseURL: `${url}/v1`, apiKey: 'k' })
      const errors: unknown[] = []
      const names = functionCalls(expected).map(({ name }) => name)
      const result = streamText({
        model: provider(model),
        prompt: 'x',
        maxRetries: 0,
        tools: Object.fromEntries(names.map((name) => [name, tool({ inputSchema: z.any() })])),
        onError: ({ error }) => void errors.push(error),
      })
      let text = ''
      let reasoning = ''
      const calls: unknown[] = []
      for await (const part of result.fullStream) {
        if (part.type === 'text-delta') text += part.text
        if (part.type === 'reasoning-delta') reasoning += part.text
        if (part.type === 'tool-call') calls.push([part.toolCallId, part.toolName])
      }

      assert.equal(errors.length > 0, !expected, String(errors[0]))
      if (!expected) return
      const { message } = expected.choices[0]!
      // it shows a refusal as text
      assert.equal(text, `${message.content ?? ''}${message.refusal ?? ''}`)
      assert.equal(reasoning, message.reasoning_content ?? '')
      assert.deepEqual(
        calls,
        functionCalls(expected).map(({ id, name }) => [id, name]),
      )
    })
  })
}

function functionCalls(completion: ChatCompletion | undefined) {
  const calls = completion?.choices[0]?.message.tool_calls ?? []
  return calls.flatMap((call) =>
    call.type === 'function' && call.function ? [{ id: call.id, ...call.function }] : [],
  )
}

/** A proxy whose upstream first gives the recording, then says that all is done. */
async function replay(t: Parameters<typeof startProxy>[0], { provider, bytes }: Recording) {
  const said = { text: ['All ', 'done.'] }
  const next = provider === 'anthropic' ? anthropicStream(said) : responsesStream(said)
  const upstream = await startUpstream(t, [{ sse: [bytes] }, { sse: next }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const model = provider === 'anthropic' ? 'claude-sonnet-4-5' : 'gpt-5.1'
  return { url, client, model, requests: upstream.requests }
}
