/** The known word nearest to a misspelt one. */

/** `undefined` when nothing is near enough to be meant: more than a third of the word would have to change. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  return closest(word, known, Math.max(2, Math.ceil(word.length / 3)))
}

/** The known word that needs the fewest changes, at most `limit`; the first of several. */
export function closest(
  word: string,
  known: Iterable<string>,
  limit = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance: letters to insert, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
