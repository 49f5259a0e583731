/**
 * Answers that clients may name in place of sending them again, by an id of the answer or of an item of it. Each is kept for
 * whoever got it, with what it answered, as long and as large as `reasoning_memory` allows.
 */
import { hash } from 'node:crypto'
import type { Call } from '../app.ts'
import { parseExactObject } from '../../pipelines/json/request-body.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { KeptPart } from '../../pipelines/kept-answer.ts'
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
  const keep = (answer: object) => {
    answers.keep(keyOf(call, tail, 'answer'), Buffer.from(JSON.stringify(answer)), limits)
  }
  call.kept = { tail, keep }
}

export function findAnswer(call: Call, tail: string, part: KeptPart): JsonObject | undefined {
  const bytes = call.app.answers.find(keyOf(call, tail, part), call.config.reasoning_memory)
  return bytes && parseExactObject(bytes)
}

export function forgetAnswer(call: Call, tail: string): void {
  for (const part of ['asked', 'answer'] as const) call.app.answers.forget(keyOf(call, tail, part))
}

/**
 * What one client got, another with a key of its own must not find. Both headers count: one of them may be of a front door, where it
 * is the same for all.
 */
function keyOf({ caller, headers }: Call, tail: string, part: KeptPart): string {
  const { authorization, 'x-api-key': key } = headers
  const whose = JSON.stringify(caller ? [caller.name] : { authorization, key })
  return JSON.stringify([hash('sha256', whose), tail, part])
}
