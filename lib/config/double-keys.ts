/** Keys that stand twice in one object of a JSON text: JSON.parse takes the last and says nothing. */

export interface DoubleKey {
  /** such as `models[0].id` */
  place: string
  /** of the later one, from 1 */
  line: number
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|\n/g

interface Level {
  /** of an object: the keys so far */
  keys?: Set<string>
  /** of a list: how many entries are behind us */
  index: number
  /** the key or the entry that its members belong to, as the end of a place */
  step: string
}

/** `text`: what JSON.parse takes. */
export function doubleKeys(text: string): DoubleKey[] {
  const levels: Level[] = []
  const found: DoubleKey[] = []
  let line = 1
  let before = ''
  for (const [sign] of text.matchAll(token)) {
    const level = levels.at(-1)
    if (sign === '\n') {
      line += 1
      continue
    }
    if (sign === ':' && level?.keys) {
      const key = JSON.parse(before) as string
      level.step = `.${key}`
      if (level.keys.has(key)) found.push({ place: placeOf(levels), line })
      level.keys.add(key)
    } else if (sign === '{') levels.push({ keys: new Set(), index: 0, step: '' })
    else if (sign === '[') levels.push({ index: 0, step: '[0]' })
    else if (sign === '}' || sign === ']') levels.pop()
    else if (sign === ',' && level && !level.keys) {
      level.index += 1
      level.step = `[${level.index}]`
    }
    before = sign
  }
  return found
}

function placeOf(levels: readonly Level[]): string {
  return levels
    .map(({ step }) => step)
    .join('')
    .replace(/^\./, '')
}
