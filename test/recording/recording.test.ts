/** The recording of the READMEs: that what draws it draws what a terminal shows, and that the picture is one that GitHub shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { framesOf } from './frames.ts'
import { Screen } from './screen.ts'
import { svgOf } from './svg.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')
const picture = readFileSync(path.join(packageDir, 'docs', 'recording.svg'), 'utf8')

function shown(screen: Screen): string[] {
  return screen.lines.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
}

test('a screen moves, clears and scrolls as a terminal does, wherever a sequence is cut', () => {
  const text = 'one\r\ntwo\r\nthree\x1b[2A\rONE\x1b[2B\x1b[2G\x1b[K-\r\n\x1b]0;title\x07four'
  const whole = new Screen(3, 8)
  whole.write(text)
  assert.deepEqual(shown(whole), ['two', 't-', 'four'])

  for (let cut = 1; cut < text.length; cut += 1) {
    const inTwo = new Screen(3, 8)
    inTwo.write(text.slice(0, cut))
    inTwo.write(text.slice(cut))
    assert.deepEqual(shown(inTwo), shown(whole), `cut at ${cut}`)
  }
})

test('a screen keeps the colours of what is written', () => {
  const screen = new Screen(1, 5)

  screen.write('\x1b[1;38;2;1;2;3ma\x1b[39;22mb\x1b[38;5;196mc\x1b[0;7md')

  const styles = screen.lines[0]!.map(({ style }) => style)
  assert.deepEqual(
    styles.map(({ color, bold, inverse }) => [color, bold, inverse]),
    [
      ['#010203', true, false],
      [undefined, false, false],
      ['#ff0000', false, false],
      [undefined, false, true],
      [undefined, false, false],
    ],
  )
})

test('a line is seen from its first frame to the one that changes it, and the last picture without animation', () => {
  const frames = framesOf({
    upper: [
      { at: 1000, text: 'in /home/someone/droid2api\r\n' },
      { at: 1500, text: 'early' },
      { at: 2500, text: '\r\x1b[Klate <&>' },
    ],
    lower: [],
    switched: 9000,
    rows: 2,
    lowerRows: 1,
    columns: 40,
    packageDir: '/home/someone/droid2api',
  })

  const svg = svgOf(frames.slice(0, 4), { rows: 2, columns: 40 })

  assert.match(svg, /<g>.*in \/home\/me\/droid2api<\/text><\/g>/)
  assert.match(svg, /<g visibility="hidden"><animate .*hidden;visible;hidden".*>early<\/text>/)
  assert.match(
    svg,
    /<g visibility="visible"><animate .*hidden;visible".*>late &lt;&amp;&gt;<\/text>/,
  )
})

test('the picture is small, whole, and asks for nothing from elsewhere', () => {
  assert.ok(picture.length <= 300_000, `${picture.length} bytes`)
  assert.match(picture, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [\s\S]*<\/svg>\n$/)
  assert.doesNotMatch(picture, /<script|<image|<foreignObject|href=|@import|url\(/)
  const open = picture.match(/<(?:g|text|svg|style|title)[ >]/g)
  const closed = picture.match(/<\/(?:g|text|svg|style|title)>/g)
  assert.equal(open?.length, closed?.length)
})

test('the picture shows what the README says: the demo, Claude Code on two models, and no path of who made it', () => {
  assert.match(picture, /npm run demo/)
  assert.match(picture, /gpt-5\.4 → demo openai 200/)
  assert.match(picture, /gemini-3-pro → demo google 200/)
  assert.match(picture, /Water the plants on Friday\./)
  assert.doesNotMatch(picture, /\/(?:work|root|tmp|var)\//)
})
