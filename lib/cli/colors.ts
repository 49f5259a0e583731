/** Whether a terminal gets colours and bold letters. */
// not by name: a Node too old for it must still start, to report that
import util from 'node:util'

/** Not where the user wants none, nor on a terminal that would show them as signs. @see https://no-color.org */
export function showsColors({ NO_COLOR: none, TERM: terminal }: NodeJS.ProcessEnv): boolean {
  return !none && terminal !== 'dumb'
}

/** What makes a heading stand out on such a terminal. */
export function headingFor(env: NodeJS.ProcessEnv): (text: string) => string {
  return (text) => (showsColors(env) ? util.styleText('bold', text) : text)
}
