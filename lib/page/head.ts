/** The top of the page, which answers within ten seconds: is it well, what did it cost, who used it. */
import type { StatusContent } from '../status/content.ts'
import type { UsageSummary } from '../status/usage-summary.ts'
import { h, type Child, type Element } from './node.ts'
import { choice, time, type Telling } from './parts.ts'
import { nameOf, tokensOf } from './usage.ts'

/** Whether the browser still hears from the proxy. */
export type Contact = 'live' | 'refused' | { lostAt: string }

export function top(status: StatusContent, telling: Telling): Element {
  const { say } = telling
  const parts = ['accounts', 'recent', 'usage', 'models', 'connect'] as const
  return h(
    'header',
    { class: 'top' },
    h('p', { class: 'brand' }, 'droid2api', h('span', {}, status.version)),
    h(
      'nav',
      { class: 'jump', 'aria-label': say('sections') },
      parts.map((id) => h('a', { href: `#${id}` }, say(id === 'recent' ? 'requests' : id))),
    ),
    choice(telling, say('language'), [
      { text: 'English', change: { language: 'en' }, language: 'en' },
      { text: '中文', change: { language: 'zh' }, language: 'zh-CN' },
    ]),
  )
}

export function hero(status: StatusContent, contact: Contact, telling: Telling): Element {
  const { say, format } = telling
  const { config, in_flight: inFlight, uptime_s: uptime } = status
  const { level, text } = verdict(status, contact, telling)
  return h(
    'section',
    { class: 'hero', 'aria-labelledby': 'state' },
    // what changes here is read out; all else only when somebody goes there
    h(
      'h1',
      { id: 'state' },
      h('span', { class: `dot ${level}`, 'aria-hidden': 'true' }),
      h('span', { 'aria-live': 'polite' }, text),
    ),
    h(
      'p',
      { class: 'facts' },
      h('span', {}, say('up', format.duration(uptime * 1000))),
      h('span', {}, say('underWayCount', format.whole(inFlight))),
      h(
        'span',
        { title: [config.file, ...config.env_files].join('\n') },
        h('span', { class: 'id' }, fileName(config.file)),
        ' ',
        time(telling, config.loaded_at, say('configRead', format.since(config.loaded_at))),
      ),
    ),
    notes(status, contact, telling),
    figures(status, telling),
  )
}

type Level = 'ok' | 'warn' | 'bad'

function verdict(
  { state, warnings, config, accounts }: StatusContent,
  contact: Contact,
  { say }: Telling,
): { level: Level; text: string } {
  if (contact !== 'live') return { level: 'bad', text: say('lost') }
  if (state === 'degraded') return { level: 'bad', text: say('degraded') }
  const needsCare = accounts.some((account) => account.state === 'needs_login' || account.suspect)
  if (warnings.length > 0 || config.last_reload?.ok === false || needsCare) {
    return { level: 'warn', text: say('attention') }
  }
  return { level: 'ok', text: say('well') }
}

interface Note {
  text: string
  isBad: boolean
}

function notes(status: StatusContent, contact: Contact, telling: Telling): Child {
  const { say, format } = telling
  const { degraded, warnings, note } = status
  const all: Note[] = [
    ...(contact === 'refused' ? [{ text: say('refused'), isBad: true }] : []),
    ...(typeof contact === 'object'
      ? [{ text: say('lostSince', format.since(contact.lostAt)), isBad: true }]
      : []),
    ...degraded.map(({ endpoint, reason }) => ({
      text: say('cannotServe', endpoint, reason),
      isBad: true,
    })),
    ...brokenConfig(status, telling),
    ...[...(note === undefined ? [] : [note]), ...warnings].map((text) => ({ text, isBad: false })),
  ]
  if (all.length === 0) return false
  return h(
    'ul',
    { class: 'notes' },
    all.map(({ text, isBad }) => h('li', { class: isBad && 'bad' }, text)),
  )
}

/** What was read last is not what runs. */
function brokenConfig(
  { config: { file, last_reload: last } }: StatusContent,
  { say }: Telling,
): Note[] {
  if (!last || last.ok) return []
  return [{ text: say('configBroken', fileName(file), last.faults.join('; ')), isBad: true }]
}

function figures({ usage }: StatusContent, telling: Telling): Child {
  if (usage === null || 'problem' in usage) return false
  const { say, format } = telling
  const { total, days, clients } = usage
  const today = days.at(-1) ?? total
  const isPriced = total.cost_micro_usd > 0
  const priced = total.unpriced > 0 ? say('partlyPriced') : undefined
  const failed = total.requests > 0 ? say('failed', format.share(total.errors, total.requests)) : ''
  return h(
    'dl',
    { class: 'figures' },
    figure(
      say('costToday'),
      isPriced ? format.money(today.cost_micro_usd) : '–',
      isPriced ? say('inDays', format.money(total.cost_micro_usd)) : say('noPrice'),
      isPriced && priced,
    ),
    figure(
      say('requestsToday'),
      format.whole(today.requests),
      say('inDays', format.whole(total.requests)),
      failed,
    ),
    figure(
      say('tokensToday'),
      format.short(tokensOf(today)),
      say('inDays', format.short(tokensOf(total))),
    ),
    h('div', {}, h('dt', {}, say('whoUsed')), h('dd', {}, shares(clients, telling))),
  )
}

function figure(label: string, value: string, ...more: Child[]): Element {
  return h(
    'div',
    {},
    h('dt', {}, label),
    h('dd', { class: 'value' }, value),
    more.map((line) => line && h('dd', { class: 'more' }, line)),
  )
}

/** The three that used most, by what it cost where that is known. */
function shares(clients: UsageSummary['clients'], { say, format }: Telling): Child {
  if (clients.length === 0) return h('p', { class: 'more' }, say('nobody'))
  const isPriced = clients.some(({ cost_micro_usd: cost }) => cost > 0)
  const sizeOf = (one: (typeof clients)[number]) => (isPriced ? one.cost_micro_usd : tokensOf(one))
  const all = clients.reduce((sum, one) => sum + sizeOf(one), 0)
  const most = clients.toSorted((one, other) => sizeOf(other) - sizeOf(one))
  return h(
    'ul',
    { class: 'shares' },
    most
      .slice(0, 3)
      .map((one) =>
        h(
          'li',
          {},
          h('span', {}, nameOf(one.client, say('nobodyNamed'))),
          h('span', { class: 'soft' }, format.share(sizeOf(one), all)),
        ),
      ),
    most.length > 3 && h('li', { class: 'soft' }, say('others', most.length - 3)),
  )
}

function fileName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file
}
