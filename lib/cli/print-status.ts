/** `droid2api status`: what the status page shows, in about twenty lines of a terminal. */
import { isHttp } from '../config/base-url.ts'
import { countsByType } from '../config/models.ts'
import type { Config } from '../config/types.ts'
import { localDay } from '../limits/windows.ts'
import { duration, printable } from '../log/log-line.ts'
import type { AccountShown } from '../status/accounts.ts'
import type { LimitShown } from '../status/client-limits.ts'
import type { CallerShown, StatusContent } from '../status/content.ts'
import type { RequestShown, UnderWay } from '../status/requests.ts'
import type { Counts } from '../usage/row.ts'
import { askStatus } from './ask-status.ts'
import { listenerUrl } from './banner.ts'
import { UsageError, type CommandLine } from './usage.ts'

/** The text to print. Throws UsageError and NoStatus. */
export async function statusText(
  { url: given, json }: CommandLine,
  config: Pick<Config, 'host' | 'port' | 'admin_key'>,
): Promise<string> {
  const url = given === undefined ? listenerUrl(config) : plainUrl(given)
  const { admin_key: key } = config
  // the key cannot be made from its hash
  const content = await askStatus(url, key?.startsWith('sha256:') ? undefined : key)
  if (json) return `${JSON.stringify(content)}\n`
  return statusLines(content)
    .map((line) => `${printable(line)}\n`)
    .join('')
}

/** What people copy from the line of their browser is good, too, and a port or a host alone. */
function plainUrl(given: string): string {
  const [, port] = /^:?(\d+)$/.exec(given) ?? []
  const named = given.includes('://') ? given : `http://${given}`
  const full = port === undefined ? named : `http://localhost:${port}`
  if (!isHttp(full)) {
    throw new UsageError(
      `--url is ${JSON.stringify(given)}, expected such as http://localhost:3000`,
    )
  }
  const url = new URL(full)
  url.search = ''
  url.hash = ''
  return url.href.replace(/\/(?:status(?:\.json)?\/?)?$/, '')
}

/** How many of a kind are shown, so that the whole fits a screen. */
const most = { warnings: 4, accounts: 6, underWay: 3, requests: 5, names: 3, limits: 5 }

export function statusLines(content: StatusContent): string[] {
  const { state, version, url, uptime_s: uptime, note, warnings, degraded, config } = content
  const broken = config.last_reload?.ok === false ? config.last_reload : undefined
  const remarks = [
    ...degraded.map(({ endpoint, reason }) => `Degraded: ${endpoint}: ${reason}`),
    ...(broken
      ? [
          `Warning: what was read at ${timeOf(broken.at, content.now)} is broken: ${broken.faults.join('; ')}`,
        ]
      : []),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ]
  return [
    `droid2api ${version} at ${url}: ${state}, up ${spanOf(uptime)}`,
    `Configuration: ${config.file} (${config.hash}), since ${timeOf(config.loaded_at, content.now)}`,
    ...(note === undefined ? [] : [note]),
    ...shortened(remarks, most.warnings),
    ...accountLines(content),
    ...underWayLines(content),
    ...recentLines(content),
    ...usageLines(content),
    ...limitLines(content),
    ...modelLines(content),
  ]
}

/** As a proxy of an older version may tell it, which was not started anew. */
type FromAny = Pick<StatusContent, 'accounts' | 'now'> &
  Partial<Pick<StatusContent, 'own_keys'>> & {
    callers: readonly (Pick<CallerShown, 'name'> & Partial<Pick<CallerShown, 'limits'>>)[]
  }

/** The first of them, and how many more there are. */
function shortened(lines: readonly string[], count: number): string[] {
  const more = lines.length - count
  return more > 0 ? [...lines.slice(0, count), `  … and ${more} more`] : [...lines]
}

function accountLines({ accounts, own_keys: ownKeys, now }: FromAny): string[] {
  if (accounts.length === 0) {
    const whose = ownKeys === false ? 'no key goes upstream' : 'each client’s own key goes upstream'
    return [`Accounts: none; ${whose}`]
  }
  const lines = accounts.map((account) => `  ${account.name}  ${accountText(account, now)}`)
  return ['Accounts', ...shortened(lines, most.accounts)]
}

/** From this age on, a figure is shown with its age. */
const oldS = 1800

function accountText(account: AccountShown, now: string): string {
  const {
    kind,
    state,
    until,
    reason,
    suspect,
    expires_at: expires,
    last_error: error,
    quota = {},
  } = account
  const why = reason ?? (state === 'ok' ? undefined : error)
  const used = Object.entries(quota).map(
    ([window, { used: share, resets_at: at, seen_at: seen }]) => {
      const again = at === null ? '' : `, anew ${timeOf(at, now)}`
      const ageS = Math.floor((Date.parse(now) - Date.parse(seen)) / 1000)
      // others may have spent it since
      const age = ageS < oldS ? '' : `, seen ${spanOf(ageS)} ago`
      return `${window} ${Math.round(share * 100)} % used${again}${age}`
    },
  )
  return [
    kind,
    `${state}${until ? ` until ${timeOf(until, now)}` : ''}${why ? ` (${why})` : ''}`,
    ...(suspect ? ['suspect'] : []),
    ...used,
    ...(expires ? [`token until ${timeOf(expires, now)}`] : []),
  ].join('; ')
}

