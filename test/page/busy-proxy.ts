/**
 * A proxy that has something to show: three accounts of which one is spent, a model that stands in, people with keys, 30 days of
 * usage, requests that went well and wrong, and one that is under way.
 */
import path from 'node:path'
import type { TestContext } from 'node:test'
import { dayAfter, dayOf } from '../../lib/usage/days.ts'
import { UsageFolder } from '../../lib/usage/folder.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startUpstream, type Answer, type RecordedRequest } from '../helpers/upstream.ts'

const people = ['alice', 'bob', 'build-server'] as const
const keyOf = (name: string) => `a-client-key-of-${name}`

const priced = [
  { id: 'claude-sonnet-5-5', name: 'Sonnet 5.5', input: 3, output: 15 },
  { id: 'claude-opus-5-5', name: 'Opus 5.5', input: 15, output: 75 },
  { id: 'gpt-5.4', name: 'GPT-5.4', input: 2.5, output: 10 },
  { id: 'glm-4.6', name: 'GLM-4.6', input: 0.6, output: 2.2 },
]

/** The same numbers on every run, so that pictures differ only where the page does. */
function dice(seed = 7): () => number {
  let state = seed
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}

async function writeUsage(dir: string): Promise<void> {
  const roll = dice()
  const today = dayOf(Date.now())
  const rows: Row[] = []
  for (let back = 29; back >= 0; back -= 1) {
    const day = dayAfter(today, -back)
    const isWeekend = [0, 6].includes(new Date(`${day}T12:00:00`).getDay())
    for (const [index, model] of priced.entries()) {
      for (const [who, client] of people.entries()) {
        if (roll() < 0.25 + (isWeekend ? 0.45 : 0)) continue
        const requests = 1 + Math.floor((roll() * 60) / (1 + index + who))
        const input = requests * Math.floor(9000 + roll() * 22_000)
        const output = requests * Math.floor(300 + roll() * 900)
        rows.push({
          ...noCounts(),
          day,
          client,
          model: model.id,
          endpoint: index < 2 ? 'anthropic' : index === 2 ? 'openai' : 'zai',
          account: index < 2 ? (back % 4 === 0 ? 'spare' : 'work') : 'openai_key',
          requests,
          errors: roll() < 0.12 ? 1 : 0,
          input,
          output,
          cache_read: Math.floor(input * 0.7),
          cost_micro_usd: Math.floor(input * model.input * 0.3 + output * model.output),
        })
      }
    }
  }
  await new UsageFolder(path.join(dir, 'usage'), Date.now).append(rows)
}

const inAMoment = (ms: number) => String(Math.round((Date.now() + ms) / 1000))
const hour = 3_600_000

/** What is left of a subscription, as Anthropic tells it. */
function windows(fiveHours: number, week: number): Record<string, string> {
  return {
    'anthropic-ratelimit-unified-status': fiveHours >= 1 ? 'rejected' : 'allowed',
    'anthropic-ratelimit-unified-5h-status': fiveHours >= 1 ? 'rejected' : 'allowed',
    'anthropic-ratelimit-unified-5h-reset': inAMoment(2.2 * hour),
    'anthropic-ratelimit-unified-5h-utilization': String(fiveHours),
    'anthropic-ratelimit-unified-7d-status': 'allowed',
    'anthropic-ratelimit-unified-7d-reset': inAMoment(83 * hour),
    'anthropic-ratelimit-unified-7d-utilization': String(week),
  }
}

