/**
 * What an answer says of limits: how long to wait, and which limit is spent. Upstreams lie here (Azure sends -1 and 0, others
 * times that are over), so what makes no sense counts as missing.
 * Source: RFC 9110 §10.2.3; Anthropic "Rate limits"; OpenAI "Rate limits"; Google's google.rpc.RetryInfo; read 2026-11.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

export interface Limits {
  /** whether the answer names limits at all */
  isMentioned: boolean
  /** the time to wait; undefined where none was named that makes sense */
  waitMs: number | undefined
  /** in words: the limits that are spent */
  spent: string | undefined
  /** all limits that are spent are of this one model */
  ofModel: boolean
}

/** The longest wait that is believed: the longest windows last a week. */
const longestMs = 8 * 24 * 3_600_000

/**
 * `body`: the beginning of it, as text. `here`: by the clock of this machine. A time is one of the server's clock, and that tells
 * its own: this machine's may be hours behind after a start without a network.
 */
export function limitsOf(headers: IncomingHttpHeaders, body: string, here = Date.now()): Limits {
  const there = Date.parse(headers.date ?? '')
  const now = Number.isNaN(there) ? here : there
  const windows = windowsIn(headers, now)
  const spent = spentOf(windows)
  const waits = [
    () => sensible(numberOf(headers['retry-after-ms'])),
    () => retryAfter(headers, now),
    () => longest(spent),
    () => waitIn(body, now),
    () => longest(windows.filter(({ onlyResets }) => onlyResets)),
  ]
  const waitMs = waits.reduce<number | undefined>((found, wait) => found ?? wait(), undefined)
  const isMentioned = waitMs !== undefined || hasLimitHeader(headers)
  return {
    isMentioned,
    waitMs,
    spent: spent.length > 0 ? spent.map(({ name }) => nameShown(name)).join(', ') : undefined,
    ofModel: spent.length > 0 && (spent.every(isOfModel) || hasAccountRoom(windows)),
  }
}

function hasLimitHeader(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) => name.startsWith('retry-after') || /^(?:(?:anthropic|x)-)?ratelimit-/.test(name),
  )
}

/** A limit, as one provider has it. */
export interface Window {
  /** such as `5h`, `7d_opus`, `input-tokens` */
  name: string
  isSpent: boolean
  /** from 0 to 1; undefined where the headers do not say */
  used: number | undefined
  /** nothing else is said of it: in a refusal it is the one that is spent */
  onlyResets: boolean
  /** ms until it resets; undefined or not above 0 if the headers made no sense */
  ms: number | undefined
}

/** All limits in the headers of an answer. `now`: when it arrived. */
export function windowsIn(headers: IncomingHttpHeaders, now: number): Window[] {
  return [...figuresIn(headers, anthropic), ...figuresIn(headers, openAi)].flatMap(
    ([name, figures]) => windowOf(name, figures, now) ?? [],
  )
}

/** Names such as `7d_opus`. */
function isOfModel({ name }: Window): boolean {
  return /opus|sonnet|haiku|fable/.test(name)
}

/**
 * What is refused while the windows of a whole subscription have room is refused to this model: one that is served from paid
 * extra usage alone. Source: router-for-me/CLIProxyAPI #5915, read 2026-11.
 */
function hasAccountRoom(windows: readonly Window[]): boolean {
  const ofAccount = windows.filter(({ name }) => name === '5h' || name === '7d')
  return ofAccount.length > 0 && ofAccount.every(({ isSpent }) => !isSpent)
}

const anthropic =
  /^anthropic-ratelimit-(?:unified-)?(?<of>.+)-(?<figure>limit|remaining|reset|status|utilization)$/
/** Without a name it is the limit of requests; without `x-` it is of a draft of the IETF. */
const openAi = /^(?:x-)?ratelimit-(?<figure>limit|remaining|reset)(?:-(?<of>.+))?$/

/** `unified` is the sum of the windows: it says nothing of its own where one of them is named. */
function spentOf(windows: readonly Window[]): Window[] {
  const spent = windows.filter(({ isSpent }) => isSpent)
  const named = spent.filter(({ name }) => name !== 'unified')
  return named.length > 0 ? named : spent
}

type Figures = Partial<Record<string, string>>

function figuresIn(headers: IncomingHttpHeaders, form: RegExp): Map<string, Figures> {
  const windows = new Map<string, Figures>()
  for (const [header, value] of Object.entries(headers)) {
    const { of = 'requests', figure } = form.exec(header)?.groups ?? {}
    if (figure === undefined || typeof value !== 'string') continue
    const figures = windows.get(of) ?? {}
    windows.set(of, figures)
    figures[figure] = value
  }
  return windows
}

