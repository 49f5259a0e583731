/** How each client is pointed at the proxy, and who may use what. */
import type { CallerShown, StatusContent } from '../status/content.ts'
import { h, type Child, type Element } from './node.ts'
import { copyButton, part, type Telling } from './parts.ts'

export function connect(status: StatusContent, telling: Telling): Element {
  const { say } = telling
  const { setup, url, key } = status
  return part(
    'connect',
    say('connect'),
    false,
    h('p', { class: 'lead' }, say('connectLead', url), key !== 'any' && ` ${say('putKey', key)}`),
    h(
      'ul',
      { class: 'setup' },
      setup.map(({ name, lines }) => {
        const text = lines.join('\n')
        return h(
          'li',
          { class: 'card block', key: name },
          h('div', { class: 'name' }, h('h3', {}, name), copyButton(telling, text, name)),
          h('pre', { tabindex: 0, 'aria-label': name, role: 'group' }, text),
        )
      }),
    ),
    h('h3', { class: 'sub' }, say('whoMay')),
    h('p', {}, say('anyClient')),
    callers(status.callers, telling),
  )
}

function callers(all: readonly CallerShown[], { say }: Telling): Child {
  if (all.length === 0) return h('p', {}, say('noKeys'))
  return h(
    'div',
    { class: 'card scroll' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, say('client')),
          h('th', { scope: 'col' }, say('models')),
        ),
      ),
      h(
        'tbody',
        {},
        all.map(({ name, models, expires, enabled }) =>
          h(
            'tr',
            { key: name },
            h(
              'th',
              { scope: 'row' },
              h('span', { class: 'id' }, name),
              !enabled && [' ', h('span', { class: 'chip' }, say('keyOff'))],
              expires !== undefined && h('span', { class: 'soft' }, ` ${say('keyUntil', expires)}`),
            ),
            h('td', { class: models ? 'id' : 'nowrap' }, models?.join(', ') ?? say('allModels')),
          ),
        ),
      ),
    ),
  )
}
