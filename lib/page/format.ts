/** Numbers, money and times as people read them, in the language of the page. */
import { locales, type Language } from './words.ts'

export class Format {
  readonly #now: number
  readonly #language: Language

  constructor(language: Language, nowMs: number) {
    this.#language = language
    this.#now = nowMs
  }

  /** `1,204` */
  whole(count: number): string {
    return formatter(this.#language, 'whole').format(count)
  }

  /** `8.1M`, `810万` */
  short(count: number): string {
    return formatter(this.#language, count < 10_000 ? 'whole' : 'short').format(count)
  }

  /** From millionths of a dollar. Small sums keep their cents and what lies below. */
  money(microUsd: number): string {
    const usd = microUsd / 1e6
    if (microUsd === 0) return '$0'
    if (usd < 0.01) return '<$0.01'
    return `$${formatter(this.#language, usd < 1000 ? 'cents' : 'whole').format(usd)}`
  }

  share(part: number, all: number): string {
    if (all === 0) return '0%'
    const percent = (part / all) * 100
    return percent > 0 && percent < 1 ? '<1%' : `${Math.round(percent)}%`
  }

  /** The two largest units of a time, such as `2 h 10 min`. */
  duration(ms: number): string {
    const seconds = Math.max(0, Math.round(ms / 1000))
    const parts = units.map(([size, en, zh], index) => {
      const over = index === 0 ? seconds : seconds % units[index - 1]![0]
      return { count: Math.floor(over / size), unit: this.#word(en, zh) }
    })
    const first = parts.findIndex(({ count }) => count > 0)
    if (first === -1) return `0 ${this.#word('s', '秒')}`
    return parts
      .slice(first, first + 2)
      .filter(({ count }) => count > 0)
      .map(({ count, unit }) => `${count} ${unit}`)
      .join(' ')
  }

  /** How long a request took: `80 ms`, `1.8 s`, `2 min 4 s`. */
  took(ms: number): string {
    if (ms < 1000) return `${ms} ${this.#word('ms', '毫秒')}`
    if (ms < 60_000) {
      const seconds = ms < 9950 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000))
      return `${seconds} ${this.#word('s', '秒')}`
    }
    return this.duration(ms)
  }

  #word(en: string, zh: string): string {
    return this.#language === 'zh' ? zh : en
  }

  /** Time that is left; 0 where it is over. */
  until(iso: string): string {
    return this.duration(Math.max(0, Date.parse(iso) - this.#now))
  }

  since(iso: string): string {
    return this.duration(Math.max(0, this.#now - Date.parse(iso)))
  }

  isOver(iso: string): boolean {
    return Date.parse(iso) <= this.#now
  }

  /** `14:03:07`, with the day where it is another one. */
  time(iso: string): string {
    const date = new Date(iso)
    const isToday = date.toDateString() === new Date(this.#now).toDateString()
    return formatter(this.#language, isToday ? 'time' : 'dayTime').format(date)
  }

  /** The full form, shown on hover. */
  moment(iso: string): string {
    return formatter(this.#language, 'moment').format(new Date(iso))
  }

  /** `28 Nov` of `2026-11-28` */
  day(day: string): string {
    return formatter(this.#language, 'day').format(new Date(`${day}T12:00:00`))
  }
}

/** Seconds, and what they are called. */
const units = [
  [86_400, 'd', '天'],
  [3600, 'h', '小时'],
  [60, 'min', '分'],
  [1, 's', '秒'],
] as const

const options = {
  whole: { maximumFractionDigits: 0 },
  short: { notation: 'compact', maximumFractionDigits: 1 },
  cents: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  dayTime: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  moment: { dateStyle: 'long', timeStyle: 'long' },
  day: { month: 'short', day: 'numeric' },
} as const

type Kind = keyof typeof options
type OfNumbers = 'whole' | 'short' | 'cents'

/** Each takes about a millisecond to make. */
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function formatter(language: Language, kind: OfNumbers): Intl.NumberFormat
function formatter(language: Language, kind: Exclude<Kind, OfNumbers>): Intl.DateTimeFormat
function formatter(language: Language, kind: Kind): Intl.NumberFormat | Intl.DateTimeFormat {
  const name = `${language} ${kind}`
  const known = made.get(name)
  if (known) return known
  const locale = locales[language]
  const isNumber = kind === 'whole' || kind === 'short' || kind === 'cents'
  const one = isNumber
    ? new Intl.NumberFormat(locale, options[kind])
    : new Intl.DateTimeFormat(locale, options[kind])
  made.set(name, one)
  return one
}
