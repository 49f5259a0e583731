/** An upstream of all four kinds that keeps books of its own: what it has told each model's askers that they used. */
import type { TestContext } from 'node:test'
import { noCounts, type Counts } from '../../lib/usage/row.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
  startUpstream,
  type Answer,
  type RecordedRequest,
  type Step,
} from '../helpers/upstream.ts'

export const kinds = ['anthropic', 'openai', 'common', 'google'] as const
export type Kind = (typeof kinds)[number]

/**
 * How an answer ends. The client says so in its prompt, as `END:left`; one that leaves waits for the first bytes. `moved`: the
 * models that have others in their place refuse it, and those serve.
 */
export const endings = ['whole', 'refused', 'unmetered', 'moved', 'broken', 'left'] as const
export type Ending = (typeof endings)[number]

/** Models that stand in, by kind. */
export const standIns: Partial<Record<Kind, Kind>> = { anthropic: 'openai', common: 'google' }

export const models: Record<Kind, string> = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-3-pro',
}

export interface MeteredUpstream {
  config: Record<string, unknown>
  /** by model */
  books: Record<string, Counts>
}

/** `pick`: a whole number from 0 to below a limit. */
export async function startMetered(
  t: TestContext,
  pick: (limit: number) => number,
): Promise<MeteredUpstream> {
  const books: Record<string, Counts> = {}
  for (const kind of kinds) books[models[kind]] = noCounts()
  const upstream = await startUpstream(t, (request) => answerTo(request, books, pick))
  const endpoints = kinds.map((kind) => ({
    name: `at-${kind}`,
    type: kind,
    base_url: upstream.url,
    auth: { env: `KEY_OF_${kind.toUpperCase()}` },
  }))
  const entries = kinds.map(entryOf)
  return { config: { system_prompt: '', endpoints, models: entries }, books }
}

function entryOf(kind: Kind) {
  const standIn = standIns[kind]
  const fallback = standIn && [models[standIn]]
  return { name: kind, id: models[kind], type: kind, ...(fallback && { fallback }) }
}

interface Numbers {
  plain: number
  read: number
  written: number
  output: number
  reasoning: number
}

function answerTo(
  { url, body }: RecordedRequest,
  books: Record<string, Counts>,
  pick: (limit: number) => number,
): Answer {
  const kind = kindOf(url)
  const book = books[models[kind]]!
  const ending = /END:(\w+)/.exec(body.toString())![1] as Ending
  const isStream = /"stream": ?true/.test(body.toString()) || url.includes('streamGenerate')
  const told = {
    plain: 1 + pick(900),
    read: pick(500),
    written: pick(100),
    output: 20 + pick(300),
    reasoning: pick(20),
  }
  // whoever serves it counts it
  if (ending === 'moved' && standIns[kind]) return { status: 503, body: { error: {} } }
  book.requests += 1
  if (ending === 'refused') {
    book.errors += 1
    return { status: 429, body: { error: { type: 'rate_limit_error', message: 'slow down' } } }
  }
  if (ending === 'unmetered') {
    book.unmetered += 1
    return isStream ? { sse: parts[kind].stream(undefined) } : { body: parts[kind].body(undefined) }
  }
  if (!isStream) {
    charge(book, kind, told)
    return { body: parts[kind].body(told) }
  }
  const events = parts[kind].stream(told)
  if (ending === 'whole' || ending === 'moved') {
    charge(book, kind, told)
    return { sse: events }
  }
  // only Anthropic tells the input before the text
  if (kind === 'anthropic') charge(book, kind, { ...told, output: 1 })
  if (ending === 'left') book.aborted += 1
  else book.errors += 1
  const begun = events.slice(0, events.findIndex((event) => event.includes('Hello')) + 1)
  return { sse: [...begun, ending === 'left' ? 'hang' : 'hang-up'] as Step[] }
}

function kindOf(url: string): Kind {
  if (url.includes('/messages')) return 'anthropic'
  if (url.includes('/responses')) return 'openai'
  return url.includes('/chat/') ? 'common' : 'google'
}

/** As usage counts: input with the cache, output with the reasoning. */
function charge(book: Counts, kind: Kind, { plain, read, written, output, reasoning }: Numbers) {
  const writes = kind === 'anthropic' || kind === 'common' ? written : 0
  book.input += plain + read + writes
  book.cache_read += read
  book.cache_write += writes
  book.output += output
  book.reasoning += kind === 'anthropic' ? 0 : reasoning
}

interface Parts {
  /** without usage where the numbers are undefined */
  stream: (told: Numbers | undefined) => string[]
  body: (told: Numbers | undefined) => object
}

const data = (event: object) => `data: ${JSON.stringify(event)}\n\n`
const text = ['Hello', ' there']

const parts: Record<Kind, Parts> = {
  anthropic: {
    stream: (told) =>
      told
        ? anthropicStream({ text, usage: anthropicUsage(told) })
        : anthropicStream({ text }).map((event) => event.replace(/"usage":\{[^}]*\}/, '"x":1')),
    body: (told) => {
      const { usage: _, ...rest } = anthropicMessage({ text })
      return { ...rest, ...(told && { usage: anthropicUsage(told) }) }
    },
  },
  openai: {
    stream: (told) =>
      told
        ? responsesStream({ text, usage: openaiUsage(told) })
        : responsesStream({ text }).map(withoutUsage),
    body: (told) => {
      const { usage: _, ...rest } = responsesBody({ text })
      return { ...rest, ...(told && { usage: openaiUsage(told) }) }
    },
  },
  common: {
    stream: (told) => [
      ...text.map((content) => data({ id: 'c', choices: [{ index: 0, delta: { content } }] })),
      data({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
      ...(told ? [data({ id: 'c', choices: [], usage: chatUsage(told) })] : []),
      'data: [DONE]\n\n',
    ],
    body: (told) => ({
      id: 'c',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text.join('') },
          finish_reason: 'stop',
        },
      ],
      ...(told && { usage: chatUsage(told) }),
    }),
  },
  google: {
    stream: (told) => text.map((one, index) => data(gemini(one, index === 1, told))),
    body: (told) => gemini(text.join(''), true, told),
  },
}

function gemini(said: string, isLast: boolean, told: Numbers | undefined): object {
  const content = { role: 'model', parts: [{ text: said }] }
  return {
    candidates: [{ content, ...(isLast && { finishReason: 'STOP' }) }],
    ...(isLast && told && { usageMetadata: geminiUsage(told) }),
  }
}

function withoutUsage(event: string): string {
  return event.replace(/^data: (.*)$/m, (_, json: string) => {
    const whole = JSON.parse(json) as { response?: { usage?: unknown } }
    delete whole.response?.usage
    return `data: ${JSON.stringify(whole)}`
  })
}

function anthropicUsage({ plain, read, written, output }: Numbers) {
  return {
    input_tokens: plain,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens: output,
  }
}

function openaiUsage({ plain, read, output, reasoning }: Numbers) {
  return {
    input_tokens: plain + read,
    input_tokens_details: { cached_tokens: read },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: plain + read + output,
  }
}

function chatUsage({ plain, read, written, output, reasoning }: Numbers) {
  return {
    prompt_tokens: plain + read + written,
    completion_tokens: output,
    total_tokens: plain + read + written + output,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function geminiUsage({ plain, read, output, reasoning }: Numbers) {
  return {
    promptTokenCount: plain + read,
    cachedContentTokenCount: read,
    candidatesTokenCount: output - reasoning,
    thoughtsTokenCount: reasoning,
    totalTokenCount: plain + read + output,
  }
}
