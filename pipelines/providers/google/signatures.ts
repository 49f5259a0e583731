/** Which part of a model's turn each signature belongs to. Source: Gemini API "Thought signatures", read 2026-11. */
import type { Ordered, Taker } from '../../neutral/writing.ts'
import type { Reasoning, Seal } from '../../neutral/reasoning.ts'
import type { CallPiece, Turn } from '../../neutral/request.ts'
import { isSealed } from '../../neutral/seal.ts'

export type DataSeal = Extract<Seal, { data: string }>

export function dataSeal({ seal }: Pick<Reasoning, 'seal'>): DataSeal | undefined {
  return seal && 'data' in seal ? seal : undefined
}

export class Signatures {
  /** those that name a call of the turn, by its id */
  readonly #named = new Map<string, DataSeal>()
  /** those that the client keeps at the calls themselves, by the call */
  readonly #own = new Map<CallPiece, DataSeal>()
  readonly #ownData = new Set<string>()

  constructor(pieces: readonly Ordered[], turn: Turn, { takes }: Taker) {
    const calls = pieces.filter((piece) => piece.type === 'call')
    const ids = new Set(calls.map(({ id }) => id))
    for (const piece of pieces) {
      const seal = piece.type === 'reasoning' ? dataSeal(piece.reasoning) : undefined
      if (seal?.id !== undefined && ids.has(seal.id)) this.#named.set(seal.id, seal)
    }
    const refused = refusedData(turn, takes)
    for (const call of calls) {
      const data = dataSeal(call)?.data
      if (data === undefined || isSealed(data) || refused.has(data)) continue
      this.#own.set(call, { data, id: call.id })
      this.#ownData.add(data)
    }
  }

  ofCall(call: CallPiece): DataSeal | undefined {
    return this.#named.get(call.id) ?? this.#own.get(call)
  }

  /** Clients that lose all else keep the id, which only those of calls have. */
  isOnCall({ on, id, data }: DataSeal): boolean {
    if (on !== undefined) return on === 'call'
    return id !== undefined || this.#ownData.has(data)
  }

  /** Whether `ofCall` has it; else it belongs to the call that follows. */
  isPlaced({ id, data }: DataSeal): boolean {
    return this.#ownData.has(data) || (id !== undefined && this.#named.get(id)?.data === data)
  }
}

/** Signatures that are known beside the calls to be of another model. */
function refusedData({ reasoning = [] }: Turn, takes: Taker['takes']): Set<string> {
  const all = reasoning.flat().map((piece) => piece.reasoning)
  const refused = all.filter(({ seal, ...rest }) => seal && !takes({ ...rest, seal }))
  return new Set(refused.flatMap((one) => dataSeal(one)?.data ?? []))
}
