/** Pieces of chat requests that the tests of every request map use. */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { ChatMessage } from '../../../../pipelines/wire/chat.ts'

export const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }]

export function call(id: string, name = 'look', args = '{}'): JsonObject {
  return { id, type: 'function', function: { name, arguments: args } }
}

export function tool(name: string, parameters?: unknown): JsonObject {
  return {
    type: 'function',
    function: { name, ...(parameters === undefined ? {} : { parameters }) },
  }
}

/** For `assert.throws`: a 400 that names this place. */
export function refusal(param: string, code?: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof ProxyError &&
    error.status === 400 &&
    error.param === param &&
    (code === undefined || error.code === code)
}

/** Random JSON, made of the words and keys (blank-separated) that a mapping looks at. */
export function likelyJson(likelyWords: string, likelyKeys: string) {
  const words = fc.constantFrom(...likelyWords.split(' '))
  const keys = fc.constantFrom(...likelyKeys.split(' '))
  const json = fc.jsonValue({ maxDepth: 4 })
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      words,
      json,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }))
  /** A chat message, with more members than every provider reads. */
  const likelyMessage = (more: Record<string, fc.Arbitrary<unknown>> = {}) =>
    fc.record(
      {
        role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'function'),
        content: tree,
        tool_calls: fc.oneof(fc.array(tree, { maxLength: 2 }), fc.constant(null)),
        reasoning_details: tree,
        ...more,
        name: words,
        tool_call_id: words,
      },
      { noNullPrototype: true },
    )
  return { words, json, tree, likelyMessage }
}

/** Maps every request for every model: a body or a 400 that names a place comes out, and the request is not changed. */
export function assertMapsOrRefuses(
  requests: fc.Arbitrary<JsonObject>,
  models: fc.Arbitrary<string>,
  map: (request: JsonObject, id: string) => unknown,
): void {
  fc.assert(
    fc.property(requests, models, (given, id) => {
      const before = JSON.stringify(given)
      try {
        map(given, id)
      } catch (error) {
        assert.ok(error instanceof ProxyError, String(error))
        assert.equal(error.status, 400)
        assert.ok(error.param)
      }
      assert.equal(JSON.stringify(given), before)
    }),
    { numRuns: 1000 },
  )
}
