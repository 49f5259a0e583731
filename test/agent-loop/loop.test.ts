/** Ten turns of an agent through chat completions, against providers that refuse what the real ones refuse. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { runAgent, type AgentOptions, type Answer } from './chat-agent.ts'
import { picture } from './manner.ts'
import { sealIn, type IssuedAnswer, type Part } from './issued.ts'
import { startProvider, type Provider } from './provider.ts'
import { turnCount } from './scripted-agent.ts'
import { partsIn } from './strict-blocks.ts'
import { isFilled } from './strict-thinking.ts'

const sonnet = 'claude-sonnet-4-5'
const opus = 'claude-opus-4-8'
const gpt = 'gpt-5.1'
const otherGpt = 'gpt-5.4'
const models = [
  { name: 'Sonnet', id: sonnet, type: 'anthropic', reasoning: 'high' },
  { name: 'Opus', id: opus, type: 'anthropic', reasoning: 'medium' },
  { name: 'GPT', id: gpt, type: 'openai', reasoning: 'medium' },
  { name: 'Other GPT', id: otherGpt, type: 'openai', reasoning: 'medium' },
]

/** A forced tool in one and a small limit in the other leave no room for a budget. */
const turnsWithoutBudget = new Set([3, 9])

async function run(t: TestContext, options: AgentOptions, more: JsonObject = {}) {
  const provider = await startProvider(t)
  const config = oneUpstream(provider.url, {
    models,
    system_prompt: 'You are Droid.\n',
    ...more,
  })
  const { url } = await startProxy(t, { config })
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

/** At each turn all that the model had said came back: nothing lost, nothing changed, in its order. */
function assertAllBack(provider: Provider, isKept: (answer: IssuedAnswer) => boolean): void {
  for (const [turn, body] of provider.asked.entries()) {
    const said = provider.issued.slice(0, turn)
    const wanted = said.flatMap((answer) =>
      answer.parts.filter(
        (part) => isFilled(part) && (isKept(answer) || sealIn(part) === undefined),
      ),
    )
    assert.deepEqual(comparable(partsBack(body)), comparable(wanted), `turn ${turn + 1}`)
  }
}

/** What the operator, the system and the user said reached the model, each in its place. */
function assertSpeakers({ asked }: Provider): void {
  const { system, messages, instructions, input } = asked.at(-1) ?? {}
  const turns = [...partsIn(messages), ...partsIn(input)]
  const said = (wanted: string) =>
    turns.flatMap(({ role, content }) => (role === wanted ? textsIn(content) : []))
  const late = 'The user has gone home.'
  const userTexts = ['What is this?', 'Go on.', 'And finish.', 'Hurry.']
  if (messages) {
    userTexts.splice(2, 0, `<system-reminder>\n${late}\n</system-reminder>`)
    assert.deepEqual(said('user'), userTexts)
    assert.deepEqual(textsIn(system), ['You are Droid.\n', 'You are an agent.', 'Be brief.'])
  } else {
    assert.deepEqual(said('user'), userTexts)
    assert.equal(instructions, 'You are Droid.\nYou are an agent.\n\nBe brief.')
    assert.deepEqual(said('developer'), [late])
  }
}

/** The tools' results and the pictures reached the model. */
function assertResults(provider: Provider): void {
  const body = provider.asked.at(-1)
  const text = JSON.stringify(body)
  const ids = provider.issued
    .flatMap(({ parts }) => parts)
    .flatMap(({ type, id, call_id: callId, name }) =>
      type === 'tool_use' || type === 'function_call' ? [{ id: String(callId ?? id), name }] : [],
    )
  const results = resultsIn(body)
  for (const { id, name } of ids) {
    const result = results.get(id)
    assert.ok(result !== undefined, id)
    if (name !== 'now') assert.match(result, new RegExp(`result of ${id}"`))
  }
  assert.equal(results.size, ids.length)
  assert.equal(text.split(picture).length - 1, 3)
}

/** In each turn the operator's level went upstream. */
function assertThinks(provider: Provider, model: string): void {
  for (const [turn, { thinking, output_config: config, reasoning }] of provider.asked.entries()) {
    if (model === gpt) assert.deepEqual(reasoning, { effort: 'medium', summary: 'auto' })
    if (model === opus) assert.equal((config as JsonObject).effort, 'medium', `turn ${turn + 1}`)
    const wanted = { [opus]: 'adaptive', [sonnet]: 'enabled' }[model]
    if (!wanted || (model === sonnet && turnsWithoutBudget.has(turn))) continue
    assert.equal(isObject(thinking) && thinking.type, wanted, `turn ${turn + 1}`)
  }
}

for (const model of [sonnet, opus, gpt]) {
  for (const stream of [true, false]) {
    const how = stream ? 'streamed' : 'whole'
    const modelOf = () => model

    test(`${model}, ${how}: a client that keeps reasoning is never refused and loses none`, async (t) => {
      const { provider, outcome } = await run(t, { modelOf, stream, keeps: true })

      assertValid(provider, outcome)
      assertThinks(provider, model)
      assertAllBack(provider, () => true)
      assertResults(provider)
      assertSpeakers(provider)
    })

    test(`${model}, ${how}: what a client drops of a tool loop's reasoning comes back (§9.5)`, async (t) => {
      const { provider, outcome } = await run(t, { modelOf, stream, keeps: false })

      assertValid(provider, outcome)
      assertThinks(provider, model)
      assertAllBack(provider, ({ parts }) => parts.some(isCall))
      assertResults(provider)
    })

    test(`${model}, ${how}: with no memory a client that drops reasoning is still never refused`, async (t) => {
      const { provider, outcome } = await run(
        t,
        { modelOf, stream, keeps: false },
        { reasoning_memory: { enabled: false } },
      )

      assertValid(provider, outcome)
      assertAllBack(provider, () => false)
      assertResults(provider)
    })
  }
}

for (const model of [sonnet, opus, gpt]) {
  for (const reasoning of ['off', 'auto']) {
    test(`${model}, level ${reasoning}: never refused`, async (t) => {
      const options = { modelOf: () => model, stream: true, keeps: true }
      const own = models.map((entry) => Object.assign({}, entry, { reasoning }))

      const { provider, outcome } = await run(t, options, { models: own })

      assertValid(provider, outcome)
      assertAllBack(provider, () => reasoning === 'auto')
      assertResults(provider)
    })
  }
}

for (const model of [sonnet, opus, gpt]) {
  for (const strips of ['model', 'index', 'id', 'at']) {
    test(`${model}: a client that knows no ${strips} in reasoning loses none`, async (t) => {
      const options = { modelOf: () => model, stream: true, keeps: true, strips }

      const { provider, outcome } = await run(t, options)

      assertValid(provider, outcome)
      assertAllBack(provider, () => true)
    })
  }
}

for (const [from, to] of [
  [sonnet, gpt],
  [gpt, opus],
]) {
  test(`${from} handing over to ${to}: reasoning is told apart without the model's name`, async (t) => {
    const modelOf = (turn: number) => String(turn < 5 ? from : to)

    const { provider, outcome } = await run(t, {
      modelOf,
      stream: true,
      keeps: true,
      strips: 'model',
    })

    assertValid(provider, outcome)
  })
}

for (const [from, to] of [
  [sonnet, opus],
  [opus, sonnet],
  [sonnet, gpt],
  [gpt, opus],
  [gpt, sonnet],
  [gpt, otherGpt],
]) {
  for (const keeps of [true, false]) {
    for (const at of [2, 5]) {
      const who = keeps ? 'keeps' : 'drops'
      test(`${from} handing over to ${to} in turn ${at + 1}, client that ${who} reasoning: never refused`, async (t) => {
        const modelOf = (turn: number) => String(turn < at ? from : to)

        const { provider, outcome } = await run(t, { modelOf, stream: true, keeps })

        assertValid(provider, outcome)
        if (keeps) assertResults(provider)
      })
    }
  }
}

/** What the model said, as a request holds it. */
function partsBack(body: JsonObject): Part[] {
  const turns = partsIn(body.messages).filter(({ role }) => role === 'assistant')
  const items = partsIn(body.input).filter(
    ({ type, role }) => type === 'reasoning' || type === 'function_call' || role === 'assistant',
  )
  return [...turns.flatMap(({ content }) => partsIn(content)), ...items]
}

/** Without what only answers have; texts that nothing parts are one. */
function comparable(parts: Part[]): unknown[] {
  const result: unknown[] = []
  for (const part of parts) {
    const value = essence(part)
    const last = result.at(-1)
    if (typeof value === 'string' && typeof last === 'string')
      result[result.length - 1] = last + value
    else result.push(value)
  }
  return result
}

/** Text as a string, all else as a list or an object. */
function essence(part: Part): unknown {
  const text = (parts: unknown, between = '') =>
    partsIn(parts)
      .map((one) => one.text)
      .join(between)
  switch (part.type) {
    case 'text':
      return part.text
    case 'reasoning':
      return [part.encrypted_content, text(part.summary, '\n\n')]
    case 'message':
      return text(part.content)
    case 'function_call':
      return [part.call_id, part.name, part.arguments]
    default:
      return part
  }
}

function textsIn(parts: unknown): unknown[] {
  return partsIn(parts)
    .map(({ text }) => text)
    .filter((text) => text !== undefined)
}

/** Each result as JSON, by the id of its call. */
function resultsIn(body: JsonObject | undefined): Map<string, string> {
  const blocks = partsIn(body?.messages).flatMap(({ content }) => partsIn(content))
  const results = [...blocks, ...partsIn(body?.input)].filter(
    ({ type }) => type === 'tool_result' || type === 'function_call_output',
  )
  return new Map(
    results.map(({ tool_use_id: id, call_id: callId, ...result }) => [
      String(callId ?? id),
      JSON.stringify(result.output ?? result.content ?? ''),
    ]),
  )
}

function isCall({ type }: Part): boolean {
  return type === 'tool_use' || type === 'function_call'
}
