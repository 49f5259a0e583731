/** Ten turns of an agent through chat completions on Gemini, which refuses what the real one refuses (§15.2). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { runAgent, type AgentOptions, type Answer } from './chat-agent.ts'
import { picture } from './manner.ts'
import { wirePart } from './gemini-model.ts'
import type { Part } from './issued.ts'
import { startProvider, type Provider } from './provider.ts'
import { turnCount } from './scripted-agent.ts'

const newest = 'gemini-3-pro'
const older = 'gemini-2.5-pro'
const sonnet = 'claude-sonnet-4-5'
const gpt = 'gpt-5.1'
const models = [
  { name: 'Newest', id: newest, type: 'google', reasoning: 'high' },
  { name: 'Older', id: older, type: 'google', reasoning: 'low' },
  { name: 'Sonnet', id: sonnet, type: 'anthropic', reasoning: 'high' },
  { name: 'GPT', id: gpt, type: 'openai', reasoning: 'medium' },
]

async function run(t: TestContext, options: AgentOptions, more: JsonObject = {}) {
  const provider = await startProvider(t)
  const { endpoints, ...config } = oneUpstream(provider.url, {
    models,
    system_prompt: 'You are Droid.\n',
    ...more,
  })
  const gemini = { name: 'gemini', type: 'google', base_url: provider.url, auth: 'client' }
  const { url } = await startProxy(t, { config: { ...config, endpoints: [...endpoints, gemini] } })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const outcome = await runAgent(client, options).catch((error: unknown) => String(error))
  return { provider, outcome }
}

/** All ten turns went through, and nothing of what was asked is against the rules. */
function assertValid(provider: Provider, outcome: Answer[] | string): void {
  assert.deepEqual(provider.violations, [])
  if (typeof outcome === 'string') assert.fail(outcome)
  assert.equal(outcome.at(-1)?.content, '{"done":true}')
  assert.equal(provider.issued.length, turnCount)
}

function partsIn(body: JsonObject | undefined, role: string): JsonObject[] {
  const contents = Array.isArray(body?.contents) ? body.contents.filter(isObject) : []
  return contents
    .filter((turn) => turn.role === role)
    .flatMap(({ parts }) => (Array.isArray(parts) ? parts.filter(isObject) : []))
}

/** What the model wrote came back, but for its thoughts: nothing lost, nothing changed, in its order. */
function assertAllBack({ asked, issued }: Provider, isSigned: (parts: Part[]) => boolean): void {
  for (const [turn, body] of asked.entries()) {
    const wanted = issued
      .slice(0, turn)
      .flatMap(({ parts }) =>
        parts
          .filter(({ type }) => type !== 'thought')
          .map((part) => (isSigned(parts) ? wirePart(part) : unsigned(wirePart(part)))),
      )
    const back = partsIn(body, 'model').map((part) =>
      part.thoughtSignature === 'skip_thought_signature_validator' ? unsigned(part) : part,
    )
    assert.deepEqual(joined(back), joined(wanted), `turn ${turn + 1}`)
  }
}

function unsigned({ thoughtSignature: _, ...part }: JsonObject): JsonObject {
  return part
}

/** Neighbouring texts are one, as far as none of them is signed. */
function joined(parts: JsonObject[]): JsonObject[] {
  const result: JsonObject[] = []
  for (const part of parts) {
    const last = result.at(-1)
    const isText = (one: JsonObject | undefined) => typeof one?.text === 'string'
    if (last && isText(last) && isText(part) && last.thoughtSignature === undefined) {
      result[result.length - 1] = { ...part, text: `${String(last.text)}${String(part.text)}` }
    } else result.push(part)
  }
  return result
}

/** The tools' results, the pictures, and what else was said reached the model. */
function assertHeard({ asked, issued }: Provider): void {
  const body = asked.at(-1)
  const results = partsIn(body, 'user').flatMap(({ functionResponse: one }) => one ?? [])
  const calls = issued.flatMap(({ parts }) => parts.filter(({ type }) => type === 'functionCall'))
  assert.equal(results.length, calls.length)
  assert.equal(JSON.stringify(body).split(picture).length - 1, 3)
  const texts = partsIn(body, 'user').flatMap(({ text }) => text ?? [])
  assert.deepEqual(texts, [
    'What is this?',
    'Go on.',
    '<system-reminder>\nThe user has gone home.\n</system-reminder>',
    'And finish.',
    'Hurry.',
  ])
  assert.deepEqual(body?.systemInstruction, {
    parts: ['You are Droid.\n', 'You are an agent.', 'Be brief.'].map((text) => ({ text })),
  })
}

for (const model of [newest, older]) {
  for (const stream of [true, false]) {
    const how = stream ? 'streamed' : 'whole'
    const modelOf = () => model

    test(`${model}, ${how}: a client that keeps signatures is never refused and loses none (§15.2)`, async (t) => {
      const { provider, outcome } = await run(t, { modelOf, stream, keeps: true })

      assertValid(provider, outcome)
      assertAllBack(provider, () => true)
      assertHeard(provider)
    })

    test(`${model}, ${how}: what a client drops of a tool loop’s signatures comes back (§15.2)`, async (t) => {
      const { provider, outcome } = await run(t, { modelOf, stream, keeps: false })

      assertValid(provider, outcome)
      assertAllBack(provider, (parts) => parts.some(({ type }) => type === 'functionCall'))
      assertHeard(provider)
    })

    test(`${model}, ${how}: with no memory a client that drops them is still never refused (§15.2)`, async (t) => {
      const { provider, outcome } = await run(
        t,
        { modelOf, stream, keeps: false },
        { reasoning_memory: { enabled: false } },
      )

      assertValid(provider, outcome)
      assertHeard(provider)
    })
  }

  for (const strips of ['model', 'index', 'at']) {
    test(`${model}: a client that knows no ${strips} in reasoning is never refused (§15.2)`, async (t) => {
      const options = { modelOf: () => model, stream: true, keeps: true, strips }

      const { provider, outcome } = await run(t, options)

      assertValid(provider, outcome)
    })
  }

  for (const reasoning of ['off', 'auto']) {
    test(`${model}, level ${reasoning}: never refused (§15.4)`, async (t) => {
      const own = models.map((entry) => Object.assign({}, entry, { reasoning }))
      const options = { modelOf: () => model, stream: true, keeps: true }

      const { provider, outcome } = await run(t, options, { models: own })

      assertValid(provider, outcome)
    })
  }
}

for (const [from, to] of [
  [newest, older],
  [older, newest],
  [sonnet, newest],
  [newest, sonnet],
  [gpt, newest],
  [newest, gpt],
]) {
  for (const keeps of [true, false]) {
    for (const at of [2, 5]) {
      const who = keeps ? 'keeps' : 'drops'
      test(`${from} handing over to ${to} in turn ${at + 1}, client that ${who} reasoning: never refused (§15.2)`, async (t) => {
        const modelOf = (turn: number) => String(turn < at ? from : to)

        const { provider, outcome } = await run(t, { modelOf, stream: true, keeps })

        assertValid(provider, outcome)
      })
    }
  }
}
