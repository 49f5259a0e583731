/**
 * What an answer says of limits: how long to wait, and which limit is spent. Upstreams lie here (Azure sends -1 and 0, others
 * times that are over), so what makes no sense counts as not said.
 * Source: RFC 9110 §10.2.3; Anthropic "Rate limits"; OpenAI "Rate limits"; Google's google.rpc.RetryInfo; read 2026-11.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

export interface Limits {
  /** whether anything was said of limits at all */
  told: boolean
  /** the time to wait; undefined where none was named that makes sense */
  waitMs: number | undefined
  /** in words: the limits that are spent */
  spent: string | undefined
  /** all limits that are spent are of this one model */
  ofModel: boolean
}

/** Nobody is believed for longer: the longest windows have a week. */
const longestMs = 8 * 24 * 3_600_000

/** `body`: the beginning of it, as text. */
export function limitsOf(headers: IncomingHttpHeaders, body: string, now = Date.now()): Limits {
  const windows = [...anthropicWindows(headers, now), ...openAiWindows(headers, now)]
  const spent = windows.filter(({ isSpent }) => isSpent)
  const waits = [
    () => sensible(numberOf(headers['retry-after-ms'])),
    () => retryAfter(headers, now),
    () => longest(spent),
    () => waitIn(body, now),
  ]
  const waitMs = waits.reduce<number | undefined>((found, wait) => found ?? wait(), undefined)
  const isTold = windows.length > 0 || waitMs !== undefined || hasLimitHeader(headers)
  return {
    told: isTold,
    waitMs,
    spent: spent.length > 0 ? spent.map(({ name }) => nameShown(name)).join(', ') : undefined,
    ofModel: spent.length > 0 && spent.every(({ name }) => modelWindow.test(name)),
  }
}

function hasLimitHeader(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) => name.startsWith('retry-after') || /^(?:anthropic|x)-ratelimit-/.test(name),
  )
}

interface Window {
  name: string
  isSpent: boolean
  /** until it begins anew */
  ms: number | undefined
}

/** Names such as `7d_opus`. */
const modelWindow = /opus|sonnet|haiku|fable/

const anthropic = /^anthropic-ratelimit-(.+)-(reset|status|remaining)$/

/** `…-status: rejected`, or `…-remaining: 0`; all that are spent have to be over before anything is served. */
function anthropicWindows(headers: IncomingHttpHeaders, now: number): Window[] {
  const windows = new Map<string, Window>()
  for (const [name, value] of Object.entries(headers)) {
    const [, window, figure] = anthropic.exec(name) ?? []
    if (window === undefined || typeof value !== 'string') continue
    const one = windows.get(window) ?? { name: window, isSpent: false, ms: undefined }
    windows.set(window, one)
    if (figure === 'reset') one.ms = sensible(untilTime(value, now))
    else if (figure === 'status') one.isSpent ||= value.trim() === 'rejected'
    else one.isSpent ||= numberOf(value) === 0
  }
  const all = [...windows.values()]
  // `unified` is the sum of the windows: it says nothing of its own where one of them is named
  const named = all.filter(({ name, isSpent }) => isSpent && name !== 'unified')
  return named.length > 0 ? all.filter(({ name }) => name !== 'unified') : all
}

const openAi = /^x-ratelimit-reset(?:-(.+))?$/

function openAiWindows(headers: IncomingHttpHeaders, now: number): Window[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const match = openAi.exec(name)
    if (!match || typeof value !== 'string') return []
    const window = match[1] ?? 'requests'
    const left = headers[`x-ratelimit-remaining${match[1] ? `-${match[1]}` : ''}`]
    return { name: window, isSpent: numberOf(left) === 0, ms: sensible(spanOf(value, now)) }
  })
}

function longest(windows: readonly Window[]): number | undefined {
  const all = windows.flatMap(({ ms }) => ms ?? [])
  return all.length > 0 ? Math.max(...all) : undefined
}

function retryAfter(headers: IncomingHttpHeaders, now: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (!text) return undefined
  const seconds = numberOf(text)
  if (seconds !== undefined) return sensible(seconds * 1000)
  const serverNow = Date.parse(headers.date ?? '')
  return sensible(Date.parse(text) - (Number.isNaN(serverNow) ? now : serverNow))
}

/** A time of RFC 3339, or Unix seconds. */
function untilTime(text: string, now: number): number {
  const number = numberOf(text)
  return (number === undefined ? Date.parse(text) : number * 1000) - now
}

/** `6m0s`, `1.5s`, `250ms`, seconds, or a time as a large number. */
function spanOf(text: string, now: number): number | undefined {
  const number = numberOf(text)
  if (number !== undefined) {
    if (number > 1e11) return number - now
    return number > 1e9 ? number * 1000 - now : number * 1000
  }
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]
  if (parts.map(([part]) => part).join('') !== text.trim()) return undefined
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * units[unit as Unit], 0)
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
type Unit = keyof typeof units

const inWords = /(?:try again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:ms|[dhms])\s*)+)/i

/** A wait that an error's body names: Codex's, Google's, or in words. */
function waitIn(body: string, now: number): number | undefined {
  const json = objectFrom(body)
  const error = isObject(json?.error) ? json.error : json
  if (error) {
    const { resets_in_seconds: inS, resets_at: at, retry_after: after } = error
    const named = [
      typeof inS === 'number' ? inS * 1000 : undefined,
      typeof at === 'number' ? at * 1000 - now : undefined,
      typeof after === 'number' ? after * 1000 : undefined,
      googleDelay(error, now),
    ]
    const found = named.find((ms) => sensible(ms) !== undefined)
    if (found !== undefined) return found
  }
  const [, span = ''] = inWords.exec(body) ?? []
  return sensible(spanOf(span.replaceAll(/\s+/g, ''), now))
}

function googleDelay({ details }: JsonObject, now: number): number | undefined {
  if (!Array.isArray(details)) return undefined
  const delays = details.flatMap((one: unknown) =>
    isObject(one) && typeof one.retryDelay === 'string' ? one.retryDelay : [],
  )
  return delays[0] === undefined ? undefined : spanOf(delays[0], now)
}

function numberOf(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || !/^\s*-?\d+(?:\.\d+)?\s*$/.test(value)) return undefined
  return Number(value)
}

function sensible(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 && ms <= longestMs ? ms : undefined
}

/** What people call the windows of a subscription. */
function nameShown(name: string): string {
  const bare = name.replace(/^unified-/, '')
  return bare === '5h' ? 'five-hour window' : bare === '7d' ? 'weekly window' : bare
}
