/** Tools whose names OpenAI refuses: another name goes up, and the client hears its own. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { everyType, oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { responsesBody, responsesStream, startUpstream, type Answer } from '../helpers/upstream.ts'

const sentPattern = /^[A-Za-z0-9_-]{1,64}$/

/** Asks with a tool, its call in the history and a choice of it; what went up, and the answer, which calls it again. */
async function loop(t: Parameters<typeof startUpstream>[0], name: string, stream: boolean) {
  const upstream = await startUpstream(t, (request) => {
    const { tools } = request.json() as { tools: { name: string }[] }
    const said = { tools: [{ id: 'call_2', name: tools[0]!.name, input: ['{}'] }] }
    return stream ? { sse: responsesStream(said) } : { body: responsesBody(said) }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const called = { id: 'call_1', type: 'function', function: { name, arguments: '{}' } }
  const back = await post(`${url}/v1/chat/completions`, {
    model: 'gpt-5.1',
    stream,
    tools: [{ type: 'function', function: { name, parameters: { type: 'object' } } }],
    tool_choice: { type: 'function', function: { name } },
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: [called] },
      { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    ],
  })
  const up = upstream.requests[0]!.json() as {
    tools: { name: string }[]
    tool_choice: { name: string }
    input: { name?: string }[]
  }
  return {
    text: await back.text(),
    sent: [up.tools[0]!, up.tool_choice, up.input[1]!].map((one) => one.name),
  }
}

suite(
  '§12.1 a tool name that OpenAI refuses goes up as another, and the client hears its own',
  () => {
    const names = ['files.read', 'com_x/read file', `${'long_'.repeat(14)}name`, '读取文件']
    for (const name of names) {
      for (const stream of [false, true]) {
        test(`${name}, ${stream ? 'as a stream' : 'as a body'}`, async (t) => {
          const { text, sent } = await loop(t, name, stream)

          assert.match(sent[0]!, sentPattern)
          assert.deepEqual(new Set(sent).size, 1)
          assert.ok(text.includes(`"name":${JSON.stringify(name)}`), text)
          assert.ok(!text.includes(sent[0]!))
        })
      }
    }

    test('a name that the provider takes stays as it is', async (t) => {
      const { text, sent } = await loop(t, 'read_file-2', false)

      assert.deepEqual(sent, ['read_file-2', 'read_file-2', 'read_file-2'])
      assert.ok(text.includes('"name":"read_file-2"'))
    })
  },
)

for (const written of ['bash', 'functions.Bash:0', 'BASH<|channel|>json']) {
  for (const model of ['gpt-5.1', 'glm-4.6', 'gemini-3-pro']) {
    for (const stream of [false, true]) {
      test(`translation §12.1: ${written} by ${model} is the Bash of the client, stream ${stream}`, async (t) => {
        const upstream = await startUpstream(t, ({ url }) => calling(written, url, stream))
        const { url } = await startProxy(t, { config: everyType(upstream.url) })

        const back = await post(`${url}/v1/messages`, {
          model,
          stream,
          max_tokens: 100,
          messages: [{ role: 'user', content: 'x' }],
          tools: [{ name: 'Bash', input_schema: { type: 'object' } }],
        })

        const names = [...(await back.text()).matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name)
        assert.deepEqual(names, ['Bash'])
      })
    }
  }
}

/** An upstream's answer, by its path, that calls a tool by such a name. */
function calling(name: string, path: string, stream: boolean): Answer {
  if (path === '/v1/responses') {
    const said = { tools: [{ id: 'call_1', name, input: ['{}'] }] }
    return stream ? { sse: responsesStream(said) } : { body: responsesBody(said) }
  }
  const calls = [{ index: 0, id: 'c', type: 'function', function: { name, arguments: '{}' } }]
  const choice = { index: 0, finish_reason: 'tool_calls' }
  const message = { role: 'assistant', content: null, tool_calls: calls }
  const chat = { id: 'c', choices: [{ ...choice, [stream ? 'delta' : 'message']: message }] }
  const content = { parts: [{ functionCall: { name, args: {} } }] }
  const gemini = { candidates: [{ content, finishReason: 'STOP' }] }
  const answer = path.endsWith('completions') ? chat : gemini
  return stream ? { sse: [`data: ${JSON.stringify(answer)}\n\n`] } : { body: answer }
}
