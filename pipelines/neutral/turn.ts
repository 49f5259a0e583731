/**
 * The turns of a neutral request, and the pieces that they are made of. See `request.ts`.
 */
import { badRequest, type ProxyError } from '../errors.ts'
import type { JsonObject } from '../json/value.ts'
import type { InlineData } from './data-url.ts'
import type { Phase, Reasoning, Seal } from './reasoning.ts'

export interface Turn {
  /** `instruction`: of the operator or the developer, wherever it stands */
  role: 'user' | 'assistant' | 'instruction'
  pieces: Piece[]
  place: string
  /** a mark on the whole turn */
  mark?: Mark
  /** assistant: what its text is, where the client hands that back */
  phase?: Phase
  /**
   * assistant: calls that stand beside the pieces, from clients that have lost the order of the two. `orderedPieces` of
   * `writing.ts` puts them in their places.
   */
  calls?: CallPiece[]
  /**
   * assistant: reasoning that the client hands back beside the pieces, in each form in which it does so, the best first. The
   * first of which something can be used counts; see `orderedPieces`.
   */
  reasoning?: ReasoningPiece[][]
}

/** Up to here the prompt is worth caching. */
export interface Mark {
  /** what the caching is to be like, as the client wrote it */
  control?: JsonObject
  /** the mark of an API that knows no more than that there is one, as the client wrote it */
  breakpoint?: unknown
}

/** A piece in the form of one API, for its own writer, which sends it as it is, with its marks. */
export interface Own {
  api: string
  value: JsonObject
}

interface PieceBase {
  place: string
  mark?: Mark
  own?: Own
}

export type Piece =
  | TextPiece
  | RefusalPiece
  | AttachmentPiece
  | SearchResultPiece
  | ReasoningPiece
  | CallPiece
  | ResultPiece
  | ForeignPiece

export interface TextPiece extends PieceBase {
  type: 'text'
  /** may be empty */
  text: string
}

export interface RefusalPiece extends PieceBase {
  type: 'refusal'
  text: string
}

/** An image or a file, held in one of four ways. */
export interface AttachmentPiece extends PieceBase {
  type: 'attachment'
  /** the type, as the client wrote it, for errors */
  written: string
  /** of data, what they are; of what is elsewhere, what the client calls them */
  kind: 'image' | 'file'
  held: { inline: InlineData } | { url: string } | { fileId: string } | { text: string }
  /** where that is held, for errors */
  heldPlace: string
  name?: string
  /** how closely an image is to be looked at */
  detail?: string
}

/** Something found, with where it was found. Also a document that is made of texts. */
export interface SearchResultPiece extends PieceBase {
  type: 'search-result'
  /** the type, as the client wrote it, for errors */
  written: string
  title?: string
  source?: string
  texts: string[]
}

/** Reasoning that stands in its place among the pieces. */
export interface ReasoningPiece extends PieceBase {
  type: 'reasoning'
  reasoning: Reasoning
}

export interface CallPiece extends PieceBase {
  type: 'call'
  kind: 'function' | 'custom'
  /** as the client knows it */
  id: string
  name: string
  /** the group of tools that the name belongs to */
  namespace?: string
  /** the text that the model wrote, JSON or not, or the value that the client has parsed; undefined or null for none */
  input: unknown
  /** where that stands, for errors */
  inputPlace: string
  /** what its model signed the call with, where the client keeps that at the call */
  seal?: Seal
}

export interface ResultPiece extends PieceBase {
  type: 'result'
  /** of the call, as the client knows it; undefined where it names only a tool, and no call of that name is open */
  id: string | undefined
  /** of the tool, where the client names it */
  name?: string
  isError?: boolean
  /** a string where the client sent one */
  content: string | Piece[]
}

/**
 * What no other API has: what a tool of a provider's own left behind, or a type that nobody knows. Its own writer sends
 * `own`; where there is none, the API does not take it in this place.
 */
export interface ForeignPiece extends PieceBase {
  type: 'foreign'
  /** the type, as the client wrote it, for errors */
  written: string
  /** where it is sound, or a picture that the model made, for writers that take that */
  media?: InlineData
  /**
   * What other writers do with it: leave it out, which changes nothing or is named among what is dropped, or throw; undefined
   * where each has a reason of its own.
   */
  elsewhere?: 'left-out' | 'dropped' | ProxyError
}

