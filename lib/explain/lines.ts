/** An explanation for a person: where the request goes, then what changed, then the request itself. */
import type { Explanation } from './explain.ts'

/** Characters of a body that are shown; `--json` has all of it. */
const shownBody = 2000

/** `heading`: makes a text stand out. */
export function explanationLines(
  explained: Explanation,
  heading: (text: string) => string,
): string {
  const { method, url, headers, body, account, others, chain, changes } = explained
  const size = body === null ? '' : `, ${Buffer.byteLength(body)} bytes`
  const blocks: [title: string, ...lines: string[]][] = [
    [
      url === null ? 'Nothing goes up' : `${method} ${url}${size}`,
      '',
      ...columns([
        ...chain.map((one) => ['model', placed(one), one.why]),
        ...(account === null ? [] : [['account', account, 'serves']]),
        ...others.map(({ name, why }) => ['account', name, why]),
      ]),
    ],
    ['Changed on the way', ...(changes.length > 0 ? changes : ['nothing']).map(indented)],
  ]
  if (headers) {
    const lines = Object.entries(headers).map(([name, value]) => indented(`${name}: ${value}`))
    blocks.push(['Headers', ...lines])
  }
  if (body !== null) blocks.push(['Body', ...bodyLines(body)])
  const texts = blocks.map(([title, ...lines]) =>
    [heading(harmless(title)), ...lines.map(harmless)].join('\n'),
  )
  return `${texts.join('\n\n')}\n`
}

function placed({ model, endpoint }: Explanation['chain'][number]): string {
  return endpoint === undefined ? model : `${model} at ${endpoint}`
}

function indented(text: string): string {
  return `  ${text}`
}

/** A word that repeats that of the line above is left out. */
function columns(rows: string[][]): string[] {
  const width = Math.max(...rows.map(([, name = '']) => name.length))
  return rows.map(([what = '', name = '', why = ''], index) => {
    const label = rows[index - 1]?.[0] === what ? '' : what
    return `${label.padEnd(9)}${name.padEnd(width + 2)}${why}`
  })
}

function bodyLines(body: string): string[] {
  const shown = body.slice(0, shownBody)
  const left = Buffer.byteLength(body.slice(shownBody))
  return [shown, ...(left > 0 ? [`… and ${left} bytes more, all of them in --json`] : [])]
}

// oxlint-disable-next-line no-control-regex -- it is these that are looked for
const moving = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Control characters in a request must not move the reader's cursor or reverse the text. */
export function harmless(text: string): string {
  return text.replace(moving, '\ufffd')
}
