/** Comments and trailing commas, which people write into JSON: blanked in place, so that places in faults stay true. */

const stringOrComment = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const stringOrLastComma = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g

/** In: JSON with comments. Out: a text of the same length and the same lines, which JSON.parse takes. */
export function withoutComments(text: string): string {
  const bare = text.replace(stringOrComment, (found) =>
    found.startsWith('"') ? found : found.replace(/[^\r\n]/g, ' '),
  )
  return bare.replace(stringOrLastComma, (found, at: number) =>
    found === ',' && endsValue(bare, at) ? ' ' : found,
  )
}

/** Whether a value ends before this place: `[,]` is no list with a comma too many. */
function endsValue(text: string, at: number): boolean {
  return !/[[{,:]\s*$/.test(text.slice(Math.max(0, at - 1000), at)) && at > 0
}
