/** Frames as a picture that moves: each state of a line is a text that is seen for its time. */
import type { Frame } from './frames.ts'
import type { Cell, Style } from './screen.ts'

const [cellWidth, cellHeight, fontSize, margin, bar] = [8.4, 18, 14, 16, 34]
const [background, foreground] = ['#0d1117', '#c9d1d9']

/** One state of a line, from its first frame to the one that it is no longer in. */
interface Shown {
  row: number
  drawn: string
  from: number
  to: number
}

export function svgOf(frames: readonly Frame[], size: { rows: number; columns: number }): string {
  const total = frames.at(-1)!.at
  const width = Math.ceil(size.columns * cellWidth + 2 * margin)
  const height = Math.ceil(size.rows * cellHeight + bar + margin)
  const texts = shownIn(frames, size.rows).map((shown) => textOf(shown, total))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">
<!-- Made by "npm run record" (test/recording/record.ts) from a real run. -->
<title id="t">npm run demo in one terminal; in another, Claude Code reads a file with gpt-5.4 and goes on with gemini-3-pro</title>
<style>text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${foreground};white-space:pre}.b{font-weight:600}.d{opacity:.6}</style>
<rect width="${width}" height="${height}" rx="8" fill="${background}"/>
${['#ff5f56', '#ffbd2e', '#27c93f'].map((color, index) => `<circle cx="${20 + index * 20}" cy="17" r="6" fill="${color}"/>`).join('')}
${texts.join('\n')}
</svg>
`
}

/** The states of all lines. What is on the last picture has no end. */
function shownIn(frames: readonly Frame[], rows: number): Shown[] {
  const all: Shown[] = []
  for (let row = 0; row < rows; row += 1) {
    let now: Shown | undefined
    for (const { at, lines } of frames) {
      const drawn = at === frames.at(-1)!.at ? now?.drawn : drawnLine(lines[row] ?? [], row)
      if (now && now.drawn === drawn) now.to = at
      else {
        if (now) now.to = at
        now = { row, drawn: drawn ?? '', from: at, to: at }
        all.push(now)
      }
    }
  }
  return all.filter(({ drawn }) => drawn !== '')
}

/** Without SMIL the last picture is what is seen. */
function textOf({ drawn, from, to }: Shown, total: number): string {
  const isLast = to === total
  if (from === 0 && isLast) return `<g>${drawn}</g>`
  const part = (at: number) => Number((at / total).toFixed(4))
  const times = [0, ...(from > 0 ? [part(from)] : []), ...(isLast ? [] : [part(to)])]
  const values = times.map((time, index) =>
    (from > 0 && index === 0) || (!isLast && index === times.length - 1) ? 'hidden' : 'visible',
  )
  const animate = `<animate attributeName="visibility" dur="${total / 1000}s" repeatCount="indefinite" calcMode="discrete" keyTimes="${times.join(';')}" values="${values.join(';')}"/>`
  return `<g visibility="${isLast ? 'visible' : 'hidden'}">${animate}${drawn}</g>`
}

/** Each run of one style is placed by itself, so that no font can move what follows. */
function drawnLine(line: readonly Cell[], row: number): string {
  const y = bar + row * cellHeight + fontSize
  return runsOf(line)
    .map(({ column, text, style }) => {
      const x = Number((margin + column * cellWidth).toFixed(1))
      const { color, bold, dim, inverse } = style
      const classes = [bold && 'b', dim && 'd'].filter(Boolean).join(' ')
      const fill = inverse ? background : color
      const box = inverse
        ? `<rect x="${x}" y="${y - fontSize}" width="${Number((text.length * cellWidth).toFixed(1))}" height="${cellHeight}" fill="${color ?? foreground}"/>`
        : ''
      return `${box}<text x="${x}" y="${y}"${classes && ` class="${classes}"`}${fill ? ` style="fill:${fill}"` : ''}>${escaped(text)}</text>`
    })
    .join('')
}

interface TextRun {
  column: number
  text: string
  style: Style
}

/** Split at changes of style and at gaps. */
function runsOf(line: readonly Cell[]): TextRun[] {
  const runs: TextRun[] = []
  for (const [column, { text, style }] of line.entries()) {
    if (text === ' ' && !style.inverse) continue
    const last = runs.at(-1)
    const end = last ? last.column + Array.from(last.text).length : 0
    const isNear = last && sameStyle(last.style, style) && column - end <= 1
    if (isNear) last.text += ' '.repeat(column - end) + text
    else runs.push({ column, text, style })
  }
  return runs
}

function sameStyle(one: Style, other: Style): boolean {
  return (['color', 'bold', 'dim', 'inverse'] as const).every((key) => one[key] === other[key])
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
