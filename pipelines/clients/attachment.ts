/**
 * An image or a file of a content part, in the form of whichever API or gateway. Nothing is downloaded: the upstream fetches
 * addresses itself.
 *
 * Source, read 2026-11: OpenAI "File inputs" (chat and Responses), OpenRouter "PDF inputs"
 * (`file_data` may be an address), LiteLLM "Using PDF Input" (`file_id` may be one; `format`),
 * Vercel AI Gateway "File attachments" (`data`, `media_type`), AI SDK (`data`, `image`, `mediaType`),
 * LangChain "Standard content blocks" of both versions, Mistral (`document_url`), MCP (`mimeType`,
 * `resource`), Anthropic.
 */
import { badRequest, ProxyError } from '../errors.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import {
  parseDataUrl,
  truthful,
  typeOfBytes,
  typeOfName,
  type InlineData,
} from '../neutral/data-url.ts'
import { unseenIn, type AttachmentPiece } from '../neutral/turn.ts'
import { isGiven, objectAt, textAt } from '../untrusted.ts'

/** What a part holds, and where. */
export type Attachment = Pick<AttachmentPiece, 'kind' | 'held' | 'heldPlace' | 'name' | 'detail'>

type Held = AttachmentPiece['held']

/** The kind of each type of part, and the member that holds the rest where it is not the part. */
const types = new Map<string, { kind: Attachment['kind']; holder?: string }>([
  ['image_url', { kind: 'image', holder: 'image_url' }],
  ['image_file', { kind: 'image', holder: 'image_file' }],
  ['input_image', { kind: 'image', holder: 'image_url' }],
  ['image', { kind: 'image', holder: 'source' }],
  ['file', { kind: 'file', holder: 'file' }],
  ['file_url', { kind: 'file', holder: 'file_url' }],
  ['input_file', { kind: 'file' }],
  ['document', { kind: 'file', holder: 'source' }],
  ['document_url', { kind: 'file', holder: 'document_url' }],
  ['media', { kind: 'file' }],
  ['text-plain', { kind: 'file' }],
  ['resource', { kind: 'file', holder: 'resource' }],
])

const dataNames = ['file_data', 'fileData', 'data', 'base64', 'image', 'blob']
const urlNames = ['file_url', 'fileUrl', 'url', 'file_uri', 'fileUri']
const idNames = ['file_id', 'fileId']
const nameNames = ['filename', 'file_name', 'fileName', 'name', 'title', 'document_name']
const typeNames = ['media_type', 'mime_type', 'mimeType', 'mediaType', 'format', 'content_type']

const httpUrl = /^https?:\/\//i
/** Text without an address is data only if so many characters at its beginning are base64. */
const base64Head = /^[\w+/-]{6}/

/** What stands beside the data. */
interface Description {
  kind: Attachment['kind']
  mediaType?: string
  name?: string
  detail?: string
}

/** Whether parts of this type hold an image or a file. */
export function isAttachment(type: string): boolean {
  return types.has(type)
}

/**
 * The attachment of a part of such a type. Throws a 400 for one that holds nothing, and for an
 * address that is neither http(s) nor `data:`.
 */
export function attachmentOf(part: JsonObject, type: string, place: string): Attachment {
  const { kind, holder = '' } = types.get(type)!
  const held = part[holder]
  const at = isGiven(held) ? `${place}.${holder}` : place
  const beside = described(part, place, kind)
  if (typeof held === 'string') {
    const own = holder === 'file' ? fromData(held, beside) : fromUrl(held, at, beside)
    return attachment(own, beside, at)
  }
  const from = isGiven(held) ? objectAt(held, at) : part
  const description = { ...beside, ...described(from, at, kind) }
  const found = plainText(from, at) ?? heldBy(from, at, description)
  if (found) return attachment(found.held, description, found.at)
  if (from === part) throw nothingIn(holder === '' ? place : `${place}.${holder}`)
  throw nothingIn(holder === 'image_url' ? `${at}.url` : at)
}

/** Finds the type of each such part in JSON. Text and keys in a string have their quotes escaped. */
export const attachmentType = new RegExp(`"type"\\s*:\\s*"(?:${[...types.keys()].join('|')})"`, 'g')

/** What a model that refuses images cannot see of such a part. One that cannot be read is what its type says. */
export function unseenInPart(part: JsonObject, type: string): ReturnType<typeof unseenIn> {
  try {
    return unseenIn(attachmentOf(part, type, type))
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return types.get(type)!.kind === 'image' ? 'image' : undefined
  }
}

/** What a tool made of nothing, such as the screenshot of a closed window: every API would refuse the session for ever. */
const nothing = '[Here was an image or a file without any data.]'

