/**
 * Images and PDF files in the bytes of a client that speaks the model's own API, for a model that refuses them. Only their own
 * bytes change, and always to the same, so that a cached prefix stays one.
 */
import type { JsonDocument, Splice } from '../json/document.ts'
import { listItems, openBrace, topLevelMembers, type Member } from '../json/scan.ts'
import { objectFrom } from '../json/value.ts'
import { unseen } from '../neutral/turn.ts'
import { attachmentType, isAttachment, unseenInPart } from './attachment.ts'

/** Where a conversation is in a request. */
export interface ConversationMember {
  name: 'messages' | 'input'
  /** the type of a text in it */
  textType: 'text' | 'input_text'
}

/** The members of messages, items and parts that hold parts, or what holds them. */
const holders = new Set(['content', 'output', 'source'])

/** Lists and objects in one another, down to the parts of a document in a tool's result; each is scanned once more. */
const deepest = 5

/** A note takes over what makes a part the end of a cached prefix. */
const marks = new Set(['cache_control', 'prompt_cache_breakpoint'])

/** A screenshot can only be an image, so that what asked for it and its result become those of a function. */
const screenshotItems = new Set(['computer_call', 'computer_call_output'])

const attachmentOrScreenshot = new RegExp(
  `${attachmentType.source}|"type"\\s*:\\s*"(?:${[...screenshotItems].join('|')})"`,
  'g',
)

/**
 * The very document where it has no image, which a search of the text tells without parsing it. What is broken deep inside is left
 * for the upstream to refuse.
 */
export function withoutImages(
  document: JsonDocument,
  { name, textType }: ConversationMember,
): JsonDocument {
  const value = document.raw(name)
  if (!value) return document
  const hints = hintsIn(value)
  const images = imagesIn(value, 0, hints, deepest)
  const splices = images.map(({ item, what, from, to }): Splice => {
    if (screenshotItems.has(typeOf(item))) return { from, to, by: asFunction(item) }
    const begin = `{"type":"${textType}","text":${JSON.stringify(unseen[what])}`
    const kept = item.members.filter((member) => marks.has(member.name))
    const by = kept.flatMap((member) => [Buffer.from(`,"${member.name}":`), valueOf(item, member)])
    return { from, to, by: [Buffer.from(begin), ...by, Buffer.from('}')] }
  })
  return splices.length > 0 ? document.spliced(name, splices) : document
}

/** Whether a request, of whichever API, has anything that `withoutImages` takes out. */
export function holdsImage(request: Buffer): boolean {
  const hints = hintsIn(request)
  if (hints.length === 0) return false
  return imagesBelow(itemOf(request), 0, hints, deepest + 1, conversations).length > 0
}

const conversations = new Set<string>(['messages', 'input'] satisfies ConversationMember['name'][])

/** A body is read in pieces, so that a long one is not in memory twice. */
const pieceBytes = 65_536
/** more than a type takes, with the spaces that people write around it */
const overlap = 256

/** Where types of attachments are named. One character a byte, so that places in the text are places in the bytes. */
function hintsIn(bytes: Buffer): number[] {
  const hints: number[] = []
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.toString('latin1', from, from + pieceBytes + overlap)
    for (const { index } of piece.matchAll(attachmentOrScreenshot))
      if (index < pieceBytes) hints.push(from + index)
  }
  return hints
}

/** An object, and those of its members that count. */
interface Item {
  bytes: Buffer
  members: Member[]
}

interface Image {
  item: Item
  what: keyof typeof unseen
  /** offsets in bytes; `to` is exclusive */
  from: number
  to: number
}

/**
 * In the order of the bytes. `at`: where the value begins. `hints`: where in it types of attachments are named, in order; what
 * has none is passed by.
 */
function imagesIn(value: Buffer, at: number, hints: readonly number[], levels: number): Image[] {
  if (levels === 0 || hints.length === 0) return []
  if (value[0] === openBrace) return imagesBelow(itemOf(value), at, hints, levels)
  const images: Image[] = []
  let next = 0
  for (const { from, to } of listItems(value) ?? []) {
    const first = next
    while (next < hints.length && hints[next]! < at + to) next += 1
    if (next === first || value[from] !== openBrace) continue
    const item = itemOf(value.subarray(from, to))
    const what = unseenInItem(item)
    if (what) images.push({ item, what, from: at + from, to: at + to })
    else {
      const below = imagesBelow(item, at + from, hints.slice(first, next), levels)
      for (const image of below) images.push(image)
    }
  }
  return images
}

function imagesBelow(
  item: Item,
  at: number,
  hints: readonly number[],
  levels: number,
  names = holders,
): Image[] {
  return item.members.flatMap((member) => {
    if (!names.has(member.name)) return []
    const from = at + member.valueStart
    const inside = hints.filter((hint) => hint >= from && hint < at + member.valueEnd)
    return imagesIn(valueOf(item, member), from, inside, levels - 1)
  })
}

/** Of equal names the last counts. */
function itemOf(bytes: Buffer): Item {
  const members = topLevelMembers(bytes) ?? []
  const last = new Map(members.map((member) => [member.name, member]))
  return { bytes, members: members.filter((member) => last.get(member.name) === member) }
}

function typeOf(item: Item): string {
  const member = item.members.find(({ name }) => name === 'type')
  return member ? valueOf(item, member).toString('latin1').slice(1, -1) : ''
}

function unseenInItem(item: Item): keyof typeof unseen | undefined {
  const type = typeOf(item)
  if (screenshotItems.has(type)) return 'image'
  if (!isAttachment(type)) return undefined
  const part = objectFrom(item.bytes.toString('utf8'))
  return part && unseenInPart(part, type)
}

function asFunction(item: Item): Buffer[] {
  const { call_id, action, actions } = objectFrom(item.bytes.toString('utf8')) ?? {}
  const call = { type: 'function_call', call_id, name: 'computer' }
  const written =
    typeOf(item) === 'computer_call'
      ? { ...call, arguments: JSON.stringify(action ?? { actions }) }
      : { type: 'function_call_output', call_id, output: unseen.image }
  return [Buffer.from(JSON.stringify(written))]
}

function valueOf({ bytes }: Item, { valueStart, valueEnd }: Member): Buffer {
  return bytes.subarray(valueStart, valueEnd)
}
