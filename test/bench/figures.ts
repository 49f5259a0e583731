/** Figures of several rounds in a few words. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
