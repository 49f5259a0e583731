/** What was used in 30 days: a picture by day, and tables by model, client and account. */
import type { StatusContent } from '../status/content.ts'
import type { Stack, UsageSummary } from '../status/usage-summary.ts'
import type { Counts } from '../usage/row.ts'
import { h, type Child, type Element } from './node.ts'
import { bar, choice, empty, part, type Measure, type Telling } from './parts.ts'
import type { Word } from './words.ts'

export function usage({ usage: used }: StatusContent, telling: Telling): Element {
  const { say } = telling
  if (used === null) return part('usage', say('usage'), false, empty(say('usageOff')))
  if ('problem' in used) {
    return part('usage', say('usage'), false, h('p', { class: 'note bad' }, used.problem))
  }
  const title = [say('usage'), h('small', {}, say('days'))]
  if (used.total.requests === 0) return part('usage', title, false, empty(say('noUsage')))
  const isPriced = used.total.cost_micro_usd > 0
  const chosen = telling.choices.measure
  const measure = chosen === 'cost' && !isPriced ? 'tokens' : chosen
  const words: Measure[] = isPriced ? ['cost', 'tokens', 'requests'] : ['tokens', 'requests']
  const shown = { ...telling, choices: { ...telling.choices, measure } }
  return part(
    'usage',
    title,
    choice(
      shown,
      say('measure'),
      words.map((one) => ({ text: say(one), change: { measure: one } })),
    ),
    chart(used, measure, telling),
    h(
      'div',
      { class: 'tables' },
      table('byModel', used.models, ({ model }) => nameOf(model, say('noModel')), shown),
      table('byClient', used.clients, ({ client }) => nameOf(client, say('nobodyNamed')), shown),
      table('byAccount', used.accounts, ({ account }) => nameOf(account, say('noAccount')), shown),
    ),
  )
}

/** `none` stands where there was none. */
export function nameOf(name: string, otherwise: string): string {
  return name === 'none' ? otherwise : name
}

export function tokensOf({ input, output }: Pick<Counts, 'input' | 'output'>): number {
  return input + output
}

function sizeOf(counts: Counts, measure: Measure): number {
  if (measure === 'cost') return counts.cost_micro_usd
  return measure === 'tokens' ? tokensOf(counts) : counts.requests
}

function figure(size: number, measure: Measure, { format }: Telling): string {
  if (measure === 'cost') return format.money(size)
  return measure === 'tokens' ? format.short(size) : format.whole(size)
}

const width = 1000
const height = 190

/** Bars that are stacked by model. Its figures are in the tables, and each day's in the title of its bar. */
function chart({ days, stacks, total }: UsageSummary, measure: Measure, telling: Telling): Element {
  const { say, format } = telling
  const sums = days.map((day) => sizeOf(day, measure))
  const most = Math.max(...sums, 1)
  const step = width / days.length
  const lines = [0, 0.5, 1].map((share) =>
    h('line', {
      class: 'grid',
      x1: 0,
      x2: width,
      y1: height - share * (height - 1) - 0.5,
      y2: height - share * (height - 1) - 0.5,
      'vector-effect': 'non-scaling-stroke',
    }),
  )
  const bars = days.map(({ day }, index) => {
    const sum = sums[index]!
    if (sum === 0) return false
    const title = `${format.day(day)}: ${figure(sum, measure, telling)}`
    return h(
      'g',
      { class: 'bar', key: day },
      h('title', {}, title),
      pieces(stacks, index, measure, { x: index * step + step * 0.14, wide: step * 0.72, most }),
    )
  })
  const label = say('chartOf', say(measure), figure(sizeOf(total, measure), measure, telling))
  const first = days[0]?.day ?? ''
  return h(
    'figure',
    { class: 'card chart' },
    h('p', { class: 'top-mark label', 'aria-hidden': 'true' }, figure(most, measure, telling)),
    h(
      'svg',
      {
        class: 'plot',
        role: 'img',
        'aria-label': label,
        viewBox: `0 0 ${width} ${height}`,
        preserveAspectRatio: 'none',
      },
      lines,
      bars,
    ),
    h(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      h('span', {}, format.day(first)),
      h('span', {}, say('today')),
    ),
    legend(stacks, measure, telling),
  )
}

