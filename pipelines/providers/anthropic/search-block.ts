/**
 * Web searches that the API runs: one block has the query, and a later one what was found. A search is complete with the
 * second. Nothing in them is needed for the answer, so that what cannot be read of them counts as absent.
 */
import { isObject, objectFrom, type JsonObject } from '../../json/value.ts'
import type { Delta, Source } from '../../neutral/delta.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asName, asObjects } from '../../untrusted.ts'
import type { Block } from './block.ts'

export class Searches {
  readonly #answer: AnswerSoFar
  readonly #calls = new Map<string, SearchCall>()

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
  }

  /** In: a `server_tool_use` block of a web search. */
  call(block: JsonObject): Block {
    const call = new SearchCall(block)
    this.#calls.set(asLabel(block.id), call)
    return call
  }

  /** In: a `web_search_tool_result` block. */
  result(block: JsonObject): Block {
    return new SearchResult(block, (id, found) => this.#deltas(id, found))
  }

  #deltas(id: string, content: unknown): Delta[] {
    const query = this.#calls.get(id)?.query
    if (query === undefined) return []
    this.#calls.delete(id)
    const search: Delta = { type: 'search', id, query, sources: sourcesIn(content) }
    return [...this.#answer.closeBlock(), isObject(content) ? { ...search, failed: true } : search]
  }
}

/** The content is a list of results, or the object of an error. */
function sourcesIn(content: unknown): Source[] {
  return asObjects(content).flatMap(({ url, title }) => {
    const found = asName(url)
    return found === undefined ? [] : [{ url: found, title: asLabel(title) }]
  })
}

class SearchCall implements Block {
  #input: unknown
  #pieces = ''

  constructor(block: JsonObject) {
    this.#input = block.input
  }

  get query(): string {
    const input = objectFrom(this.#pieces) ?? this.#input
    return isObject(input) ? asLabel(input.query) : ''
  }

  begin(): Delta[] {
    return []
  }

  delta(delta: JsonObject): Delta[] {
    if (delta.type === 'input_json_delta') this.#pieces += asLabel(delta.partial_json)
    return []
  }

  whole(block: JsonObject): Delta[] {
    this.#input = block.input ?? this.#input
    return []
  }

  end(): Delta[] {
    return []
  }
}

class SearchResult implements Block {
  #block: JsonObject
  readonly #deltas: (id: string, content: unknown) => Delta[]

  constructor(block: JsonObject, deltas: (id: string, content: unknown) => Delta[]) {
    this.#block = block
    this.#deltas = deltas
  }

  begin(): Delta[] {
    return []
  }

  delta(): Delta[] {
    return []
  }

  whole(block: JsonObject): Delta[] {
    this.#block = { ...this.#block, ...block }
    return []
  }

  end(): Delta[] {
    return this.#deltas(asLabel(this.#block.tool_use_id), this.#block.content)
  }
}
