import { isGiven, listAt, textAt } from './untrusted.ts'

/** The stop sequences of a chat request, without empty ones; throws a 400 that names the place of what is no text. */
export function stopSequencesOf(stop: unknown): string[] {
  if (!isGiven(stop)) return []
  const list =
    typeof stop === 'string'
      ? [stop]
      : listAt(stop, 'stop').map((entry, at) => textAt(entry, `stop[${at}]`))
  return list.filter((entry) => entry !== '')
}