function answerTo(request: RecordedRequest): Answer {
  const { headers, url } = request
  const asked = request.json() as { model: string; messages?: { content: string }[] }
  const prompt = JSON.stringify(asked.messages ?? asked)
  const key = headers['x-api-key'] ?? headers.authorization ?? ''
  if (prompt.includes('wait for it')) return { sse: ['hang'] }
  if (prompt.includes('overloaded')) {
    return { status: 500, body: { type: 'error', error: { type: 'api_error', message: 'Oops' } } }
  }
  if (prompt.includes('too long')) {
    const error = { type: 'invalid_request_error', message: 'prompt is too long' }
    return { status: 400, body: { type: 'error', error } }
  }
  if (url.includes('/messages')) {
    if (String(key).includes('work')) {
      const error = { type: 'rate_limit_error', message: 'five-hour limit' }
      return { status: 429, headers: windows(1, 0.62), body: { type: 'error', error } }
    }
    return {
      headers: windows(0.37, 0.18),
      body: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: asked.model,
        content: [{ type: 'text', text: 'Hello.' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 1840, output_tokens: 212, cache_read_input_tokens: 14_300 },
      },
    }
  }
  const message = { role: 'assistant', content: 'Hello.' }
  return {
    headers: {
      'x-ratelimit-limit-requests': '5000',
      'x-ratelimit-remaining-requests': '4790',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-limit-tokens': '2000000',
      'x-ratelimit-remaining-tokens': '1310000',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    body: {
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: asked.model,
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5210, completion_tokens: 340, total_tokens: 5550 },
    },
  }
}

function config(upstream: string): Record<string, unknown> {
  const account = (name: string) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })
  return {
    system_prompt: '',
    accounts: [account('work'), account('spare'), { ...account('old'), enabled: false }],
    endpoints: [
      {
        name: 'anthropic',
        type: 'anthropic',
        base_url: `${upstream}/v1/messages`,
        accounts: ['work', 'spare', 'old'],
      },
      {
        name: 'openai',
        type: 'common',
        base_url: `${upstream}/v1/chat/completions`,
        auth: { env: 'OPENAI_KEY' },
      },
    ],
    models: priced.map(({ id, name, input, output }, index) => ({
      id,
      name,
      type: index < 2 ? 'anthropic' : 'common',
      price: { input, output },
      fallback: index === 1 ? ['gpt-5.4'] : [],
    })),
    clients: [
      { name: 'alice', key: keyOf('alice') },
      { name: 'bob', key: keyOf('bob') },
      {
        name: 'build-server',
        key: keyOf('build-server'),
        models: ['glm-*'],
        expires: `${new Date().getFullYear() + 1}-06-30`,
      },
    ],
  }
}

const prompts: [string, string, (typeof people)[number]][] = [
  ['claude-sonnet-5-5', 'Hello', 'alice'],
  ['gpt-5.4', 'Hello', 'bob'],
  ['claude-opus-5-5', 'Hello', 'alice'],
  ['glm-4.6', 'Hello', 'build-server'],
  ['gpt-5.4', 'overloaded', 'bob'],
  ['claude-sonnet-5-5', 'Hello', 'alice'],
  ['claude-sonnet-5-5', 'too long', 'bob'],
  ['claude-opus-5-5', 'Hello', 'bob'],
  ['no-such-model', 'Hello', 'alice'],
]

/** Starts it, and sends what it shows. */
export async function busyProxy(
  t: TestContext,
  more: { config?: Record<string, unknown>; env?: Record<string, string> } = {},
): Promise<TestProxy> {
  const dataDir = tempDir()
  await writeUsage(dataDir)
  const upstream = await startUpstream(t, answerTo)
  const proxy = await startProxy(t, {
    config: { ...config(upstream.url), ...more.config },
    env: { DATA_DIR: dataDir, OPENAI_KEY: 'key-of-openai', ...more.env },
  })
  for (const [model, content, who] of prompts) {
    const body = { model, max_tokens: 99, messages: [{ role: 'user', content }] }
    const answer = await post(`${proxy.url}/v1/messages`, body, keyHeader(who))
    await answer.text()
  }
  const leave = new AbortController()
  const messages = [{ role: 'user', content: 'wait for it' }]
  const waiting = { model: 'gpt-5.4', stream: true, messages }
  const route = `${proxy.url}/v1/chat/completions`
  const asked = post(route, waiting, keyHeader('alice'), leave.signal).catch(() => undefined)
  t.after(async () => {
    leave.abort()
    // fetch hangs up on an answer that is collected unread, so this one is held until here
    await asked
  })
  return proxy
}

function keyHeader(name: string): Record<string, string> {
  return { authorization: `Bearer ${keyOf(name)}` }
}
