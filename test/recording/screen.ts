/**
 * What a terminal shows after what programs have written to it: as much of a terminal as shells and Claude Code use. Unknown
 * sequences are left out.
 */

export interface Style {
  /** `#rrggbb`; undefined: the terminal's own */
  color: string | undefined
  bold: boolean
  dim: boolean
  inverse: boolean
}

export interface Cell {
  text: string
  style: Style
}

const plain: Style = { color: undefined, bold: false, dim: false, inverse: false }

/** The sixteen colours that a terminal chooses itself, here for a dark one. */
const named = [
  '#484f58',
  '#ff7b72',
  '#7ee787',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#76e3ea',
  '#c9d1d9',
]
const bright = [
  '#8b949e',
  '#ffa198',
  '#aff5b4',
  '#f2cc60',
  '#a5d6ff',
  '#e2c5ff',
  '#b3f0ff',
  '#ffffff',
]

const [escape, bell] = ['\u{1B}', '\u{7}']

/** One sequence that moves or colours, a title, another one of two characters, or a character to show. */
const piece = new RegExp(
  String.raw`${escape}\[([?>=<]?)([\d;:]*)[ -/]*([@-~])|${escape}\][^${bell}${escape}]*(?:${bell}|${escape}\\)|${escape}[()][A-Z\d]|${escape}.|[\s\S]`,
  'gu',
)

/** The beginning of one, whose end is still to come. */
const cut = new RegExp(String.raw`${escape}(?:\[[?>=<]?[\d;:]*|\][^${bell}${escape}]*)?$`)

/** Without what moves and colours. */
export function plainText(written: string): string {
  const pieces = Array.from(written.matchAll(piece), ([all]) => all)
  return pieces.filter((one) => !one.startsWith(escape)).join('')
}

export class Screen {
  readonly #rows: number
  readonly #columns: number
  #lines: Cell[][]
  #row = 0
  #column = 0
  #style = plain
  /** a sequence that came in two parts */
  #rest = ''

  constructor(rows: number, columns: number) {
    this.#rows = rows
    this.#columns = columns
    this.#lines = Array.from({ length: rows }, () => this.#blank())
  }

  /** The row that the cursor is in. */
  get row(): number {
    return this.#row
  }

  /** A copy of the lines, from top to bottom. */
  get lines(): Cell[][] {
    return this.#lines.map((line) => [...line])
  }

  write(text: string): void {
    const whole = this.#rest + text
    const open = cut.exec(whole)
    this.#rest = open ? open[0] : ''
    for (const found of whole.slice(0, whole.length - this.#rest.length).matchAll(piece)) {
      const [all, mark, numbers = '', final] = found
      if (final !== undefined) {
        if (mark === '') this.#control(final, numbers.split(/[;:]/).map(Number))
      } else if (!all.startsWith(escape)) this.#put(all)
    }
  }

  #put(character: string): void {
    if (character === '\n') this.#lineFeed()
    else if (character === '\r') this.#column = 0
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1)
    else if (character >= ' ') {
      if (this.#column >= this.#columns) {
        this.#column = 0
        this.#lineFeed()
      }
      this.#lines[this.#row]![this.#column] = { text: character, style: this.#style }
      this.#column += 1
    }
  }

  #lineFeed(): void {
    if (this.#row < this.#rows - 1) this.#row += 1
    else this.#lines = [...this.#lines.slice(1), this.#blank()]
  }

  #control(final: string, numbers: number[]): void {
    const [first = 0, second = 0] = numbers
    const count = Math.max(1, first)
    if (final === 'm') this.#style = styled(this.#style, numbers)
    else if (final === 'A') this.#row = Math.max(0, this.#row - count)
    else if (final === 'B') this.#row = Math.min(this.#rows - 1, this.#row + count)
    else if (final === 'C') this.#column = Math.min(this.#columns - 1, this.#column + count)
    else if (final === 'D') this.#column = Math.max(0, this.#column - count)
    else if (final === 'G') this.#column = Math.min(this.#columns, count) - 1
    else if (final === 'H') {
      this.#row = Math.min(this.#rows, count) - 1
      this.#column = Math.min(this.#columns, Math.max(1, second)) - 1
    } else if (final === 'K') this.#clearLine(first)
    else if (final === 'J') this.#clearBelow(first)
  }

  #clearLine(how: number): void {
    const from = how === 0 ? this.#column : 0
    const to = how === 1 ? this.#column + 1 : this.#columns
    this.#lines[this.#row]!.splice(from, to - from, ...this.#blank().slice(from, to))
  }

  #clearBelow(how: number): void {
    if (how === 0) this.#clearLine(0)
    const first = how === 0 ? this.#row + 1 : 0
    for (let row = first; row < this.#rows; row += 1) this.#lines[row] = this.#blank()
  }

  #blank(): Cell[] {
    return Array.from({ length: this.#columns }, () => ({ text: ' ', style: plain }))
  }
}

function styled(before: Style, numbers: number[]): Style {
  const style = { ...before }
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index]!
    if (code === 38 || code === 48) {
      const isRgb = numbers[index + 1] === 2
      const rest = numbers.slice(index + 2, index + 5)
      if (code === 38) style.color = isRgb ? rgb(rest) : indexed(rest[0])
      index += isRgb ? 4 : 2
    } else Object.assign(style, simple(style, code))
  }
  return style
}

function simple(style: Style, code: number): Style {
  if (code === 0) return plain
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 7) return { ...style, inverse: true }
  if (code === 22) return { ...style, bold: false, dim: false }
  if (code === 27) return { ...style, inverse: false }
  if (code === 39) return { ...style, color: undefined }
  if (code >= 30 && code <= 37) return { ...style, color: named[code - 30] }
  if (code >= 90 && code <= 97) return { ...style, color: bright[code - 90] }
  return style
}

function rgb(parts: number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

/** Of the 256: sixteen named ones, a cube of six by six by six, greys. */
function indexed(index = 0): string {
  if (index < 16) return (index < 8 ? named : bright)[index % 8]!
  if (index >= 232) return rgb(Array.from({ length: 3 }, () => 8 + (index - 232) * 10))
  const step = (level: number) => (level === 0 ? 0 : 55 + level * 40)
  const at = index - 16
  return rgb([step(Math.floor(at / 36)), step(Math.floor(at / 6) % 6), step(at % 6)])
}
