/**
 * The turns as `contents`: user and model in turn, each call of the model answered in the user's turn behind it, in the
 * order of the calls, and the model's signatures back at their parts.
 * Source: Gemini API "Function calling" and "Thought signatures", read 2026-11.
 */
import { orderedPieces, type Taker } from '../../neutral/writing.ts'
import { matchedResults } from '../../neutral/tool-id.ts'
import type { ToolNames } from '../../neutral/tools.ts'
import { nothingLeft, reminder } from '../../neutral/turn.ts'
import type { CallPiece, Piece, ReasoningPiece, ResultPiece, Turn } from '../../neutral/request.ts'
import type { CallPart, GoogleContent, GooglePart, TextPart } from '../../wire/google.ts'
import {
  argsOf,
  inputParts,
  looseResult,
  noResponse,
  outputPart,
  responseOf,
  textParts,
} from './parts.ts'
import { dataSeal, Signatures, type DataSeal } from './signatures.ts'
import type { Capability } from './thinking.ts'

/** What the API takes for a signature that is not known. Source: "Thought signatures", questions and answers. */
const standIn = 'skip_thought_signature_validator'

export interface Conversation {
  /** the texts of the instructions before all other turns */
  leading: TextPart[]
  /** never empty */
  contents: GoogleContent[]
}

type ConversationContext = Taker &
  Pick<Capability, 'checksSignatures' | 'seesInResults'> & { names: ToolNames }

/** The whole conversation; throws a 400 with the place of what cannot be carried over, or where nothing is left. */
export function writeConversation(
  turns: readonly Turn[],
  context: ConversationContext,
): Conversation {
  const firstOther = turns.findIndex(({ role }) => role !== 'instruction')
  const end = firstOther === -1 ? turns.length : firstOther
  const leading = turns
    .slice(0, end)
    .flatMap(({ pieces }) => textParts(pieces, 'an instruction is text'))
  const contents = paired(merged(turns.slice(end), context), context)
  if (leading.length === 0 && contents.length === 0) throw nothingLeft(turns)
  const isPrefilled = turns.at(-1)?.role === 'assistant'
  if (contents[0]?.role !== 'user') contents.unshift(silentTurn())
  if (contents.at(-1)?.role === 'model' && !isPrefilled) contents.push(silentTurn())
  if (context.checksSignatures) addStandIns(contents)
  return { leading, contents }
}

/** The API wants a turn of the user where there is none. */
function silentTurn(): GoogleContent {
  return { role: 'user', parts: [{ text: '.' }] }
}

interface UserDraft {
  role: 'user'
  results: ResultPiece[]
  parts: GooglePart[]
}

interface ModelDraft {
  role: 'model'
  calls: Call[]
  parts: GooglePart[]
}

interface Call {
  /** as the client knows it */
  id: string
  part: CallPart
}

type Draft = UserDraft | ModelDraft

/** Neighbours of one speaker become one turn; what holds nothing vanishes. */
function merged(turns: readonly Turn[], context: ConversationContext): Draft[] {
  const drafts: Draft[] = []
  for (const turn of turns) {
    const draft = turn.role === 'assistant' ? modelDraft(turn, context) : userDraft(turn)
    const last = drafts.at(-1)
    if (draft.parts.length === 0 && (draft.role === 'model' || draft.results.length === 0)) continue
    if (last?.role === 'user' && draft.role === 'user') {
      for (const result of draft.results) last.results.push(result)
      for (const part of draft.parts) last.parts.push(part)
    } else if (last?.role === 'model' && draft.role === 'model') {
      for (const call of draft.calls) last.calls.push(call)
      for (const part of draft.parts) last.parts.push(part)
    } else drafts.push(draft)
  }
  return drafts
}

function userDraft({ role, pieces }: Turn): UserDraft {
  if (role === 'instruction') return { role: 'user', results: [], parts: reminders(pieces) }
  const results = pieces.filter((piece) => piece.type === 'result')
  const others = pieces.filter((piece) => piece.type !== 'result')
  return { role: 'user', results, parts: inputParts(others) }
}

/** An instruction stays where it was given: in front of all it would change the beginning of the prompt, which is cached. */
function reminders(pieces: readonly Piece[]): GooglePart[] {
  const texts = textParts(pieces, 'an instruction is text')
  return texts.map(({ text }) => ({ text: reminder(text) }))
}

