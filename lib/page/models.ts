/** The models, each with its name and a call to copy. */
import type { ModelShown, StatusContent } from '../status/content.ts'
import { curlLines } from '../setup/curl.ts'
import { h, type Child, type Element } from './node.ts'
import { copyButton, empty, part, type Telling } from './parts.ts'

/** So many are there at first; the rest is folded away, and the search finds all. */
const atFirst = 15

export function models(status: StatusContent, telling: Telling): Element {
  const { say, format, choices } = telling
  const all = status.models
  const wanted = choices.search.trim().toLowerCase()
  const found = all.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted))
  const search =
    all.length > atFirst &&
    h('input', {
      type: 'search',
      class: 'search',
      id: 'model-search',
      placeholder: say('find'),
      'aria-label': say('find'),
      autocomplete: 'off',
      spellcheck: 'false',
    })
  const shown = found.slice(0, atFirst)
  const rest = found.slice(atFirst)
  return part(
    'models',
    [say('models'), all.length > 0 && h('small', {}, format.whole(all.length))],
    search,
    all.length === 0 && empty(say('noModels')),
    all.length > 0 && found.length === 0 && empty(say('foundNone', choices.search.trim())),
    found.length > 0 &&
      h(
        'div',
        { class: 'card' },
        table(shown, status, telling),
        rest.length > 0 &&
          h(
            'details',
            { class: 'more' },
            h('summary', { class: 'below' }, say('others', format.whole(rest.length))),
            table(rest, status, telling),
          ),
      ),
  )
}

function table(rows: readonly ModelShown[], status: StatusContent, telling: Telling): Element {
  const { say } = telling
  const isPriced = status.models.some(({ price }) => price !== undefined)
  return h(
    'table',
    { class: 'stack models' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, say('model')),
        h('th', { scope: 'col' }, say('endpoint')),
        isPriced &&
          h('th', { scope: 'col', class: 'number', title: say('perMillion') }, say('price')),
        h('th', { scope: 'col' }, h('span', { class: 'hidden' }, say('copy'))),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map((one) => row(one, isPriced, status, telling)),
    ),
  )
}

function row(
  model: ModelShown,
  isPriced: boolean,
  status: StatusContent,
  telling: Telling,
): Element {
  const { say } = telling
  const { id, name, endpoint, type, fallback = [], price } = model
  const { url, key } = status
  return h(
    'tr',
    { key: id },
    h(
      'th',
      { scope: 'row', class: 'wide' },
      h('span', { class: 'id' }, id),
      name !== id && h('span', { class: 'soft' }, ` ${name}`),
      fallback.length > 0 && h('div', { class: 'soft' }, say('standIns', fallback.join(', '))),
    ),
    h('td', {}, endpoint, type !== endpoint && h('span', { class: 'soft' }, ` ${type}`)),
    isPriced && h('td', { class: 'number' }, priceOf(price)),
    h(
      'td',
      { class: 'wide' },
      h(
        'div',
        { class: 'actions' },
        copyButton(telling, id, id, 'copyName'),
        copyButton(telling, curlLines({ url, key, model: id }).join('\n'), id, 'copyCurl'),
      ),
    ),
  )
}

function priceOf(price: ModelShown['price']): Child {
  if (price === undefined) return '–'
  return `$${price.input} / $${price.output}`
}
