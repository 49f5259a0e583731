/**
 * What a provider's writer is given beside the neutral request, what it hands back, and what every writer does: an assistant's
 * reasoning goes back to its place, in the first form of which the model that is asked can use something; the operator's
 * prompt comes first, once; what only another API has is dropped by its name.
 */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Model } from '../model.ts'
import { keyOfPhases } from './phases.ts'
import type { Phase, Place, PlacedPhase, Reasoning, Recall, Seal } from './reasoning.ts'
import type {
  CallPiece,
  ForeignPiece,
  Nameable,
  NeutralRequest,
  Piece,
  ReasoningPiece,
  TextPiece,
  Turn,
} from './request.ts'
import { isSealed as isOurSeal } from './seal.ts'
import type { ToolNames } from './tools.ts'
import type { WrittenTools } from './written-tools.ts'
import { rootOf } from './turn.ts'
import { memberName } from '../untrusted.ts'

export interface WriteContext {
  model: Model
  /** the name of the endpoint in the configuration, to which reasoning of chat upstreams alone goes back */
  endpoint: string
  /** the operator's prompt; a blank one is none */
  systemPrompt: string
  /** the client's headers, lower-case names */
  headers: IncomingHttpHeaders
  /** whether the client gets a stream: decided before, since the request may leave it open */
  stream: boolean
  /** where the request goes, for APIs where that decides what the body holds */
  path?: string
  /** which schemas of tools the endpoint takes; left out: any */
  toolSchema?: 'json' | 'openapi' | undefined
  /** the upstream's name for another model that the request names; throws ProxyError 403 for one that the client may not use */
  nameOf?: (name: string) => string
  /** what is remembered of an answer of this model, for clients that hand back less; see `phases.ts` for the keys */
  recall?: Recall | undefined
}

export interface Written<Body> {
  body: Body
  /** headers this body needs upstream (`anthropic-version`, `anthropic-beta`); lower-case names */
  headers: Record<string, string>
  /** parameters that change results and were dropped or replaced: names only, for `x-droid2api-dropped` */
  dropped: string[]
  /** stop sequences that the upstream does not take: the answer's text ends in front of the first */
  stopAt?: string[]
  /** of all tools, for `names-back.ts` */
  names: ToolNames
  /** ids of the calls in the conversation, for upstreams that restart their count in every answer */
  callIds?: readonly string[]
  /** the tools, where the model may write its calls into its text */
  toolsInText?: WrittenTools | undefined
  /** the client wants no readable reasoning in the answer */
  hideReasoning?: boolean
}

/** Reasoning that can be handed back. */
export type Sealed = Reasoning & { seal: Seal }

/** What a writer knows of the model that is asked. */
export interface Taker {
  /** whether the model takes this reasoning back */
  takes: (reasoning: Sealed) => boolean
  recall?: Recall | undefined
  /** the model tells commentary from the final answer */
  phases?: boolean
}

/** What the text behind it is. */
export interface PhaseMark {
  type: 'phase'
  phase: Phase
}

export type Ordered = Piece | PhaseMark

/**
 * The pieces of an assistant's turn in the order in which the model produced them, its `calls` among them. Reasoning is in it
 * only where the model takes it: what the client hands back beside the pieces, else what stands among them, else what is
 * remembered. A text is cut where something stands within it; of its two halves the later keeps the mark.
 */
export function orderedPieces(turn: Turn, taker: Taker): Ordered[] {
  const beside = reasoningBeside(turn, taker)
  const pieces = turn.pieces.filter(
    (piece) => piece.type !== 'reasoning' || (beside.length === 0 && isTaken(piece, taker)),
  )
  const isKnown = beside.length > 0 || pieces.some(({ type }) => type === 'reasoning')
  const reasoning = isKnown ? beside : remembered(turn, taker)
  const placed: Placed[] = [
    ...phasesOf(turn, taker),
    ...reasoning.map((piece) => ({ piece, at: piece.reasoning.at })),
  ]
  return weave(pieces, turn.calls ?? [], placed.toSorted(byPlace))
}

