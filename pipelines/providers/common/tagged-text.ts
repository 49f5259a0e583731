/** Reasoning at the beginning of a text, between tags or in a channel, as models write it whose server leaves it there. */

interface Tag {
  begin: string
  /** any of them */
  ends: readonly string[]
  /** what comes in front of the answer, besides line ends */
  behind?: readonly string[]
  /** goes on with reasoning there */
  again?: string
}

const final = '<|channel|>final<|message|>'
const analysis = '<|channel|>analysis<|message|>'
const harmony = {
  ends: ['<|end|>'],
  again: analysis,
  behind: ['<|start|>assistant', final, '<|channel|>commentary<|message|>'],
}

/**
 * As the templates of models have them. Those in brackets and bars are tokens of a model's own. Source: Roo-Code #8522 (Magistral),
 * Primer #109 (MiniMax), mlx-lm #1867 (gpt-oss), the templates of Seed-OSS, Kimi-VL, Command A and Gemma 4, read 2026-11.
 */
const tags: readonly Tag[] = [
  { begin: '<think>', ends: ['</think>'] },
  { begin: '<thinking>', ends: ['</thinking>'] },
  { begin: '<thought>', ends: ['</thought>'] },
  { begin: '<mm:think>', ends: ['</mm:think>'] },
  { begin: '<seed:think>', ends: ['</seed:think>'] },
  { begin: '[THINK]', ends: ['[/THINK]'] },
  { begin: '◁think▷', ends: ['◁/think▷'] },
  { begin: '<|START_THINKING|>', ends: ['<|END_THINKING|>'] },
  { begin: '<|channel>thought', ends: ['<channel|>'] },
  { begin: analysis, ...harmony },
  { begin: `<|start|>assistant${analysis}`, ...harmony },
  // nothing was thought, or it came elsewhere
  { begin: final, ends: [] },
]

/** The reasoning that a template has begun: no word of the answer says so. Harmony's end is that of a message, too. */
const unopened: Tag = {
  begin: '',
  ends: tags.flatMap(({ again, ends }) => (again === undefined ? ends : [])),
}

/** White space in front of a tag that is waited for, characters. */
const maxSpace = 256

export type TextPiece =
  | { kind: 'text' | 'reasoning'; text: string }
  /** of the tool, with its arguments as the text */
  | { kind: 'call'; name: string; text: string }

/**
 * Takes reasoning out of a text that begins with one of the tags; anywhere else tags are text, since models write about them.
 * Held back is at most what may be a tag.
 */
export class TaggedText {
  #state: 'start' | 'inside' | 'behind' | 'text' = 'start'
  #held = ''
  #tag: Tag | undefined
  readonly #isOpened: boolean

  /** `isOpened`: the template of the model has begun its reasoning, so that only the end of that is in the text. */
  constructor(isOpened = false) {
    this.#isOpened = isOpened
  }

  /** Whether all that came was taken for reasoning, though no word said so, neither at its beginning nor at its end. */
  get isUnmarked(): boolean {
    return this.#state === 'inside' && this.#tag === unopened
  }

  push(text: string): TextPiece[] {
    if (this.#state === 'text') return text === '' ? [] : [{ kind: 'text', text }]
    const pieces: TextPiece[] = []
    let rest: string | undefined = this.#held + text
    this.#held = ''
    while (rest !== undefined) rest = this.#step(rest, pieces)
    return pieces
  }

  /** Reasoning came elsewhere, so that no tag is looked for; line ends behind it are none of the text. */
  flushBehind(): TextPiece[] {
    const isBegun = this.#state === 'text' || this.#held.trim() !== ''
    const pieces = this.flush()
    if (!isBegun) this.#state = 'behind'
    return isBegun ? pieces : []
  }

  /** No tag is looked for any more: a call came, or the text has ended. */
  flush(): TextPiece[] {
    const held = this.#held
    this.#held = ''
    const kind = this.#state === 'inside' ? 'reasoning' : 'text'
    if (this.#state === 'start' || this.#state === 'behind') this.#state = 'text'
    return held === '' ? [] : [{ kind, text: held }]
  }

  /** What is left for another state; undefined when all is done. */
  #step(text: string, pieces: TextPiece[]): string | undefined {
    switch (this.#state) {
      case 'start':
        return this.#look(text)
      case 'inside':
        return this.#think(text, pieces)
      case 'behind':
        return this.#pass(text)
      case 'text':
        if (text !== '') pieces.push({ kind: 'text', text })
        return undefined
      default:
        return this.#state satisfies never
    }
  }

  #look(text: string): string | undefined {
    const begun = text.trimStart()
    const tag = tags.find(({ begin }) => begun.startsWith(begin))
    if (tag) {
      this.#state = tag.ends.length === 0 ? 'text' : 'inside'
      this.#tag = tag
      return begun.slice(tag.begin.length)
    }
    const mayBe =
      tags.some(({ begin }) => begin.startsWith(begun)) && text.length - begun.length <= maxSpace
    if (!mayBe) {
      this.#state = this.#isOpened ? 'inside' : 'text'
      this.#tag = unopened
      return text
    }
    this.#held = text
    return undefined
  }

  #think(text: string, pieces: TextPiece[]): string | undefined {
    const { ends } = this.#tag!
    const { at, end } = firstOf(ends, text)
    const until = at === -1 ? text.length - partLength(text, ends) : at
    if (until > 0) pieces.push({ kind: 'reasoning', text: text.slice(0, until) })
    if (at === -1) {
      this.#held = text.slice(until)
      return undefined
    }
    this.#state = 'behind'
    return text.slice(at + end.length)
  }

  /** What stands between reasoning and answer is none of either. */
  #pass(text: string): string | undefined {
    const { behind = [], again = '' } = this.#tag ?? {}
    const said = text.replace(/^[\r\n]+/, '')
    if (again !== '' && said.startsWith(again)) {
      this.#state = 'inside'
      return said.slice(again.length)
    }
    const word = behind.find((one) => said.startsWith(one))
    if (word !== undefined) return said.slice(word.length)
    if (said === '' || [...behind, again].some((one) => one.startsWith(said))) {
      this.#held = said
      return undefined
    }
    this.#state = 'text'
    return said
  }
}

/** Where the first of the words stands, or -1. */
function firstOf(words: readonly string[], text: string): { at: number; end: string } {
  let first = { at: -1, end: '' }
  for (const end of words) {
    const at = text.indexOf(end)
    if (at !== -1 && (first.at === -1 || at < first.at)) first = { at, end }
  }
  return first
}

/** How much of the text's end may be the beginning of one of the words. */
export function partLength(text: string, words: readonly string[]): number {
  let most = 0
  for (const word of words) {
    for (let length = Math.min(word.length - 1, text.length); length > most; length--) {
      if (text.endsWith(word.slice(0, length))) most = length
    }
  }
  return most
}
