/** Each account: how it is, until when, and what is left of it. */
import type { StatusContent } from '../status/content.ts'
import type { AccountShown } from '../status/accounts.ts'
import { h, type Child, type Element } from './node.ts'
import { bar, empty, part, time, type Telling } from './parts.ts'
import type { Word } from './words.ts'

export function accounts(
  { accounts: all, own_keys: ownKeys }: StatusContent,
  telling: Telling,
): Element {
  const { say } = telling
  return part(
    'accounts',
    say('accounts'),
    false,
    all.length === 0
      ? empty(say(ownKeys ? 'noAccounts' : 'noKeyGoes'))
      : h(
          'ul',
          { class: 'cards' },
          all.map((one) => card(one, telling)),
        ),
  )
}

const states: Record<AccountShown['state'], { word: Word; level: string }> = {
  ok: { word: 'ready', level: 'ok' },
  degraded: { word: 'fading', level: 'warn' },
  cooling: { word: 'cooling', level: 'warn' },
  needs_login: { word: 'needsLogin', level: 'bad' },
  disabled: { word: 'disabled', level: '' },
}

/** What is not named here has the name of its variable or its file. */
const kinds: Partial<Record<AccountShown['kind'], Word>> = {
  key: 'kindKey',
  login: 'kindLogin',
  file: 'kindFile',
}

function card(account: AccountShown, telling: Telling): Element {
  const { say } = telling
  const { word, level } = states[account.state]
  const isKey = account.kind === 'key'
  const kind = kinds[account.kind]
  return h(
    'li',
    { class: 'card account', key: account.name },
    h(
      'div',
      { class: 'name' },
      h('h3', { class: 'id' }, account.name),
      h(
        'span',
        { class: `chip ${level}`.trim() },
        say(isKey && word === 'needsLogin' ? 'needsKey' : word),
      ),
    ),
    h('p', {}, kind ? say(kind) : account.kind, rest(account, telling)),
    token(account, telling),
    account.last_error && h('p', {}, account.last_error),
    account.suspect && h('p', { class: 'bad-text' }, say('suspect')),
    quotas(account, telling),
  )
}

function rest({ until, reason }: AccountShown, telling: Telling): Child {
  if (until === undefined && reason === undefined) return false
  const { say, format } = telling
  const isOver = until !== undefined && format.isOver(until)
  return [
    until !== undefined && [
      ' · ',
      time(telling, until, isOver ? say('againSoon') : say('again', format.until(until))),
    ],
    reason !== undefined && ` · ${reason}`,
  ]
}

function token(
  { expires_at: expires, last_refresh: renewed }: AccountShown,
  telling: Telling,
): Child {
  if (!expires) return false
  const { say, format } = telling
  const text = format.isOver(expires)
    ? say('tokenOver', format.since(expires))
    : say('tokenFor', format.until(expires))
  return h(
    'p',
    {},
    time(telling, expires, text),
    renewed && [' · ', time(telling, renewed, say('renewed', format.since(renewed)))],
  )
}

/** What is used of each limit, as the provider told it last. */
function quotas({ state, quota = {} }: AccountShown, telling: Telling): Child {
  const { say, format } = telling
  if (state === 'disabled') return false
  // a window of its own says more than the sum of all
  const named = Object.entries(quota).filter(([window]) => window !== 'unified')
  const all = named.length > 0 ? named : Object.entries(quota)
  if (all.length === 0) return state === 'ok' && h('p', {}, say('noQuota'))
  return all.map(([window, { used, resets_at: resets, seen_at: seen }]) => {
    const kind = used >= 0.95 ? 'bad' : used >= 0.75 ? 'warn' : ''
    return h(
      'div',
      { class: 'quota', key: window, title: say('toldAt', format.moment(seen)) },
      h(
        'div',
        {},
        h('span', {}, windowName(window, telling)),
        h(
          'span',
          { class: 'label' },
          say('used', format.share(used, 1)),
          resets !== null && [
            ' · ',
            time(
              telling,
              resets,
              format.isOver(resets) ? say('hasReset') : say('resets', format.until(resets)),
            ),
          ],
        ),
      ),
      bar(used, kind),
    )
  })
}

const windows: Record<string, Word> = {
  '5h': 'fiveHours',
  '7d': 'week',
  requests: 'requests',
  tokens: 'tokens',
  'input-tokens': 'inputTokens',
  'output-tokens': 'outputTokens',
}

/** In words where it is known, as `7d_opus`. */
function windowName(window: string, { say }: Telling): string {
  const [span = '', ...of] = window.split('_')
  const word = windows[window] ?? windows[span]
  if (word === undefined) return window
  return windows[window] ? say(word) : `${say(word)}, ${of.join(' ')}`
}