/** Of the forms in which the client hands reasoning back, the first of which something is taken. */
function reasoningBeside(turn: Turn, taker: Taker): ReasoningPiece[] {
  for (const form of turn.reasoning ?? []) {
    const taken = form.filter((piece) => isTaken(piece, taker))
    if (taken.length > 0) return withPlaces(taken, turn, taker)
  }
  return []
}

/** One of our seals in the place of a provider's seal belongs to no provider. */
function isTaken({ reasoning }: ReasoningPiece, { takes }: Taker): boolean {
  return isSealed(reasoning) && !isOurs(reasoning.seal) && takes(reasoning)
}

function isOurs(seal: Seal): boolean {
  return (
    ('signature' in seal && isOurSeal(seal.signature)) || ('data' in seal && isOurSeal(seal.data))
  )
}

function isSealed(reasoning: Reasoning): reasoning is Sealed {
  return reasoning.seal !== undefined
}

/** Clients that know only some members of reasoning lose its place; that of the remembered one with the same seal counts. */
function withPlaces(pieces: ReasoningPiece[], turn: Turn, { recall }: Taker): ReasoningPiece[] {
  if (pieces.every(({ reasoning }) => reasoning.at)) return pieces
  const known = recalled(turn, recall)
  return pieces.map((piece) => {
    const { at = known.find((one) => hasSameSeal(one, piece.reasoning))?.at } = piece.reasoning
    return at ? { ...piece, reasoning: { ...piece.reasoning, at } } : piece
  })
}

function hasSameSeal({ seal: one }: Reasoning, { seal: other }: Reasoning): boolean {
  if (!one || !other) return false
  if ('data' in one) return 'data' in other && one.data === other.data
  return 'signature' in one && 'signature' in other && one.signature === other.signature
}

function remembered(turn: Turn, taker: Taker): ReasoningPiece[] {
  return recalled(turn, taker.recall)
    .map((reasoning): ReasoningPiece => ({ type: 'reasoning', place: turn.place, reasoning }))
    .filter((piece) => isTaken(piece, taker))
}

function recalled(turn: Turn, recall: Recall | undefined): Reasoning[] {
  const key = firstCallId(turn)
  return joined((key === undefined ? undefined : recall?.(key)?.reasoning) ?? [])
}

/** An item whose seal came late lies in the memory as two of one index. */
function joined(entries: Reasoning[]): Reasoning[] {
  return entries.map((one) => {
    const isLate = one.seal && one.text === '' && one.index !== undefined
    const first = isLate && entries.find(({ index, seal }) => index === one.index && !seal)
    return first && one.seal ? { ...one, ...first, seal: one.seal } : one
  })
}

/** The phases that were seen: as the client hands them back, else as they are remembered. */
function phasesOf(turn: Turn, { phases, recall }: Taker): Placed[] {
  if (!phases) return []
  if (turn.phase) return [phaseAt({ phase: turn.phase, at: { content: 0, tools: 0 } })]
  const texts = turn.pieces.filter((piece) => piece.type === 'text')
  if (!recall || !turn.pieces.some(isSpeech)) return []
  const text = texts.map((piece) => piece.text).join('')
  return (recall(keyOfPhases(firstCallId(turn), text))?.phases ?? []).map(phaseAt)
}

function isSpeech(piece: Piece): boolean {
  return (piece.type === 'text' || piece.type === 'refusal') && piece.text !== ''
}

function phaseAt({ phase, at }: PlacedPhase): Placed {
  return { piece: { type: 'phase', phase }, at }
}

/** The memory knows an answer by its first call. */
function firstCallId({ calls = [], pieces }: Turn): string | undefined {
  const [first] = [...calls, ...pieces.filter((piece) => piece.type === 'call')]
  return first?.id
}

interface Placed {
  piece: ReasoningPiece | PhaseMark
  /** left out: in front of everything */
  at: Place | undefined
}

function byPlace({ at: one }: Placed, { at: other }: Placed): number {
  if (!one || !other) return Number(one !== undefined) - Number(other !== undefined)
  return one.content - other.content || one.tools - other.tools
}

