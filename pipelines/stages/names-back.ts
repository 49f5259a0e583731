/**
 * Lists of Delta -> lists of Delta: tools under the names that the client gave them, for tools that went up under other names or
 * as another kind. What was wrapped for an API without free text is unwrapped: its arguments are collected, since only all of
 * them together tell the text.
 */
import { Transform, type TransformCallback } from 'node:stream'
import type { Delta, DeltaOf } from '../neutral/delta.ts'
import type { ToolNames } from '../neutral/tools.ts'
import { unwrappedInput } from '../neutral/free-text.ts'
import { listsHeld } from './sse-events.ts'

/** In and out: Delta[]. */
export function namesBack(names: ToolNames): Transform {
  const renamer = new Renamer(names)
  return new Transform({
    objectMode: true,
    highWaterMark: listsHeld,
    transform(deltas: Delta[], _encoding, done: TransformCallback) {
      const renamed = deltas.flatMap((delta) => renamer.pass(delta))
      if (renamed.length > 0) this.push(renamed)
      done()
    },
  })
}

/** The same for the deltas of an answer that is already whole. */
export function withNamesBack(deltas: Delta[], names: ToolNames): Delta[] {
  if (!deltas.some(({ type }) => type === 'tool-start')) return deltas
  const renamer = new Renamer(names)
  return deltas.flatMap((delta) => renamer.pass(delta))
}

type Start = DeltaOf<'tool-start'>

class Renamer {
  readonly #names: ToolNames
  /** arguments of wrapped calls that have not come to their end, by the index of the call */
  readonly #wrapped = new Map<number, string>()

  constructor(names: ToolNames) {
    this.#names = names
  }

  pass(delta: Delta): Delta[] {
    switch (delta.type) {
      case 'tool-start':
        return [this.#start(delta)]
      case 'tool-input': {
        const before = this.#wrapped.get(delta.index)
        if (before === undefined) return [delta]
        this.#wrapped.set(delta.index, before + delta.text)
        return []
      }
      case 'tool-stop':
        return [...this.#unwrapped(delta.index), delta]
      case 'stop':
        return [...this.#cut(), delta]
      default:
        return [delta]
    }
  }

  #start(delta: Start): Start {
    const own = this.#names.own(this.#names.meant(delta.name))
    if (!own) return delta
    const { name, namespace, kind, builtIn } = own
    const isWrapped = kind === 'custom' && delta.kind === 'function'
    if (isWrapped) this.#wrapped.set(delta.index, '')
    return {
      ...delta,
      name,
      ...(isWrapped && { kind }),
      ...(namespace !== undefined && { namespace }),
      ...(builtIn !== undefined && { builtIn }),
    }
  }

  #unwrapped(index: number): Delta[] {
    const written = this.#wrapped.get(index)
    this.#wrapped.delete(index)
    const text = written === undefined ? '' : unwrappedInput(written)
    return text === '' ? [] : [{ type: 'tool-input', index, text }]
  }

  /** Of a call that was cut the client gets what there is. */
  #cut(): Delta[] {
    const cut = [...this.#wrapped].filter(([, text]) => text !== '')
    this.#wrapped.clear()
    return cut.map(([index, text]): Delta => ({ type: 'tool-input', index, text }))
  }
}
