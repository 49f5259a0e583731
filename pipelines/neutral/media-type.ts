/** What kind of data inline bytes are: what their first ones say goes before what is said of them. */
import type { InlineData } from './data-url.ts'

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
 * The data with the media type that its first bytes tell, of images and PDF; other data as they
 * are. Clipboard tools and screenshots name the wrong type, and Anthropic refuses what OpenAI takes.
 */
export function truthful(inline: InlineData): InlineData {
  const said = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType
  const mediaType = said.startsWith('text/') ? said : (typeOfBytes(inline) ?? said)
  return mediaType === inline.mediaType ? inline : { ...inline, mediaType }
}

/** The media type that the first bytes tell; `undefined` where they are none of the known. */
export function typeOfBytes({ base64, data }: InlineData): string | undefined {
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

/** Percent-encoded bytes as latin1. */
function unescaped(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
