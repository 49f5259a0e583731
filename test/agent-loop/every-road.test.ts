/** Ten turns of an agent of every API on every kind of model, against providers that refuse what the real ones refuse. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { runAgent } from './chat-agent.ts'
import { hasCall, historyIn, sealsOf } from './history.ts'
import { shown, type Part } from './issued.ts'
import { picture, summaryTurn, type Manner } from './manner.ts'
import { runMessagesAgent } from './messages-agent.ts'
import { startProvider, type Provider } from './provider.ts'
import { runResponsesAgent } from './responses-agent.ts'
import { turnCount } from './scripted-agent.ts'

type Options = Manner & { reads: boolean }

interface Client {
  api: string
  /** the kind of model whose API it speaks */
  own: string
  /** the text of its last answer */
  run: (url: string, options: Options) => Promise<unknown>
}

const clients: Client[] = [
  {
    api: 'chat',
    own: 'common',
    run: async (url, options) => (await runAgent(openai(url), options)).at(-1)?.content,
  },
  {
    api: 'Messages',
    own: 'anthropic',
    run: async (url, options) => {
      const client = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0, timeout: 60_000 })
      const content = (await runMessagesAgent(client, options)).at(-1)?.content ?? []
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    },
  },
  {
    api: 'Responses',
    own: 'openai',
    run: async (url, options) =>
      (await runResponsesAgent(openai(url), options)).at(-1)?.output_text,
  },
]

function openai(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
}

interface Model {
  id: string
  type: string
  /** whether a plain client of its own API can do without what it wants: budgets, reasoning beside calls, phases */
  takesPlain: boolean
}

/** The first of each kind meets clients of all manners. */
const models: Model[] = [
  { id: 'claude-opus-4-8', type: 'anthropic', takesPlain: true },
  { id: 'claude-sonnet-4-5', type: 'anthropic', takesPlain: false },
  { id: 'gpt-5.1', type: 'openai', takesPlain: true },
  { id: 'gpt-5.4', type: 'openai', takesPlain: false },
  { id: 'glm-4.6', type: 'common', takesPlain: true },
  { id: 'deepseek-v4-pro', type: 'common', takesPlain: false },
  { id: 'devstral-2512', type: 'common', takesPlain: false },
  { id: 'gemini-3-pro', type: 'google', takesPlain: true },
  { id: 'gemini-2.5-pro', type: 'google', takesPlain: true },
]

const prompt = 'You are Droid.\n'

interface Operator {
  /** the level of all models */
  reasoning: string
  /** whether reasoning is remembered for clients that drop it */
  remembers?: boolean
}

async function run(
  t: TestContext,
  client: Client,
  options: Options,
  { reasoning, remembers = true }: Operator,
) {
  const provider = await startProvider(t)
  const { endpoints, ...config } = oneUpstream(provider.url, {
    system_prompt: prompt,
    models: models.map(({ id, type }) => ({ id, type, name: id, reasoning })),
    reasoning_memory: { enabled: remembers },
  })
  const google = { name: 'gemini', type: 'google', base_url: provider.url, auth: 'client' }
  const { url } = await startProxy(t, { config: { ...config, endpoints: [...endpoints, google] } })
  const text = await client.run(url, options).catch(String)
  assert.deepEqual(provider.violations, [])
  assert.equal(text, '{"done":true}')
  assert.equal(provider.issued.length, turnCount)
  assert.ok(!JSON.stringify(provider.asked).includes('d2a1.'))
  return provider
}

/** Of what came before the summary, nothing is left but that, and the last answer with clients that are not plain. */
function isLeft(turn: number, { compacts, plain, keeps }: Manner): boolean {
  if (!compacts || turn > summaryTurn) return true
  return keeps && !plain && turn === summaryTurn - 1
}

/** What user, operator and tools said reached the model, each result at its call. */
function assertHeard({ asked }: Provider, options: Options): void {
  const last = asked.at(-1) ?? {}
  const text = JSON.stringify(last)
  const first = options.compacts ? 'The first half is done 🦊.' : 'What is this?'
  for (const said of ['You are Droid.', 'You are an agent.', first, 'Go on.']) {
    assert.ok(text.includes(said), said)
  }
  assert.equal(text.split(picture).length - 1, options.compacts ? 1 : 3)
  const { calls, results } = historyIn(last)
  assert.equal(results.length, calls.length)
  assert.ok(calls.length > 0)
  const answering = results.map((result) => /result of ([\w-]+)/.exec(result)?.[1])
  assert.ok(answering.filter((id) => id === undefined).length <= 3, 'all but the empty ones')
  for (const [at, id = ''] of answering.entries()) {
    if (calls[at] !== undefined) assert.ok(shown(calls[at]).startsWith(id), id)
  }
}