/** A signature belongs to the call that it names, else to the call that follows; one without a call to the text before. */
function modelDraft(turn: Turn, context: ConversationContext): ModelDraft {
  const pieces = orderedPieces(turn, context)
  const signatures = new Signatures(pieces, turn, context)
  const draft: ModelDraft = { role: 'model', calls: [], parts: [] }
  let next: DataSeal | undefined
  let last: DataSeal | undefined
  for (const piece of pieces) {
    if (piece.type === 'call') {
      addCall(draft, piece, signatures.ofCall(piece) ?? next, context.names)
      next = undefined
    } else if (piece.type === 'reasoning') {
      const seal = dataSeal(piece.reasoning)
      if (!seal || signatures.isPlaced(seal)) continue
      if (signatures.isOnCall(seal)) next = seal
      else if (isUnplaced(piece, turn)) last = seal
      else signText(draft.parts, seal)
    } else if (piece.type !== 'phase') {
      const part = outputPart(piece)
      if (part) draft.parts.push(part)
    }
  }
  if (last) signText(draft.parts, last)
  completeIds(draft.calls)
  const isSilent = draft.parts.every((part) => 'text' in part && part.text === '')
  return isSilent ? { role: 'model', calls: [], parts: [] } : draft
}

/** What a client hands back beside the text, and has lost the place of, is as a rule of the end of the answer. */
function isUnplaced({ reasoning }: ReasoningPiece, turn: Turn): boolean {
  return reasoning.at === undefined && turn.reasoning !== undefined
}

function signText(parts: GooglePart[], { data: thoughtSignature }: DataSeal): void {
  const last = parts.at(-1)
  if (last && 'text' in last && last.thoughtSignature === undefined) {
    parts[parts.length - 1] = { ...last, thoughtSignature }
  } else parts.push({ text: '', thoughtSignature })
}

/** So begin the ids that are given to calls here; a signed call with any other has it from the model. */
const ownId = /^call_/

/** The id goes up only where it is surely the model's: some servers refuse the member. */
function addCall(
  draft: ModelDraft,
  piece: CallPiece,
  seal: DataSeal | undefined,
  names: ToolNames,
): void {
  const isOfModel = seal?.id === piece.id && (seal.on === 'call' || !ownId.test(piece.id))
  const part: CallPart = {
    functionCall: {
      name: names.sent(piece.name, piece.namespace),
      args: argsOf(piece),
      ...(isOfModel && { id: piece.id }),
    },
    ...(seal && { thoughtSignature: seal.data }),
  }
  draft.calls.push({ id: piece.id, part })
  draft.parts.push(part)
}

/** Of calls in parallel only the first is signed; where its id is the model's, those of the others are, too. */
function completeIds(calls: readonly Call[]): void {
  if (calls.every(({ part }) => part.functionCall.id === undefined)) return
  for (const { id, part } of calls) if (!ownId.test(id)) part.functionCall.id = id
}

/** Every call gets one result, in the turn behind it; of several the last counts. A result without a call becomes text. */
function paired(drafts: readonly Draft[], context: ConversationContext): GoogleContent[] {
  const contents: GoogleContent[] = []
  let open: Call[] = []
  for (const draft of drafts) {
    if (draft.role === 'user') {
      contents.push({ role: 'user', parts: answers(draft, open, context) })
      open = []
    } else {
      contents.push({ role: 'model', parts: draft.parts })
      open = draft.calls
    }
  }
  const silent: UserDraft = { role: 'user', results: [], parts: [] }
  if (open.length > 0) contents.push({ role: 'user', parts: answers(silent, open, context) })
  return contents
}

function answers(
  { results, parts }: UserDraft,
  calls: readonly Call[],
  { seesInResults }: ConversationContext,
): GooglePart[] {
  const { given, loose } = matchedResults(calls, results, ({ id }) => id)
  const behind: GooglePart[] = []
  const responses = calls.map((call): GooglePart => {
    const result = given.get(call)
    const { name, id } = call.part.functionCall
    const { response, media } = result ? responseOf(result) : { response: noResponse, media: [] }
    if (!seesInResults) behind.push(...media)
    return {
      functionResponse: {
        name,
        response,
        ...(id !== undefined && { id }),
        ...(seesInResults && media.length > 0 && { parts: media }),
      },
    }
  })
  return [...responses, ...behind, ...loose.flatMap(looseResult), ...parts]
}

/**
 * In the turn that is still going on, the API refuses the first call of a step without a signature: one of another model, or
 * one that the client has lost. Whether words beside results begin a turn, its pages leave open: Claude Code asks so for a
 * summary, right behind the results. Before that turn a stand-in does no harm.
 */
function addStandIns(contents: GoogleContent[]): void {
  const begin = contents.findLastIndex(
    ({ role, parts }) => role === 'user' && parts.every((part) => !('functionResponse' in part)),
  )
  for (const { role, parts } of contents.slice(begin + 1)) {
    if (role === 'user') continue
    const first = parts.find((part) => 'functionCall' in part)
    if (first) first.thoughtSignature ??= standIn
  }
}
