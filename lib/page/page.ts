/** The page as a whole: as HTML for the server, and as a tree for the browser. */
import type { StatusContent } from '../status/content.ts'
import { accounts } from './accounts.ts'
import { connect } from './connect.ts'
import { hero, top, type Contact } from './head.ts'
import { models } from './models.ts'
import { h, toHtml, type Element } from './node.ts'
import { choicesIn, telling, type Choices } from './parts.ts'
import { recent, underWay } from './requests.ts'
import { usage } from './usage.ts'
import { languageOf, locales } from './words.ts'

/** What stands in `body`. */
export function content(status: StatusContent, contact: Contact, choices: Choices): Element {
  const told = telling(choices, Date.parse(status.now))
  const { say } = told
  return h(
    'body',
    { 'data-version': status.version },
    h('a', { class: 'skip', href: '#main' }, say('skip')),
    h(
      'div',
      { class: 'page' },
      top(status, told),
      h(
        'main',
        { id: 'main' },
        hero(status, contact, told),
        accounts(status, told),
        underWay(status, told),
        recent(status, told),
        usage(status, told),
        models(status, told),
        connect(status, told),
      ),
      h('footer', {}, say('footer')),
    ),
    // what a copy button says; always there, so that it is read out when it changes
    h('p', { class: 'hidden', id: 'said', 'aria-live': 'polite' }),
  )
}

/** A picture of the browser's own tab: a dot, which needs no request. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%232c9a64'/%3E%3C/svg%3E"

/**
 * What a browser gets that asks for the page: all of it, so that it also stands without a script. `root` leads from the address
 * of the page to that of the proxy, which may be a path of a front proxy.
 */
export function pageHtml(
  status: StatusContent,
  asked: { root: string; query: string; accepted: string },
): string {
  const choices = choicesIn(asked.query, languageOf(asked.accepted))
  const head = h(
    'head',
    {},
    h('meta', { charset: 'utf-8' }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('meta', { name: 'color-scheme', content: 'light dark' }),
    h('title', {}, `droid2api`),
    h('link', { rel: 'icon', href: icon }),
    h('link', { rel: 'stylesheet', href: `${asked.root}status/page.css` }),
    h('script', { type: 'module', src: `${asked.root}status/page.js` }),
  )
  const lang = locales[choices.language]
  return `<!doctype html>${toHtml(h('html', { lang }, head, content(status, 'live', choices)))}\n`
}