/**
 * A client that has lost the order of text and calls has the calls behind the text of their position; of one that keeps it the
 * calls among the pieces count.
 */
function weave(pieces: Piece[], calls: CallPiece[], placed: Placed[]): Ordered[] {
  const woven: Ordered[] = []
  let rest = pieces
  let passedPoints = 0
  let passedCalls = 0
  for (const { piece, at } of placed) {
    if (at) {
      const inline = calls.length > 0 ? undefined : at.tools - passedCalls
      const [before, after] = splitAt(rest, at.content - passedPoints, inline)
      const callsUntil = Math.max(passedCalls, at.tools)
      woven.push(...before, ...calls.slice(passedCalls, callsUntil))
      rest = after
      passedPoints = Math.max(passedPoints, at.content)
      passedCalls = callsUntil
    }
    woven.push(piece)
  }
  return [...woven, ...rest, ...calls.slice(passedCalls)]
}

/**
 * Cuts after so many code points of text and so many calls. Where calls count, a call that came behind stays behind, also of a
 * client that took text out or made it shorter: reasoning at the end of a turn every API refuses.
 */
function splitAt(
  pieces: Piece[],
  points: number,
  calls: number | undefined,
): [before: Piece[], after: Piece[]] {
  let left = points
  let callsLeft = calls ?? 0
  for (const [index, piece] of pieces.entries()) {
    const isDone = left <= 0 || (calls !== undefined && piece.type === 'call')
    if (isDone && callsLeft <= 0) return [pieces.slice(0, index), pieces.slice(index)]
    if (piece.type === 'call') callsLeft -= 1
    if (piece.type !== 'text' || left <= 0) continue
    const { units, missing } = unitsOf(piece.text, left)
    left = missing
    if (units === piece.text.length) continue
    const head: TextPiece = { type: 'text', text: piece.text.slice(0, units), place: piece.place }
    const tail: TextPiece = { ...piece, text: piece.text.slice(units) }
    return [
      [...pieces.slice(0, index), head],
      [tail, ...pieces.slice(index + 1)],
    ]
  }
  return [pieces, []]
}

/** UTF-16 units of the first `points` code points, and how many the text was short of. */
function unitsOf(text: string, points: number): { units: number; missing: number } {
  let units = 0
  let missing = points
  for (; missing > 0 && units < text.length; missing--) {
    units += text.codePointAt(units)! > 0xffff ? 2 : 1
  }
  return { units, missing }
}

/** Whether the operator's prompt goes in front: a blank one is none, and what begins with it gets no second copy. */
export function wantsPrompt(prompt: string, client: string): boolean {
  return prompt.trim() !== '' && !client.startsWith(prompt.trimEnd())
}

/** Whether a parameter asks for anything: an empty object or list does not. */
export function asksForAny(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined
  return Object.keys(value).length > 0
}

/** What the client calls these members, for `dropped`. */
export function clientNames({ names }: NeutralRequest, members: readonly Nameable[]): string[] {
  return [...new Set(members.map((member) => names[member] ?? member))]
}

/** The id of a user or a cache, which are only told apart: one that is longer than the API takes as its SHA-256, 64 digits. */
export function identifier(id: string, longest: number): string {
  return id.length <= longest ? id : createHash('sha256').update(id).digest('hex')
}

/** The names, for what is dropped, of the members and the pieces that only other APIs than `api` know. */
export function lostMembers({ own, turns }: NeutralRequest, api: string): string[] {
  const members = Object.entries(own).flatMap(([of, all]) => (of === api ? [] : Object.keys(all)))
  const dropped = new Set<string>()
  for (const { pieces } of turns) {
    for (const piece of pieces) {
      if (isDropped(piece, api)) dropped.add(memberName(rootOf(piece.place), piece.written))
    }
  }
  return [...members, ...dropped]
}

function isDropped(piece: Piece, api: string): piece is ForeignPiece {
  return piece.type === 'foreign' && piece.elsewhere === 'dropped' && piece.own?.api !== api
}
