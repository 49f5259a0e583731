/**
 * Answers that clients may name in place of sending them again, by an id of the answer or of an item of it. Each is kept for
 * whoever got it, with what it answered, as long and as large as `reasoning_memory` allows.
 */
import { hash } from 'node:crypto'
import type { Call } from '../app.ts'
import { parseExactObject } from '../../pipelines/json/request-body.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type { KeptAnswer } from '../../pipelines/neutral/kept.ts'
import { newId } from './answer.ts'

/** Of the whole that is kept, no request may take more than this part. */
const largestPart = 16

/** Keeps the request, and lets the call keep its answer. Of a large request only the items of its answer can be named. */
export function keepAnswerOf(call: Call, bytes: Buffer): void {
  const limits = call.config.reasoning_memory
  if (!limits.enabled) return
  const { answers } = call.app
  const tail = newId()
  if (bytes.length * largestPart <= limits.max_mb * 1024 * 1024) {
    answers.keep(keyOf(call, tail, 'asked'), bytes, limits)
  }
  const keep = (output: readonly object[]) => {
    answers.keep(keyOf(call, tail, 'output'), Buffer.from(JSON.stringify({ output })), limits)
  }
  call.kept = { tail, keep }
}

export function findAnswer(call: Call, tail: string): KeptAnswer {
  const read = (part: 'asked' | 'output') => {
    const bytes = call.app.answers.find(keyOf(call, tail, part), call.config.reasoning_memory)
    return bytes && parseExactObject(bytes)
  }
  return { asked: read('asked'), output: objectsOf(read('output')?.output) }
}

function objectsOf(value: unknown): JsonObject[] | undefined {
  return Array.isArray(value) ? value.filter(isObject) : undefined
}

/** Ids can be guessed: what one client got, another with a key of its own must not find. */
function keyOf({ caller, headers }: Call, tail: string, part: string): string {
  const credential = headers.authorization ?? headers['x-api-key']
  const whose = JSON.stringify(caller ? [caller.name] : { credential })
  return JSON.stringify([hash('sha256', whose), tail, part])
}