/** Stands where an image was, or a PDF file, whose pages models see as images. */
export const unseen = {
  image: '[An image was here; this model cannot see images.]',
  pdf: '[A PDF file was here; this model cannot read it.]',
}

const pdfAddress = /\.pdf(?:[?#]|$)/i

/** What a model that refuses images cannot see of an attachment; undefined for what it can read. */
export function unseenIn({
  kind,
  held,
}: Pick<AttachmentPiece, 'kind' | 'held'>): keyof typeof unseen | undefined {
  if (kind === 'image') return 'image'
  const isPdf =
    'inline' in held
      ? held.inline.mediaType === 'application/pdf'
      : 'url' in held && pdfAddress.test(held.url)
  return isPdf ? 'pdf' : undefined
}

/** The turns for a model that refuses images: it is told of each that there was one. */
export function withoutImages(turns: readonly Turn[]): Turn[] {
  return turns.map((turn) => ({ ...turn, pieces: turn.pieces.map(withoutImage) }))
}

/** Without the reasoning that only the model which made it can read. */
export function withoutSealed(turns: readonly Turn[]): Turn[] {
  return turns.map(({ reasoning, calls, ...turn }) => ({
    ...turn,
    pieces: turn.pieces.filter(isOpen),
    ...(calls && { calls: calls.map(({ seal: _sealed, ...call }) => call) }),
    ...(reasoning && { reasoning: reasoning.map((form) => form.filter(isOpen)) }),
  }))
}

function isOpen(piece: Piece): boolean {
  if (piece.type !== 'reasoning') return true
  const { seal } = piece.reasoning
  return seal === undefined || 'field' in seal
}

function withoutImage(piece: Piece): Piece {
  if (piece.type === 'result' && typeof piece.content !== 'string') {
    return { ...piece, content: piece.content.map(withoutImage) }
  }
  if (piece.type !== 'attachment') return piece
  const what = unseenIn(piece)
  if (what === undefined) return piece
  const { place, mark } = piece
  return { type: 'text', text: unseen[what], place, ...(mark && { mark }) }
}

/** A piece of this type stands where the API does not take it. `taken`: what it takes there. */
export function unsupportedPiece(piece: Piece, taken: string): ProxyError {
  const type = 'written' in piece ? piece.written : piece.type
  const shown = JSON.stringify(type.slice(0, 80))
  const message = `${piece.place} has the type ${shown}, but ${taken}. Take the part out.`
  return badRequest('unsupported_content', piece.place, message)
}

/** Nothing, of what only another API has; throws a 400 where that would lose too much. */
export function leftOut(piece: ForeignPiece, taken: string): undefined {
  if (piece.elsewhere === 'left-out' || piece.elsewhere === 'dropped') return undefined
  throw piece.elsewhere ?? unsupportedPiece(piece, taken)
}

/** For APIs that have only text for what was found. */
export function searchResultText({ title, source, texts }: SearchResultPiece): string {
  return [title, source, ...texts].filter((line) => line !== undefined).join('\n')
}

/** For APIs that take a file of text as nothing but text: its name tells it from other files. */
export function fileText({ name }: AttachmentPiece, text: string): string {
  return name === undefined || name === '' ? text : `${name}\n${text}`
}

/** For conversations of which nothing can go up. */
export function nothingLeft([first]: readonly Turn[]): ProxyError {
  const place = first ? rootOf(first.place) : 'messages'
  const message = `${place} holds nothing to answer; send at least one message with content.`
  return badRequest('invalid_value', place, message)
}

/** `input[3]` → `input` */
export function rootOf(place: string): string {
  return place.split(/[.[]/, 1)[0]!
}

/** What a model reads in place of the result of a call that nobody answered. */
export const noResult = 'No result was provided for this tool call.'

/** An instruction within the conversation, as the user's words: so Claude Code tells its models. */
export function reminder(text: string): string {
  return `<system-reminder>\n${text}\n</system-reminder>`
}