/** Of data their bytes decide the kind; of what is elsewhere its media type or name. */
function attachment(found: Held, description: Description, heldPlace: string): Attachment {
  const { kind, mediaType, name, detail } = description
  const held = 'inline' in found && found.inline.data === '' ? { text: nothing } : found
  const byName = kind === 'file' && name !== undefined ? typeOfName(name) : undefined
  const type = 'inline' in held ? held.inline.mediaType : (fullType(mediaType) ?? byName)
  return {
    kind: type === undefined ? kind : type.startsWith('image/') ? 'image' : 'file',
    held,
    heldPlace,
    ...(name !== undefined && { name }),
    ...(detail !== undefined && { detail }),
  }
}

function described(from: JsonObject, place: string, kind: Attachment['kind']): Description {
  const mediaType = memberOf(from, typeNames, place)?.text.toLowerCase()
  const metadata = isObject(from.metadata) ? from.metadata : {}
  const name =
    memberOf(from, nameNames, place) ?? memberOf(metadata, nameNames, `${place}.metadata`)
  const detail = memberOf(from, ['detail'], place)?.text
  return {
    kind,
    ...(mediaType !== undefined && { mediaType }),
    ...(name && { name: name.text }),
    ...(detail !== undefined && { detail }),
  }
}

type Found = { held: Held; at: string } | undefined

function heldBy(from: JsonObject, place: string, description: Description): Found {
  const data = memberOf(from, dataNames, place)
  if (data) return { held: fromData(data.text, description), at: data.at }
  const url = memberOf(from, urlNames, place)
  if (url) return { held: fromUrl(url.text, url.at, description), at: url.at }
  const id = memberOf(from, from.source_type === 'id' ? ['id'] : idNames, place)
  return id && { held: fromId(id.text), at: id.at }
}

/** Sources of plain text: Anthropic has it in `data`, LangChain and MCP in `text`. */
function plainText(from: JsonObject, place: string): Found {
  const isText = from.type === 'text' || from.source_type === 'text'
  if (!isText && !isGiven(from.text)) return undefined
  const at = `${place}.${isGiven(from.text) ? 'text' : 'data'}`
  return { held: { text: textAt(from.text ?? from.data, at) }, at }
}

/** OpenRouter takes an address where data may stand. */
function fromData(data: string, description: Description): Held {
  return addressOf(data) ?? { inline: bare(data, description) }
}

/** LiteLLM takes one where an id may stand. */
function fromId(id: string): Held {
  return addressOf(id) ?? { fileId: id }
}

/** Some clients leave the `data:` in front of their base64 out. */
function fromUrl(url: string, place: string, description: Description): Held {
  const address = addressOf(url)
  if (address) return address
  const isData = base64Head.test(url) && typeOfBytes({ base64: true, data: url })
  if (isData) return { inline: bare(url, description) }
  const shown = JSON.stringify(url.slice(0, 40))
  const message = `${place} is ${shown}; send an http(s) or a data: URL.`
  throw badRequest('invalid_value', place, message)
}

function addressOf(text: string): Held | undefined {
  if (httpUrl.test(text)) return { url: text }
  const inline = parseDataUrl(text)
  return inline && { inline: truthful(unbroken(inline)) }
}

/** Base64 alone: its bytes decide what it is, else the media type beside it, else the file's name. */
function bare(data: string, { kind, mediaType, name }: Description): InlineData {
  const inline = unbroken({ mediaType: fullType(mediaType) ?? '', base64: true, data })
  if (inline.mediaType !== '') return truthful(inline)
  const named = mediaType === undefined ? name : `.${mediaType}`
  const unnamed = kind === 'file' ? 'application/pdf' : 'application/octet-stream'
  const byName = named === undefined ? unnamed : typeOfName(named)
  return { ...inline, mediaType: typeOfBytes(inline) ?? byName }
}

/** LiteLLM's `format` is a media type or only its ending. */
function fullType(mediaType: string | undefined): string | undefined {
  return mediaType?.includes('/') ? mediaType : undefined
}

/** MIME breaks base64 into lines, which Anthropic refuses. */
function unbroken(inline: InlineData): InlineData {
  const isBroken = inline.base64 && (inline.data.includes('\n') || inline.data.includes('\r'))
  return isBroken ? { ...inline, data: inline.data.replaceAll(/\s+/g, '') } : inline
}

function memberOf(from: JsonObject, names: string[], place: string) {
  const name = names.find((one) => isGiven(from[one]))
  if (name === undefined) return undefined
  const at = `${place}.${name}`
  return { text: textAt(from[name], at), at }
}

function nothingIn(place: string) {
  const message = `${place} holds nothing; send the data, an http(s) address or the id of a file.`
  return badRequest('missing_required_parameter', place, message)
}
