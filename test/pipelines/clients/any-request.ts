/** What requests of all clients are made of, for properties. */
import * as fc from 'fast-check'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../pipelines/neutral/reasoning.ts'
import { sealReasoning } from '../../../pipelines/neutral/seal.ts'

/** A request to a model, without its name. */
export interface AnyRequest {
  model: string
  body: JsonObject
}

export const json = { noNullPrototype: true }
export const words = fc.string({ unit: 'grapheme', maxLength: 8 }).map((rest) => `w${rest}`)
export const pngData = 'iVBORw0KGgoAAAAN'
export const png = `data:image/png;base64,${pngData}`
export const pdfData = 'JVBERi0='
export const pdf = `data:application/pdf;base64,${pdfData}`
export const limit = fc.integer({ min: 3000, max: 8000 })
export const share = fc.double({ min: 0, max: 1, noNaN: true })
export const input = fc.dictionary(words, fc.oneof(words, fc.integer()), { maxKeys: 2, ...json })
export const stops = fc.uniqueArray(words, { minLength: 1, maxLength: 4 })
export const schema = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}

export function listOf<T>(one: fc.Arbitrary<T>, minLength = 0): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength, maxLength: 3 })
}

export function maybe<T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(one, { maxLength: 1 })
}

/** Members that may be there or not. */
export function some(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(members, { requiredKeys: [], ...json })
}

/** A list in which no two of a type stand side by side, since the writers put those together. */
export function unlikeNeighbours(list: JsonObject[]): JsonObject[] {
  return list.filter(({ type }, index) => index === 0 || type !== list[index - 1]?.type)
}

/** Gives each call of a history an id of its own, and its result the same. */
export function withIds<T>(history: T[], id: string): T[] {
  let count = 0
  let answered = 0
  const text = JSON.stringify(history)
    .replaceAll('"CALL"', () => `"${id}${count++}"`)
    .replaceAll('"RESULT"', () => `"${id}${answered++}"`)
  return JSON.parse(text) as T[]
}

/** What is under a seal of ours, wherever that goes. */
export const sealed = 'enc'

/** What the client keeps of that reasoning, which the endpoint `here` made. */
export function seal(reasoning: Reasoning, model: string): string {
  return sealReasoning({ ...reasoning, model }, 'here', true)
}
