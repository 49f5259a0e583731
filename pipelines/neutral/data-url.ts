/** `data:` URLs (RFC 2397), the form in which chat clients inline images and files. */

const percent = 0x25

export interface InlineData {
  /** lower case, without parameters; `text/plain` when the URL names none */
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
  return {
    mediaType: mediaType || 'text/plain',
    base64: parameters.includes('base64'),
    data: url.slice(comma + 1),
  }
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