/** A signature behind the last text, which no model insists on, Messages clients are not given. */
function isHandedOut({ api }: Client, parts: Part[]): boolean {
  return hasCall(parts) || api !== 'Messages' || parts.at(-1)?.thoughtSignature === undefined
}

/** The reasoning of the answers that count came back, each piece once and in its order. */
function assertReasoned({ asked, issued }: Provider, options: Options, client: Client): void {
  if (options.plain && !options.keeps) return
  const wanted = issued
    .slice(0, -1)
    .filter(({ parts }, turn) => isLeft(turn, options) && (options.keeps || hasCall(parts)))
    .filter(({ parts }) => isHandedOut(client, parts))
    .flatMap(({ parts }) => sealsOf(parts))
  assert.deepEqual(historyIn(asked.at(-1) ?? {}).seals, wanted)
}

const manners = [
  { keeps: true, reads: true, stream: true },
  { keeps: false, reads: true, stream: false },
  { keeps: true, reads: false, stream: true },
  { keeps: true, reads: false, stream: false },
  { keeps: true, reads: true, stream: false },
  { keeps: false, reads: true, stream: true },
]

function told({ keeps, reads, stream }: Pick<Options, 'keeps' | 'reads' | 'stream'>): string {
  const back = keeps ? 'hands reasoning back' : 'drops reasoning'
  return `${stream ? 'streamed' : 'whole'}, a client that ${back}${reads ? '' : ' unread'}`
}

/** Chat clients that do not read reasoning are told none, and those of bytes that pass read what there is. */
function mannersOf({ api, own }: Client, { id, type, takesPlain }: Model) {
  const isFirst = models.find((model) => model.type === type)?.id === id
  if (type === own && !takesPlain) return []
  const known = manners.filter(({ reads }) => reads || api !== 'chat')
  return isFirst ? known : known.slice(0, 2)
}

for (const client of clients) {
  for (const model of models) {
    const { id, type } = model
    for (const manner of mannersOf(client, model)) {
      test(`any-client §12: ${client.api} on ${id}, ${told(manner)}: ten turns${manner.stream ? ' and a summary' : ''}`, async (t) => {
        const plain = type === client.own
        const options = { ...manner, plain, compacts: manner.stream, modelOf: () => id }

        const provider = await run(t, client, options, { reasoning: plain ? 'auto' : 'medium' })

        assertHeard(provider, options)
        assertReasoned(provider, options, client)
      })
    }
  }
}

const operators = [
  {
    reasoning: 'high',
    remembers: false,
    keeps: false,
    what: 'with no memory, a client that drops reasoning',
  },
  { reasoning: 'off', keeps: true, what: 'at the level off, a client that keeps reasoning' },
  { reasoning: 'auto', keeps: true, what: 'at the level auto, a client that keeps reasoning' },
]

for (const client of clients.filter(({ api }) => api !== 'chat')) {
  for (const { id } of models.filter(({ type }) => type !== client.own)) {
    for (const [at, { what, keeps, ...operator }] of operators.entries()) {
      test(`any-client §13: ${client.api} on ${id}, ${what}: ten turns`, async (t) => {
        const options = { keeps, reads: true, stream: at > 0, modelOf: () => id }

        const provider = await run(t, client, options, operator)

        assertHeard(provider, options)
        if (keeps) assertReasoned(provider, options, client)
        else assert.deepEqual(historyIn(provider.asked.at(-1) ?? {}).seals, [])
      })
    }
  }
}

/** Each model comes back while the answers of others lie in between, in tool loops and behind them. */
const orders = [
  ['claude-opus-4-8', 'gpt-5.1', 'gemini-3-pro', 'glm-4.6'],
  ['glm-4.6', 'claude-sonnet-4-5', 'gpt-5.1', 'gemini-2.5-pro'],
]

for (const client of clients) {
  for (const order of orders) {
    for (const manner of manners.slice(0, 2)) {
      test(`any-client §2.4: ${client.api}, ${told(manner)}: from model to model, ${order[0]} first`, async (t) => {
        const modelOf = (turn: number) => order[turn % order.length]!
        const options = { ...manner, plain: true, compacts: manner.stream, modelOf }

        const provider = await run(t, client, options, { reasoning: 'auto' })

        assertHeard(provider, options)
      })
    }
  }
}
