/**
 * A client that is shown no reasoning, or drops it, hands back only what was said and called. What the model needs of its own
 * reasoning goes up all the same, on each road between a client and a model of another API.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { models, roads, type Turn, type Type } from './requests.ts'

const id = 'call_abc'
const secret = 'signed-by-the-model'
const thought = 'the inner voice'
const tools = [{ id, name: 'look', input: ['{}'] }]

/** An answer with reasoning and a call, and what of the reasoning is to come back. */
const answers: Record<Type, { answer: object; back: string }> = {
  anthropic: {
    answer: anthropicMessage({ thinking: [thought], signature: secret, tools }),
    back: `"thinking":"${thought}","signature":"${secret}"`,
  },
  openai: {
    answer: responsesBody({ thinking: [thought], encrypted_content: secret, tools }),
    back: `"encrypted_content":"${secret}"`,
  },
  common: {
    answer: {
      choices: [
        {
          message: {
            reasoning_content: thought,
            content: null,
            tool_calls: [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    },
    back: `"reasoning_content":"${thought}"`,
  },
  google: {
    answer: {
      candidates: [
        {
          content: {
            parts: [{ functionCall: { name: 'look', args: {}, id }, thoughtSignature: secret }],
          },
          finishReason: 'STOP',
        },
      ],
    },
    back: `"thoughtSignature":"${secret}"`,
  },
}

const question: Turn[] = [{ user: 'Look.' }]
const handedBack: Turn[] = [...question, { called: id }, { answered: id, text: 'seen' }]

for (const { road, client, type } of roads) {
  test(`§9.5 ${road}: reasoning that the client does not hand back goes up from the memory`, async (t) => {
    const { answer, back } = answers[type]
    const upstream = await startUpstream(t, [{ body: answer }, { body: answer }])
    const { url } = await startProxy(t, {
      config: {
        system_prompt: '',
        endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
        models: [{ name: 'M', id: models[type], type }],
      },
    })
    const ask = async (turns: Turn[]) => {
      const body = { model: models[type], ...client.ask(turns), tools: [client.tool('look')] }
      return await (await post(url + client.route, body)).text()
    }

    const first = await ask(question)
    await ask(handedBack)

    assert.ok(!first.includes('d2a1.'))
    const [begun, resumed] = upstream.requests.map(({ body }) => body.toString())
    assert.ok(!begun!.includes(back))
    assert.ok(resumed!.includes(back), resumed)
  })
}
