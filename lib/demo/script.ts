/**
 * The demo's answer to an ask, whatever the API: reasoning, text, calls, or how it fails. Both forms of an answer, stream and
 * body, are made of one script.
 */
import { ProxyError } from '../../pipelines/errors.ts'
import type { Delta } from '../../pipelines/neutral/delta.ts'
import { imagesOfResults } from '../../pipelines/providers/common/messages.ts'
import type { Ask, Turn } from './ask.ts'
import { chooseCalls, type ScriptCall } from './choose-calls.ts'
import { sampleValue } from './sample-arguments.ts'
import { clip, jsonPieces, newId, words } from './tokens.ts'

export interface Script {
  reasoning?: string
  /** may be empty beside calls */
  text: string
  calls: ScriptCall[]
  finish: 'stop' | 'calls' | 'length'
  /** `error`: fails in mid-answer; `cut`: the connection breaks there */
  breaks?: 'error' | 'cut'
  tokens: { input: number; output: number; reasoning: number }
}

/**
 * After tool results: a text that quotes them. Else calls, by the rule of `choose-calls.ts`, or a text about the last
 * message, or JSON where the request wants that. Reasoning first when the request switches it on.
 *
 * Throws the ProxyError that a last message with `error 400` to `error 599` asks for. `error midstream` breaks the answer
 * off with an error, `cut` (as the whole message) or `cut the connection` with nothing at all.
 */
export function decide(ask: Ask): Script {
  const { prompt, results } = lastTurn(ask)
  const calls = results.length > 0 || isSummaryAsked(prompt) ? [] : chooseCalls(ask, prompt)
  const breaks = results.length > 0 ? undefined : breakAsked(prompt)
  const whole = textFor(ask, { prompt, results, calls })
  const pieces = words(whole)
  const within = pieces.slice(0, ask.maxTokens)
  const reasoning = ask.reasoning ? reasoningFor(prompt, results, calls) : undefined
  return {
    text: within.join(''),
    calls,
    finish: within.length < pieces.length ? 'length' : calls.length > 0 ? 'calls' : 'stop',
    ...(reasoning !== undefined && { reasoning }),
    ...(breaks && { breaks }),
    tokens: countTokens(ask, { reasoning: reasoning ?? '', text: within, calls }),
  }
}

/** The answer as neutral deltas, in pieces as a model streams them. */
export function deltasOf({ reasoning, text, calls, finish, tokens }: Script): Delta[] {
  const { input: inputTokens, output: outputTokens, reasoning: reasoningTokens } = tokens
  return [
    { type: 'start', id: undefined },
    ...(reasoning === undefined ? [] : reasoningDeltas(reasoning)),
    ...(text === '' ? [] : textDeltas(text)),
    ...calls.flatMap(callDeltas),
    { type: 'usage', usage: { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens } },
    { type: 'stop', reason: finish === 'calls' ? 'tool-calls' : finish },
  ]
}

function reasoningDeltas(reasoning: string): Delta[] {
  const at = { content: 0, tools: 0 }
  return [
    { type: 'reasoning-start', kind: 'raw', index: 0, at },
    ...words(reasoning).map((text): Delta => ({ type: 'reasoning', text })),
    { type: 'reasoning-stop' },
  ]
}

function textDeltas(whole: string): Delta[] {
  return [{ type: 'text-start' }, ...words(whole).map((text): Delta => ({ type: 'text', text }))]
}

function callDeltas({ kind, name, input }: ScriptCall, index: number): Delta[] {
  const pieces = kind === 'custom' ? words(input) : jsonPieces(input)
  return [
    { type: 'tool-start', index, kind, id: newId('call_'), name },
    ...pieces.map((text): Delta => ({ type: 'tool-input', index, text })),
    { type: 'tool-stop', index },
  ]
}

interface LastTurn {
  /**
   * the user's text of this turn, or of an earlier one where this one holds results. Not where it holds nothing: an agent that
   * merely hears of the end of what it has started would start it again, for ever
   */
  prompt: string
  results: string[]
}

/** What came after the assistant's last message; an answer that the client has begun itself does not count. */
function lastTurn({ turns }: Ask): LastTurn {
  const end = turns.findLastIndex(({ from }) => from !== 'assistant') + 1
  const start = turns.findLastIndex(({ from }, index) => from === 'assistant' && index < end) + 1
  const results = turns.slice(start, end).filter(({ from }) => from === 'tool')
  const images = turns.slice(start, end).flatMap(({ text }) => imagesBeside.exec(text)?.[1] ?? [])
  return {
    prompt: saidIn(turns.slice(results.length > 0 ? 0 : start)).at(-1) ?? '',
    results: [...results.map(({ text }) => withoutReminders(text)), ...images],
  }
}

/** The images of results that the proxy puts in front of what the user says. */
const imagesBeside = new RegExp(`^${imagesOfResults}\\n((?:\\[an image\\]\\s*)*)`)

