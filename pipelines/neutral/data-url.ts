/**
 * Data that stand in the request itself: `data:` URLs (RFC 2397), and what the data are. Their first bytes count for more than
 * what a client declares.
 */

const percent = 0x25

export interface InlineData {
  /** lower case, without parameters; where the URL names none, what the bytes are, else `text/plain` */
  mediaType: string
  /** whether `data` is base64; else it is percent-encoded */
  base64: boolean
  data: string
}

/** The parts of a `data:` URL; `undefined` for anything else. */
export function parseDataUrl(url: string): InlineData | undefined {
  if (url.slice(0, 5).toLowerCase() !== 'data:') return undefined
  const comma = url.indexOf(',')
  if (comma === -1) return undefined

  const [mediaType, ...parameters] = url
    .slice(5, comma)
    .split(';')
    .map((piece) => piece.trim().toLowerCase())
  const inline = { base64: parameters.includes('base64'), data: url.slice(comma + 1) }
  return { mediaType: mediaType || (typeOfBytes(inline) ?? 'text/plain'), ...inline }
}

/** The data as base64, without decoding what already is. */
export function asBase64(inline: InlineData): string {
  return inline.base64 ? inline.data : percentDecoded(inline.data).toString('base64')
}

/** The data as text; bytes that are no UTF-8 become U+FFFD. */
export function asText(inline: InlineData): string {
  const bytes = inline.base64 ? Buffer.from(inline.data, 'base64') : percentDecoded(inline.data)
  return bytes.toString('utf8')
}

/**
 * Bytes, not text: an inlined image is no UTF-8. A `%` without two hex digits stands for itself, as
 * in the URL standard.
 */
function percentDecoded(text: string): Buffer {
  const encoded = Buffer.from(text, 'utf8')
  const decoded = Buffer.alloc(encoded.length)
  let length = 0
  for (let at = 0; at < encoded.length; at++) {
    const high = encoded[at] === percent ? digitOf(encoded[at + 1]) : -1
    const low = high === -1 ? -1 : digitOf(encoded[at + 2])
    decoded[length++] = low === -1 ? encoded[at]! : high * 16 + low
    if (low !== -1) at += 2
  }
  return decoded.subarray(0, length)
}

/** The value of a hex digit, -1 for any other byte. */
function digitOf(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte & ~0x20
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1
}

/** Characters of base64 that hold the longest beginning, WebP's twelve bytes. */
const headLength = 16

/** In latin1; the four bytes after RIFF are a length. */
const beginnings: [mediaType: string, bytes: RegExp][] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
  ['application/pdf', /^%PDF/],
]

/** Media types of the endings of file names, for data of which nothing else is known. */
const typeOfEnding = new Map([
  ['pdf', 'application/pdf'],
  ['json', 'application/json'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['htm', 'text/html'],
  ['xml', 'text/xml'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ...['txt', 'tsv', 'log', 'css', 'yaml', 'yml', 'js', 'ts', 'py'].map(
    (ending) => [ending, 'text/plain'] as const,
  ),
])

/**
 * Images and PDF with the media type of their first bytes; other data as they are. Clipboard tools and screenshots declare
 * the wrong type, and Anthropic refuses what OpenAI takes.
 */
export function truthful(inline: InlineData): InlineData {
  const declared = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType
  const isText = declared.startsWith('text/')
  const mediaType = (isText ? undefined : typeOfBytes(inline)) ?? declared
  return mediaType === inline.mediaType ? inline : { ...inline, mediaType }
}

/** The media type of which the first bytes are; `undefined` for none of the known. */
export function typeOfBytes({
  base64,
  data,
}: Pick<InlineData, 'base64' | 'data'>): string | undefined {
  const head = base64
    ? Buffer.from(data.slice(0, headLength), 'base64').toString('latin1')
    : unescaped(data.slice(0, 3 * headLength))
  return beginnings.find(([, bytes]) => bytes.test(head))?.[0]
}

/** By the ending of a file's name or address; a PDF where it has none, the commonest file. */
export function typeOfName(name: string): string {
  const dot = name.lastIndexOf('.')
  if (dot === -1) return 'application/pdf'
  return typeOfEnding.get(name.slice(dot + 1).toLowerCase()) ?? 'application/octet-stream'
}

/** A name for a file that has none, by whose ending it is known for what it is. */
export function nameOfType(mediaType: string): string {
  const [ending = 'pdf'] = [...typeOfEnding].find(([, type]) => type === mediaType) ?? []
  return `file.${ending}`
}

/** Percent-encoded bytes as latin1. */
function unescaped(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