function underWayLines({ under_way: calls }: StatusContent): string[] {
  if (calls.length === 0) return ['Under way: nothing']
  const lines = calls.map((call) => `  ${duration(call.age_ms)}  ${nameOf(call)}`)
  return [`Under way: ${calls.length}`, ...shortened(lines, most.underWay)]
}

/** What was asked for, where, and by whom. */
function nameOf({ model, route, endpoint, client }: UnderWay | RequestShown): string {
  const where = endpoint === undefined ? '' : ` → ${endpoint}`
  return `${model ?? route}${where}${client === undefined ? '' : ` for ${client}`}`
}

function recentLines({ recent: { kept, requests }, now }: StatusContent): string[] {
  if (kept === 0) return []
  if (requests.length === 0) return ['Last requests: none']
  const failed = requests.filter(hasFailed)
  const lines = requests.slice(0, most.requests).map((one) => `  ${requestText(one, now)}`)
  // what went wrong is what somebody looks for
  const lastFailed = failed.find((one) => requests.indexOf(one) >= most.requests)
  const older = lastFailed ? [`  ${requestText(lastFailed, now)}`] : []
  return [
    `Last requests: ${requests.length}, of which ${failed.length} went wrong`,
    ...lines,
    ...older,
  ]
}

function hasFailed({ status = 0, error }: RequestShown): boolean {
  return error !== undefined || status >= 400
}

function requestText(one: RequestShown, now: string): string {
  const { at, status = 0, duration_ms: ms, input, output, attempts, error, aborted } = one
  const isKnown = input !== undefined || output !== undefined
  return [
    `${timeOf(at, now)}  ${nameOf(one)}: ${status}, ${duration(ms)}`,
    ...(isKnown ? [`${input ?? 0}+${output ?? 0} tokens`] : []),
    ...(error === undefined ? [] : [error]),
    ...(aborted && error === undefined ? ['the client left'] : []),
    ...(attempts.length > 1 ? [`tried ${attempts.join(', ')}`] : []),
  ].join(', ')
}

function usageLines({ usage }: StatusContent): string[] {
  if (usage === null) return []
  if ('problem' in usage) return [usage.problem]
  const { total, days, models, clients, accounts } = usage
  if (total.requests === 0) return ['Usage, 30 days: none']
  const shares = [
    ['models', models.map(({ model, ...counts }) => [model, counts] as const)],
    ['clients', clients.map(({ client, ...counts }) => [client, counts] as const)],
    ['accounts', accounts.map(({ account, ...counts }) => [account, counts] as const)],
  ] as const
  return [
    `Usage, 30 days: ${countsText(total)}`,
    `  today: ${countsText(days.at(-1)!)}`,
    ...shares.map(([what, sums]) => `  ${what}: ${sharesText(sums)}`),
  ]
}

/** Those of clients that have some, the one with least left first. */
function limitLines({ callers, now }: FromAny): string[] {
  const limited = callers
    .map(({ name, limits = {} }) => ({ name, shown: Object.entries(limits) }))
    .filter(({ shown }) => shown.length > 0)
    .toSorted((one, other) => leastShare(one.shown) - leastShare(other.shown))
  if (limited.length === 0) return []
  const lines = limited.map(({ name, shown }) => {
    const texts = shown.map(([limit, { used, limit: all, left, resets_at: at }]) => {
      const until = left === 0 && at !== undefined ? `, none left until ${timeOf(at, now)}` : ''
      return `${limit} ${amountOf(used)} of ${amountOf(all)}${until}`
    })
    return `  ${name}  ${texts.join('; ')}`
  })
  return ['Limits', ...shortened(lines, most.limits)]
}

function leastShare(shown: readonly (readonly [string, LimitShown])[]): number {
  return Math.min(...shown.map(([, { left, limit }]) => left / limit))
}

function countsText(counts: Counts): string {
  const { requests, errors, input, output, cost_micro_usd: cost } = counts
  const wrong = errors > 0 ? ` (${errors} went wrong)` : ''
  const price = cost > 0 ? `, ${(cost / 1e6).toFixed(2)} USD` : ''
  return `${requests} requests${wrong}, ${amountOf(input)} tokens in, ${amountOf(output)} out${price}`
}

function sharesText(sums: readonly (readonly [string, Counts])[]): string {
  const shown = sums
    .slice(0, most.names)
    .map(([name, { input, output }]) => `${name} ${amountOf(input + output)}`)
  const more = sums.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function modelLines({ models, url }: StatusContent): string[] {
  const counts = countsByType(models)
  return [
    `Models: ${models.length}${counts === '' ? '' : ` (${counts}), each for every client`}`,
    `More: ${url}/status`,
  ]
}

/** `13:36` today, else with the day, by this machine's clock and zone. */
function timeOf(iso: string, now: string): string {
  const date = new Date(iso)
  const time = date.toTimeString().slice(0, 5)
  const day = localDay(date)
  return day === localDay(new Date(now)) ? time : `${day} ${time}`
}

/** Such as `3 d 4 h`. */
function spanOf(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit))
  if (days! > 0) return `${days} d ${hours! % 24} h`
  if (hours! > 0) return `${hours} h ${minutes! % 60} min`
  return minutes! > 0 ? `${minutes} min` : `${seconds} s`
}

/** Such as `950`, `12 k`, `3.4 M`. */
function amountOf(tokens: number): string {
  if (tokens < 10_000) return String(tokens)
  return tokens < 1e6 ? `${Math.round(tokens / 1000)} k` : `${(tokens / 1e6).toFixed(1)} M`
}
