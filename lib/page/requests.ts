/** Requests to models: those under way, and the last that are over, each with what was tried for it. */
import type { RequestShown, UnderWay } from '../status/requests.ts'
import type { StatusContent } from '../status/content.ts'
import { h, type Child, type Element } from './node.ts'
import { address, choice, empty, part, time, type Telling } from './parts.ts'

export function underWay({ under_way: calls }: StatusContent, telling: Telling): Element {
  const { say, format } = telling
  const columns = (['model', 'client', 'endpoint', 'for'] as const).map((word) =>
    h('th', { scope: 'col', class: word === 'for' && 'number' }, say(word)),
  )
  const line = ({ id, model, client, endpoint, age_ms: age }: UnderWay) =>
    h(
      'tr',
      { key: id },
      h('th', { scope: 'row', class: 'id' }, model ?? '–'),
      h('td', {}, client ?? h('span', { class: 'soft' }, '–')),
      h('td', { class: 'soft' }, endpoint ?? '–'),
      h('td', { class: 'number' }, format.took(age)),
    )
  return part(
    'under-way',
    [say('underWay'), calls.length > 0 && h('small', {}, format.whole(calls.length))],
    false,
    calls.length === 0 ? empty(say('noUnderWay')) : table('stack', columns, calls.map(line)),
  )
}

/** So many are there without a click. */
const atFirst = 25

export function recent({ recent: { requests } }: StatusContent, telling: Telling): Element {
  const { say, format, choices } = telling
  const chosen = choices.onlyErrors ? requests.filter(hasFailed) : requests
  const shown = choices.allRequests ? chosen : chosen.slice(0, atFirst)
  const filter = choice(telling, say('filter'), [
    { text: say('all'), change: { onlyErrors: false } },
    {
      text: `${say('errors')} ${format.whole(requests.filter(hasFailed).length)}`,
      change: { onlyErrors: true },
    },
  ])
  const columns = (['time', 'model', 'client', 'result', 'attempts', 'inOut', 'took'] as const).map(
    (word) =>
      h(
        'th',
        { scope: 'col', class: (word === 'inOut' || word === 'took') && 'number' },
        say(word),
      ),
  )
  const more =
    shown.length < chosen.length &&
    h(
      'p',
      { class: 'below' },
      h(
        'a',
        { href: address({ ...choices, allRequests: true }), 'data-choice': true },
        say('showAll', format.whole(chosen.length)),
      ),
    )
  return part(
    'recent',
    say('recent'),
    requests.length > 0 && filter,
    requests.length === 0 && empty(say('noRecent')),
    requests.length > 0 &&
      chosen.length === 0 &&
      empty(say('noErrors', format.whole(requests.length))),
    chosen.length > 0 &&
      table(
        'stack requests',
        columns,
        shown.map((one) => row(one, telling)),
        more,
      ),
  )
}

function table(kind: string, columns: Child[], rows: Child[], below?: Child): Element {
  return h(
    'div',
    { class: 'card scroll' },
    h('table', { class: kind }, h('thead', {}, h('tr', {}, columns)), h('tbody', {}, rows)),
    below,
  )
}

function hasFailed({ status = 0, error, aborted }: RequestShown): boolean {
  return (status >= 400 || error !== undefined) && aborted === undefined
}

function row(request: RequestShown, telling: Telling): Element {
  const { say, format } = telling
  const { id, at, model, client, fallback_from: asked, input, output } = request
  const tokens =
    input === undefined && output === undefined
      ? '–'
      : `${format.short(input ?? 0)} / ${format.short(output ?? 0)}`
  return h(
    'tr',
    { key: id + at },
    h('td', { class: 'when nowrap soft' }, time(telling, at, format.time(at))),
    h(
      'th',
      { scope: 'row', class: 'what' },
      h('span', { class: 'id' }, model ?? request.route),
      asked !== undefined && h('div', { class: 'soft' }, say('insteadOf', asked)),
    ),
    h('td', { class: 'who' }, client ?? h('span', { class: 'soft' }, '–')),
    h('td', { class: 'result' }, result(request, telling)),
    h('td', { class: 'tried' }, attempts(request)),
    h('td', { class: 'tokens number' }, tokens),
    h('td', { class: 'took number' }, format.took(request.duration_ms)),
  )
}

function result(request: RequestShown, { say }: Telling): Child {
  const { status, error, aborted, not_found: notFound } = request
  if (aborted !== undefined && error === undefined) {
    return h('span', { class: 'soft' }, say('left'))
  }
  const isBad = hasFailed(request)
  const code = h('span', { class: `chip ${isBad ? 'bad' : 'ok'}` }, status ?? say('brokeOff'))
  if (error === undefined && notFound === undefined) return code
  return [code, ' ', h('span', { class: 'soft id', title: notFound }, error ?? notFound)]
}

/** Where it was sent, in order, each with its account where that has a name. */
function attempts({ attempts: all }: RequestShown): Child {
  if (all.length === 0) return h('span', { class: 'soft' }, '–')
  return h(
    'ol',
    { class: 'attempts' },
    all.map((one) => {
      const mark = one.lastIndexOf('=')
      const outcome = one.slice(mark + 1)
      const isGood = outcome.startsWith('2')
      return h(
        'li',
        {},
        one.slice(0, mark),
        ' ',
        h('span', { class: isGood ? 'soft' : 'bad-text' }, outcome),
      )
    }),
  )
}
