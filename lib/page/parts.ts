/** Pieces that several parts of the page are made of. */
import { Format } from './format.ts'
import { h, type Child, type Element } from './node.ts'
import { speaker, type Language, type Say, type Word } from './words.ts'

/** What the reader chose; the address of the page carries it, so that it also works without a script. */
export interface Choices {
  language: Language
  onlyErrors: boolean
  allRequests: boolean
  measure: Measure
  /** what is typed into the search for models */
  search: string
}

export const measures = ['cost', 'tokens', 'requests'] as const
export type Measure = (typeof measures)[number]

/** How the page is written now: in which language, at what time, and for which choices. */
export interface Telling {
  say: Say
  format: Format
  choices: Choices
}

export function telling(choices: Choices, nowMs: number): Telling {
  const { language } = choices
  return { say: speaker(language), format: new Format(language, nowMs), choices }
}

/** A part of the page with its heading; `beside` stands at the end of that line. */
export function part(id: string, title: Child, beside: Child, ...content: Child[]): Element {
  return h(
    'section',
    { class: 'part', id, 'aria-labelledby': `${id}-title` },
    h('div', { class: 'head' }, h('h2', { id: `${id}-title` }, title), beside),
    ...content,
  )
}

export function empty(text: string): Element {
  return h('p', { class: 'empty' }, text)
}

/** Links of which one is chosen. They change the address, which the script does without asking for the page again. */
export function choice(
  { choices }: Telling,
  label: string,
  options: { text: string; change: Partial<Choices>; language?: string }[],
): Element {
  return h(
    'nav',
    { class: 'choice', 'aria-label': label },
    options.map(({ text, change, language }) => {
      const isChosen = Object.entries(change).every(
        ([name, value]) => choices[name as keyof Choices] === value,
      )
      return h(
        'a',
        {
          href: address({ ...choices, ...change }),
          'data-choice': true,
          'aria-current': isChosen && 'true',
          lang: language,
        },
        text,
      )
    }),
  )
}

/** The choices as the address has them: only those that differ from what everybody gets. */
export function address({ language, onlyErrors, allRequests, measure }: Choices): string {
  const query = new URLSearchParams({ lang: language })
  if (onlyErrors) query.set('show', 'errors')
  if (allRequests) query.set('all', '1')
  if (measure !== 'cost') query.set('measure', measure)
  return `?${query.toString()}`
}

export function choicesIn(search: string, language: Language): Choices {
  const query = new URLSearchParams(search)
  const asked = query.get('lang')
  return {
    language: asked === 'en' || asked === 'zh' ? asked : language,
    onlyErrors: query.get('show') === 'errors',
    allRequests: query.get('all') === '1',
    measure: measures.find((one) => one === query.get('measure')) ?? 'cost',
    search: '',
  }
}

/** A short time; the full one is shown on hover. */
export function time({ format }: Telling, iso: string, text: string): Element {
  return h('time', { datetime: iso, title: format.moment(iso) }, text)
}

/** A bar that is filled in part; the figure stands beside it as text, so nothing is read out. */
export function bar(share: number, kind = ''): Element {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10
  return h(
    'svg',
    { 'aria-hidden': 'true', preserveAspectRatio: 'none', viewBox: '0 0 100 6' },
    h('rect', { class: 'track', width: 100, height: 6 }),
    h('rect', { class: `fill ${kind}`.trim(), width: filled, height: 6 }),
  )
}

/** A button that copies a text; `what` is read out, as many of them look the same. */
export function copyButton(
  { say }: Telling,
  text: string,
  what: string,
  word: Word = 'copy',
): Element {
  return h(
    'button',
    { type: 'button', 'data-copy': text, 'aria-label': `${say(word)}: ${what}` },
    say(word),
  )
}
