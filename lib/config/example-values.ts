/** Values copied out of an example: as keys they are public, as a login they are none. */

const words =
  /^(?:sk-)?(?:secret|password|key|any|none|null|nil|undefined|dummy|fake|todo|test|token|123\d*|abc\d*)$/i
const phrases =
  /^<|^\[[^\]]*\]$|^(?:sk-)?(?:my|the)[-_ ].*(?:key|token|secret|password)$|^(?:[a-z]{2,4}[-_])?your[-_ ]|^your[a-z]*(?:key|token|secret|password)|change[-_ ]?(?:me|it|this)|replace[-_ ]?|example|placeholder|insert[-_ ]/i
const fillers = /^(?:[a-z]{2,6}[-_])*(?:x{3,}|\*{3,}|\.{3,}|…+)|(?:\.{3}|…)$|x{6,}/i
const tests = /^(?:sk-)?test(?:[-_]?key)?[-_\d]*$/i

/** Whether a text is what an example has in the place of a key. */
export function isExample(text: string): boolean {
  return [words, phrases, fillers, tests].some((pattern) => pattern.test(text))
}
