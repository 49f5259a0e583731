/**
 * The rest rule: an event that carries a whole value adds what the deltas left out. A value that does not continue what
 * was sent adds nothing, so each character is sent once whether an upstream sends deltas, whole values, or both.
 */
export function restOf(whole: string, sent: string): string {
  return whole.startsWith(sent) ? whole.slice(sent.length) : ''
}
