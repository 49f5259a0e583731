/** Ten turns of an agent through Responses, against providers of other APIs that refuse what the real ones refuse (§17). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { sealIn, type Part } from './issued.ts'
import { startProvider, type Provider } from './provider.ts'
import { runResponsesAgent, type ResponsesAgentOptions } from './responses-agent.ts'
import { turnCount } from './scripted-agent.ts'

const sonnet = 'claude-sonnet-4-5'
const opus = 'claude-opus-4-8'
const gemini = 'gemini-3-pro'
const models = [
  { name: 'Sonnet', id: sonnet, type: 'anthropic', reasoning: 'high' },
  { name: 'Opus', id: opus, type: 'anthropic', reasoning: 'medium' },
  { name: 'Gemini', id: gemini, type: 'google', reasoning: 'high' },
]

async function run(t: TestContext, options: ResponsesAgentOptions) {
  const provider = await startProvider(t)
  const { endpoints, ...config } = oneUpstream(provider.url, {
    models,
    system_prompt: 'You are Droid.\n',
  })
  const google = { name: 'gemini', type: 'google', base_url: provider.url, auth: 'client' }
  const { url } = await startProxy(t, { config: { ...config, endpoints: [...endpoints, google] } })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const outcome = await runResponsesAgent(client, options).catch((error: unknown) => String(error))
  assert.deepEqual(provider.violations, [])
  if (typeof outcome === 'string') assert.fail(outcome)
  assert.equal(outcome.at(-1)?.output_text, '{"done":true}')
  assert.equal(provider.issued.length, turnCount)
  assert.ok(!JSON.stringify(provider.asked).includes('d2a1.'))
  return { provider, outcome }
}

/** Blocks of the assistant in a Messages request. */
function blocksIn({ messages }: JsonObject): Part[] {
  const turns = Array.isArray(messages) ? messages.filter(isObject) : []
  return turns
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => (Array.isArray(content) ? (content as Part[]) : []))
}

/** At its last turn Claude was given back each seal of its own, as far as the API takes it. */
function sealsBack({ asked, issued }: Provider): [back: unknown[], issued: unknown[]] {
  const isSealed = (part: Part) => sealIn(part) !== undefined
  return [
    blocksIn(asked.at(-1) ?? {}).filter(isSealed),
    issued.slice(0, -1).flatMap(({ parts }) => parts.filter(isSealed)),
  ]
}

for (const stream of [true, false]) {
  const form = stream ? 'streamed' : 'as bodies'
  for (const model of [sonnet, opus, gemini]) {
    for (const keeps of [true, false]) {
      for (const reads of [true, false]) {
        const manner = `${keeps ? 'hands reasoning back' : 'drops reasoning'}, ${reads ? 'reads it' : 'does not read it'}`
        test(`§17 ${model}, ${form}: a client that ${manner} goes through ten turns`, async (t) => {
          const { outcome } = await run(t, { modelOf: () => model, stream, keeps, reads })

          const summaries = outcome.flatMap(({ output }) =>
            output.flatMap((item) => (item.type === 'reasoning' ? item.summary : [])),
          )
          if (!reads) assert.ok(summaries.length <= 1, 'only the one turn that asks for it')
        })
      }
    }
  }

  test(`§17.7 ${form}: all thinking that was handed out comes back to Claude`, async (t) => {
    const { provider } = await run(t, { modelOf: () => opus, stream, keeps: true, reads: true })
    const [back, issued] = sealsBack(provider)

    assert.deepEqual(back, issued)
  })

  test(`§13.2 ${form}: models are switched in mid-conversation`, async (t) => {
    const order = [sonnet, gemini, opus]
    const modelOf = (turn: number) => order[turn % order.length]!
    await run(t, { modelOf, stream, keeps: true, reads: true })
  })
}