interface Place {
  x: number
  wide: number
  most: number
}

function pieces(stacks: Stack[], index: number, measure: Measure, { x, wide, most }: Place): Child {
  let top = height
  return stacks.map((stack, place) => {
    const high = (stack[measure][index]! / most) * (height - 1)
    if (high <= 0) return false
    top -= high
    return h('rect', {
      class: colour(stack, place),
      x: round(x),
      y: round(top),
      width: round(wide),
      height: round(high),
    })
  })
}

function round(length: number): number {
  return Math.round(length * 10) / 10
}

function colour({ model }: Stack, place: number): string {
  return model === null ? 'c0' : `c${place + 1}`
}

function legend(stacks: Stack[], measure: Measure, { say }: Telling): Child {
  const used = stacks
    .map((stack, place) => ({ stack, place }))
    .filter(({ stack }) => stack[measure].some((size) => size > 0))
  return h(
    'ul',
    { class: 'legend' },
    used.map(({ stack, place }) =>
      h(
        'li',
        { key: stack.model ?? '' },
        h(
          'svg',
          { class: 'swatch', 'aria-hidden': 'true', viewBox: '0 0 10 10' },
          h('rect', { class: colour(stack, place), width: 10, height: 10 }),
        ),
        h('span', { class: 'id' }, stack.model ?? say('otherModels')),
      ),
    ),
  )
}

/** So many rows are there without a click. */
const atFirst = 8

function table<Row extends Counts>(
  title: Word,
  rows: readonly Row[],
  name: (row: Row) => string,
  telling: Telling,
): Child {
  const { say, choices } = telling
  const { measure } = choices
  const inOrder = rows.toSorted((one, other) => sizeOf(other, measure) - sizeOf(one, measure))
  const most = Math.max(...rows.map((one) => sizeOf(one, measure)), 1)
  const isPriced = rows.some((one) => one.cost_micro_usd > 0)
  const line = (one: Row) => usageRow(one, name(one), { most, isPriced }, telling)
  const first = inOrder.slice(0, atFirst)
  const others = inOrder.slice(atFirst)
  const heads = (['requests', 'tokens'] as const).map((word) =>
    h('th', { scope: 'col', class: 'number' }, say(word)),
  )
  return h(
    'div',
    { class: 'card scroll' },
    h(
      'table',
      {},
      h('caption', {}, say(title)),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, h('span', { class: 'hidden' }, say(title))),
          heads,
          isPriced && h('th', { scope: 'col', class: 'number' }, say('cost')),
        ),
      ),
      h('tbody', {}, first.map(line)),
      others.length > 0 && h('tbody', {}, summed(others, { most, isPriced }, telling)),
    ),
  )
}

interface Scale {
  most: number
  isPriced: boolean
}

function usageRow(
  counts: Counts,
  name: string,
  { most, isPriced }: Scale,
  telling: Telling,
): Element {
  const { format, choices } = telling
  return h(
    'tr',
    { key: name },
    h(
      'th',
      { scope: 'row', class: 'share' },
      h('span', { class: 'id' }, name),
      bar(sizeOf(counts, choices.measure) / most),
    ),
    h('td', { class: 'number' }, format.whole(counts.requests)),
    h('td', { class: 'number' }, format.short(tokensOf(counts))),
    isPriced && h('td', { class: 'number' }, format.money(counts.cost_micro_usd)),
  )
}

/** Those for which there is no room, as one row. */
function summed(rows: readonly Counts[], scale: Scale, telling: Telling): Element {
  const sum = { ...rows[0]! }
  for (const row of rows.slice(1)) {
    for (const name of ['requests', 'input', 'output', 'cost_micro_usd'] as const) {
      sum[name] += row[name]
    }
  }
  return usageRow(sum, telling.say('others', rows.length), scale, telling)
}
