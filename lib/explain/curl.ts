/**
 * The request as a line for a POSIX shell, in which a variable stands for each secret: what `curl` then sends has the same headers
 * and the same body. Body and address are quoted whole, since a line is pasted with whatever a prompt holds.
 */
import { inQuotes } from '../setup/curl.ts'
import type { Explained } from './explain.ts'
import { partedBy, type Parted, type Secret } from './secrets.ts'

/** What curl sets itself, by the connection that it has. */
const ofCurl = new Set(['host', 'content-length', 'connection'])
/** Headers that curl adds by default. */
const added = ['user-agent', 'accept', 'content-type']
/** Bytes; for larger bodies some versions ask first. */
const askedFirst = 1024

/** Empty where nothing goes up. `nameOf`: the variable of the shell that holds the secret. */
export function curlLine(
  { plain: { url, headers, body }, secrets }: Explained,
  nameOf: (secret: Secret) => string,
): string {
  if (url === null || headers === null || body === null) return ''
  const quoted = (text: string, place: string) => shellText(partedBy(text, place, secrets), nameOf)
  const own = Object.entries(headers).filter(([name]) => !ofCurl.has(name))
  const removed = [
    ...added.filter((name) => headers[name] === undefined),
    ...(Buffer.byteLength(body) > askedFirst ? ['expect'] : []),
  ]
  const options = [
    ...own.map(
      ([name, value]) =>
        `-H ${value === '' ? inQuotes(`${name};`) : quoted(`${name}: ${value}`, name)}`,
    ),
    ...removed.map((name) => `-H ${inQuotes(`${name}:`)}`),
    // from a pipe, as one argument of a command may not be as long as a prompt
    '--data-binary @-',
  ]
  const literal = /[[\]{}]|\/\./.test(url) ? ' -g --path-as-is' : ''
  const command = `curl -sS${literal} ${quoted(url, 'url')}`
  return `${[`printf %s ${inQuotes(body)} | ${command}`, ...options].join(' \\\n  ')}\n`
}

function shellText(parts: Parted, nameOf: (secret: Secret) => string): string {
  return parts
    .map((part) => (typeof part === 'string' ? quotedHeader(part) : `"$${nameOf(part)}"`))
    .join('')
}

/** Header values are Latin-1, which the text of a shell seldom is. */
function quotedHeader(text: string): string {
  if (/^[\t -~]*$/.test(text)) return inQuotes(text)
  const format = text
    .replace(/[\\%]/g, (one) => one + one)
    .replace(/[^\t -~]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `"$(printf ${inQuotes(format)})"`
}