/** What the user wrote, oldest first. */
function saidIn(turns: Turn[]): string[] {
  return turns
    .filter(({ from }) => from === 'user')
    .map(({ text }) => withoutReminders(text).replace(imagesBeside, '').trim())
    .filter((text) => text !== '')
}

/** Coding agents have a long conversation summed up, and go on from that; they refuse a call in its place. */
function isSummaryAsked(prompt: string): boolean {
  return /\b(?:create|write) an? [\w ]{0,20}summary\b/i.test(prompt)
}

const added =
  /<(system-reminder|environment_context|conversation_summary|task-notification|local-command-\w+|command-(?:name|message|args))>.*?<\/\1>/gs

/** In these tags Claude Code, Codex and the proxy wrap what they add to a message. */
function withoutReminders(text: string): string {
  return text.replaceAll(added, '').trim()
}

/**
 * Only the last line counts: after a failure a client says the next thing in the same turn, and it would fail again for ever.
 * What is quoted is not asked for: a summary may quote the demo's own hints.
 */
function breakAsked(said: string): Script['breaks'] {
  const prompt = (said.trimEnd().split('\n').at(-1) ?? '').replaceAll(/`[^`]*`/g, '')
  const [, status] = /\berror ([45]\d\d)\b/i.exec(prompt) ?? []
  if (status) throw statusAsked(Number(status))
  if (/\berror midstream\b/i.test(prompt)) return 'error'
  return /^\W*cut\W*$|\bcut the connection\b/i.test(prompt) ? 'cut' : undefined
}

const codes: Record<number, string> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' }

function statusAsked(status: number): ProxyError {
  const message = `The demo upstream answers ${status}, as it was asked to.`
  const headers: Record<string, string> =
    status === 429 || status === 529 ? { 'retry-after': '1' } : {}
  return new ProxyError(status, codes[status] ?? null, message, { headers })
}

function textFor(ask: Ask, { prompt, results, calls }: LastTurn & { calls: ScriptCall[] }): string {
  // beside a form for the answer a model says nothing else: Mastra takes any text for the answer
  if (calls.length > 0) return ask.choice === 'auto' && !ask.json ? leadIn(calls) : ''
  if (ask.json) return JSON.stringify(jsonFor(ask.json, prompt))
  if (isSummaryAsked(prompt)) return summaryOf(ask)
  if (results.length > 0) return quoteResults(prompt, results)
  const message = prompt
    ? `Your last message was: “${clip(prompt, 200)}”`
    : 'Your message has no text.'
  return (
    `Hello from the droid2api demo! No model is at work here, so nothing needs an account. ${message}\n\n` +
    'Offer a tool to see it called, ask for two things in parallel to see two calls, or write ' +
    '`error 429`, `error midstream` or `cut` to see how your client takes a failure.'
  )
}

/** In a tag that the demo does not read: what was asked for once is not asked for again. */
function summaryOf({ turns }: Ask): string {
  const said = saidIn(turns).filter((text) => !isSummaryAsked(text))
  const quotes = said.map((text) => `- “${clip(text, 100)}”`)
  return `<conversation_summary>\nThe droid2api demo has no model that could sum this up. The user said:\n${quotes.join('\n')}\n</conversation_summary>`
}

function leadIn(calls: ScriptCall[]): string {
  return `Let me call ${namesOf(calls).join(' and ')}.`
}

/** A tool that is called twice counts once. */
function namesOf(calls: ScriptCall[]): string[] {
  return [...new Set(calls.map(({ name }) => name))]
}

function jsonFor({ schema }: NonNullable<Ask['json']>, prompt: string): unknown {
  if (schema) return sampleValue(schema, { prompt, nth: 0 })
  return { answer: 'Hello from the droid2api demo.', last_message: clip(prompt, 200) }
}

function quoteResults(prompt: string, results: string[]): string {
  const quotes = results.map((result) => `- ${clip(result, 600) || '(nothing)'}`)
  const came = results.length === 1 ? 'This came back' : `These ${results.length} came back`
  return `You asked: “${clip(prompt, 200)}”. ${came} from the tools:\n\n${quotes.join('\n')}\n\nThat is all the droid2api demo can say about it.`
}

function reasoningFor(prompt: string, results: string[], calls: ScriptCall[]): string {
  const next =
    calls.length > 0
      ? `A tool fits: ${namesOf(calls).join(', ')}.`
      : results.length > 0
        ? 'The results are here, so I can answer.'
        : 'No tool is needed, so I answer at once.'
  return `**Reading the request**\n\nThe user says “${clip(prompt, 100)}”. ${next}`
}

function countTokens(
  { inputTokens }: Ask,
  parts: { reasoning: string; text: string[]; calls: ScriptCall[] },
): Script['tokens'] {
  const reasoning = words(parts.reasoning).length
  const calls = parts.calls.reduce((sum, { input }) => sum + 4 + jsonPieces(input).length, 0)
  return { input: inputTokens, output: reasoning + parts.text.length + calls, reasoning }
}
