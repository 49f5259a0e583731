/**
 * What runs in the browser: asks for the newest figures while somebody looks, and shows them. One listener each for the whole
 * page, one timer and one request at a time, so that a page which is open for months stays as small as it was.
 */
import type { StatusContent } from '../status/content.ts'
import { copy } from './copy.ts'
import type { Contact } from './head.ts'
import { content } from './page.ts'
import { address, choicesIn, type Choices } from './parts.ts'
import { patch } from './patch.ts'
import { languageOf, languages, locales, type Language } from './words.ts'

const everyMs = 5_000
/** A proxy that takes longer than this does not answer. */
const patienceMs = 10_000
/** Beside the folder that this script came from: a front proxy may have a path of its own before both. */
const figures = '../status.json'
const languageKey = 'droid2api-language'

export function start(): void {
  document.documentElement.classList.add('js')
  new Page().start()
}

class Page {
  #status: StatusContent | undefined
  #contact: Contact = 'live'
  #choices: Choices
  #timer: ReturnType<typeof setTimeout> | undefined
  #isAsking = false
  readonly #version = document.body.dataset.version

  constructor() {
    const own = document.documentElement.lang
    const asked = new URLSearchParams(location.search).has('lang')
    const language = (asked ? undefined : kept()) ?? languageOf(own)
    this.#choices = choicesIn(location.search, language)
  }

  start(): void {
    document.addEventListener('click', (event) => this.#clicked(event))
    document.addEventListener('input', (event) => this.#typed(event))
    document.addEventListener('visibilitychange', () => this.#goOn())
    window.addEventListener('popstate', () => {
      const { language, search } = this.#choices
      this.#choices = { ...choicesIn(location.search, language), search }
      this.#show()
    })
    this.#goOn()
  }

  /** Asks now, and again after a while; not while nobody looks. */
  #goOn(): void {
    clearTimeout(this.#timer)
    if (document.visibilityState === 'hidden' || this.#isAsking) return
    this.#isAsking = true
    void this.#ask().finally(() => {
      this.#isAsking = false
      this.#timer = setTimeout(() => this.#goOn(), everyMs)
    })
  }

  async #ask(): Promise<void> {
    try {
      const answer = await fetch(new URL(figures, import.meta.url), {
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(patienceMs),
      })
      if (answer.ok) {
        this.#status = (await answer.json()) as StatusContent
        this.#contact = 'live'
        // the script of another version cannot show what this one tells
        if (this.#status.version !== this.#version) location.reload()
      } else if (answer.status === 401) this.#contact = 'refused'
      else this.#lost()
    } catch {
      this.#lost()
    }
    this.#show()
  }

  #lost(): void {
    if (typeof this.#contact !== 'object') {
      this.#contact = { lostAt: this.#status?.now ?? new Date().toISOString() }
    }
  }

  #show(): void {
    if (!this.#status) return
    const { language } = this.#choices
    document.documentElement.lang = locales[language]
    patch(document.body, content(this.#status, this.#contact, this.#choices))
  }

  #clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : undefined
    const button = target?.closest<HTMLElement>('[data-copy]')
    if (button) void copy(button, this.#choices.language)
    const link = target?.closest<HTMLAnchorElement>('a[data-choice]')
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0
    if (!link || !isPlain || !this.#status) return
    event.preventDefault()
    this.#choose({ ...choicesIn(link.search, 'en'), search: this.#choices.search })
  }

  #choose(choices: Choices): void {
    if (choices.language !== this.#choices.language) keep(choices.language)
    this.#choices = choices
    history.replaceState(null, '', location.pathname + address(choices) + location.hash)
    this.#show()
  }

  #typed(event: Event): void {
    if (!(event.target instanceof HTMLInputElement) || event.target.id !== 'model-search') return
    this.#choices = { ...this.#choices, search: event.target.value }
    this.#show()
  }
}

/** The language that was chosen before; a browser may forbid to keep anything. */
function kept(): Language | undefined {
  try {
    const language = localStorage.getItem(languageKey)
    return languages.find((one) => one === language)
  } catch {
    return undefined
  }
}

function keep(language: Language): void {
  try {
    localStorage.setItem(languageKey, language)
  } catch {
    // the address still has it
  }
}
