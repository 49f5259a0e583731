/** The two terminals in one picture after another. */
import { Screen, type Cell } from './screen.ts'
import type { Written } from './pane.ts'

export interface Frame {
  /** ms since the first one */
  at: number
  lines: Cell[][]
}

export interface Recorded {
  upper: Written[]
  lower: Written[]
  /** when the lower terminal comes into view */
  switched: number
  rows: number
  lowerRows: number
  columns: number
  /** is shown as a home's folder */
  packageDir: string
}

/** ms: what changes faster is one frame, and nobody waits longer for the next. */
const [shortest, longest] = [120, 1300]

export function framesOf(recorded: Recorded): Frame[] {
  const { rows, lowerRows, columns, packageDir, switched } = recorded
  const [upper, lower] = [new Screen(rows, columns), new Screen(lowerRows, columns)]
  const events = [
    ...recorded.upper.map(({ at, text }) => ({
      at,
      screen: upper,
      text: text.replaceAll(packageDir, '/home/me/droid2api'),
    })),
    ...recorded.lower.map(({ at, text }) => ({ at, screen: lower, text })),
    { at: switched, screen: upper, text: '' },
  ].toSorted((one, other) => one.at - other.at)
  const frames: Frame[] = []
  let [clock, last] = [0, events[0]?.at ?? 0]
  for (const [index, { at, screen, text }] of events.entries()) {
    screen.write(text)
    const next = events[index + 1]
    if (next && next.at - last < shortest) continue
    const both = at >= switched
    frames.push({ at: clock, lines: both ? together(upper, lower, recorded) : upper.lines })
    clock += Math.min(longest, (next?.at ?? at) - last)
    last = next?.at ?? at
  }
  return [...frames, { at: clock + longest, lines: [] }]
}

/** The last lines of the upper one above the lower one. */
function together(upper: Screen, lower: Screen, { rows, lowerRows, columns }: Recorded): Cell[][] {
  const height = rows - lowerRows - 1
  const end = Math.max(height, upper.row)
  const style = { color: '#30363d', bold: false, dim: false, inverse: false }
  const line = Array.from({ length: columns }, () => ({ text: '─', style }))
  return [...upper.lines.slice(end - height, end), line, ...lower.lines]
}
