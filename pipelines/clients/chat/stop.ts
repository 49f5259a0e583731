/** The stop sequences of a chat request: which of them go up, and at which we cut the text ourselves. */
import { badRequest } from '../../errors.ts'
import { isGiven, listAt, textAt } from '../../untrusted.ts'

/** Each is looked for in every piece of the answer; the API of chat takes 4. */
const mostSequences = 256

/** Each once, without empty ones. Throws a 400 that names the place of what is no text, or too many. */
export function stopSequencesOf(stop: unknown): string[] {
  if (!isGiven(stop)) return []
  const list =
    typeof stop === 'string'
      ? [stop]
      : listAt(stop, 'stop').map((entry, at) => textAt(entry, `stop[${at}]`))
  const sequences = [...new Set(list)].filter((entry) => entry !== '')
  if (sequences.length <= mostSequences) return sequences
  const message = `stop has ${sequences.length} sequences; send at most ${mostSequences}.`
  throw badRequest('invalid_value', 'stop', message)
}

/** As many the APIs of chat promise; servers that speak the Messages API over one of them refuse more. */
const mostSentUp = 4

/** Whitespace, and what cannot be seen either: the Messages API refuses sequences of nothing else. */
const blank = /^[\s\p{C}\p{Z}]*$/u

/** The sequences that the Messages API takes, and those that are left to us. */
export function shareStops(sequences: readonly string[]): { sent: string[]; stopAt: string[] } {
  const sent = sequences.filter((entry) => !blank.test(entry)).slice(0, mostSentUp)
  const taken = new Set(sent)
  return { sent, stopAt: sequences.filter((entry) => !taken.has(entry)) }
}
