/** Neutral requests in few words, and what goes up to a chat upstream. */
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Model } from '../../../../pipelines/model.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import type {
  CallPiece,
  CustomTool,
  FunctionTool,
  HostedTool,
  NeutralRequest,
  Piece,
  ResultPiece,
  Turn,
} from '../../../../pipelines/neutral/request.ts'
import type { WriteContext } from '../../../../pipelines/neutral/writing.ts'
import { writeCommon } from '../../../../pipelines/providers/common/write.ts'

export const model: Model = { id: 'local', upstream_id: 'qwen-9', reasoning: 'auto' }

export function asked(rest: Partial<NeutralRequest> = {}): NeutralRequest {
  return {
    model: 'local',
    turns: [user('hi')],
    tools: [],
    limits: {},
    sampling: {},
    stop: [],
    reasoning: { names: [], hidden: false },
    own: {},
    lost: [],
    names: {},
    ...rest,
  }
}

export function written(rest: Partial<NeutralRequest> = {}, context: Partial<WriteContext> = {}) {
  const base = { model, systemPrompt: '', headers: {}, stream: false, endpoint: 'here' }
  return writeCommon(asked(rest), { ...base, ...context })
}

/** The messages of these turns. */
export function messagesOf(turns: Turn[], context: Partial<WriteContext> = {}): JsonObject[] {
  return written({ turns }, context).body.messages as JsonObject[]
}

function turn(role: Turn['role'], pieces: (string | Piece)[]): Turn {
  const whole = pieces.map((piece): Piece =>
    typeof piece === 'string' ? { type: 'text', text: piece, place: 'p' } : piece,
  )
  return { role, pieces: whole, place: 'messages[0]' }
}

export const user = (...pieces: (string | Piece)[]) => turn('user', pieces)
export const assistant = (...pieces: (string | Piece)[]) => turn('assistant', pieces)
export const instruction = (...pieces: (string | Piece)[]) => turn('instruction', pieces)

export function callPiece(
  id: string,
  name = 'f',
  input: unknown = '{}',
  rest: Partial<CallPiece> = {},
): CallPiece {
  return { type: 'call', kind: 'function', id, name, input, inputPlace: 'p', place: 'p', ...rest }
}

export function resultPiece(
  id: string,
  content: string | Piece[],
  rest: Partial<ResultPiece> = {},
): ResultPiece {
  return { type: 'result', id, content, place: 'p', ...rest }
}

export function image(data = 'aW1n'): Piece {
  const inline = { mediaType: 'image/png', base64: true, data }
  return {
    type: 'attachment',
    written: 'image',
    kind: 'image',
    held: { inline },
    heldPlace: 'p.source',
    place: 'p',
  }
}

export function thought(text: string, rest: Partial<Reasoning> = {}): Piece {
  const seal = { field: 'reasoning_content' as const }
  const reasoning: Reasoning = {
    kind: 'raw',
    text,
    maker: 'common',
    endpoint: 'here',
    seal,
    ...rest,
  }
  return { type: 'reasoning', reasoning, place: 'p' }
}

export function tool(name: string, rest: Partial<FunctionTool> = {}): FunctionTool {
  return {
    kind: 'function',
    name,
    schema: undefined,
    schemaPlace: 'p',
    place: 'tools[0]',
    more: {},
    ...rest,
  }
}

export function customTool(name: string, rest: Partial<CustomTool> = {}): CustomTool {
  return { kind: 'custom', name, place: 'tools[0]', more: {}, ...rest }
}

export function hosted(type: string, rest: Partial<HostedTool> = {}): HostedTool {
  return { kind: 'hosted', written: type, place: 'tools[0]', ...rest }
}

export function said(id: string, name: string, args: string): JsonObject {
  return { id, type: 'function', function: { name, arguments: args } }
}