function windowOf(
  name: string,
  { limit, remaining, reset, status, utilization }: Figures,
  now: number,
): Window | undefined {
  const [all, left, share] = [limit, remaining, utilization].map(numberOf)
  // whether more may be bought is no limit that fills up
  if (name === 'overage' && share === undefined) return undefined
  const isSpent = status?.trim() === 'rejected' || left === 0
  return {
    name,
    isSpent,
    onlyResets: (left ?? share ?? status) === undefined,
    used: shareOf(share ?? usedOf(all, left), isSpent),
    ms: untilReset(reset, now),
  }
}

function usedOf(limit: number | undefined, left: number | undefined): number | undefined {
  if (limit === undefined || left === undefined || limit <= 0 || left < 0) return undefined
  return 1 - left / limit
}

/** A little more than all of it is used where requests were under way. Far more is no share. */
function shareOf(used: number | undefined, isSpent: boolean): number | undefined {
  if (used === undefined || used < 0 || used > 2) return isSpent ? 1 : undefined
  return Math.min(1, used)
}

function longest(windows: readonly Window[]): number | undefined {
  const all = windows.flatMap(({ ms }) => sensible(ms) ?? [])
  return all.length > 0 ? Math.max(...all) : undefined
}

function retryAfter(headers: IncomingHttpHeaders, now: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (!text) return undefined
  const span = spanOf(text, now)
  if (span !== undefined) return sensible(span)
  // V8 reads a number and a word as a day of some year
  if (!/\d:\d\d/.test(text)) return undefined
  return sensible(Date.parse(text) - now)
}

/** As `spanOf`, or a time of RFC 3339. */
function untilReset(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const ms = spanOf(text, now) ?? Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : ms
}

/** No wait needs more characters. An upstream that sends thousands of digits would hold up all others while they are searched. */
const longestText = 100

/** `6m0s`, `1.5s`, `250ms`, `2 minutes`, seconds, or a time as a large number. */
function spanOf(text: string, now: number): number | undefined {
  if (text.length > longestText) return undefined
  const number = numberOf(text)
  if (number !== undefined) {
    if (number > 1e11) return number - now
    return number > 1e9 ? number * 1000 - now : number * 1000
  }
  const parts = [...text.matchAll(spanParts)]
  const rest = text.replaceAll(spanParts, '').replaceAll(/\band\b|[\s,]/g, '')
  if (parts.length === 0 || rest !== '') return undefined
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * unitOf(unit!), 0)
}

const spanParts =
  /(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)(?![a-z])/gi

function unitOf(name: string): number {
  const lower = name.toLowerCase()
  return lower.startsWith('ms') || lower.startsWith('mil') ? 1 : units[lower[0] as Unit]
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
type Unit = keyof typeof units

/** "Try again in 20s", "will reset after 12h3m5s", "wait 10 seconds". */
const waitPhrase = new RegExp(
  String.raw`(?:try again|retry|resets?|wait|available)\s+(?:in\s+|after\s+|for\s+)?((?:${spanParts.source}[\s,]*(?:and\s+)?)+)`,
  'i',
)

/** A wait that an error's body names: Codex's, Google's, OpenRouter's, or in words. */
function waitIn(body: string, now: number): number | undefined {
  const json = objectFrom(body)
  const error = isObject(json?.error) ? json.error : json
  if (error) {
    const { metadata } = error
    const places = isObject(metadata) ? [error, metadata] : [error]
    const found = places.flatMap((place) => waitNamed(place, now) ?? [])[0]
    const waitMs = found ?? sensible(googleDelay(error, now))
    if (waitMs !== undefined) return waitMs
  }
  const [, words = ''] = waitPhrase.exec(body) ?? []
  return sensible(spanOf(words, now))
}

/** In seconds, as spans in words, or as times. */
const spans = [
  'resets_in_seconds',
  'resets_at',
  'reset_at',
  'retry_after',
  'retryAfter',
  'retry_after_seconds',
]
const inMs = ['retry_after_ms', 'retryAfterMs']

function waitNamed(place: JsonObject, now: number): number | undefined {
  const found = spans.find((name) => sensible(untilReset(textOf(place[name]), now)) !== undefined)
  if (found !== undefined) return untilReset(textOf(place[found]), now)
  return inMs.map((name) => sensible(numberOf(textOf(place[name])))).find((ms) => ms !== undefined)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined
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
  return name === '5h' ? 'five-hour window' : name === '7d' ? 'weekly window' : name
}
