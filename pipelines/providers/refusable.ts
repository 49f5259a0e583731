/** What upstreams may refuse of a request that is otherwise right, and what is done about it. */
import { ProxyError } from '../errors.ts'
import type { JsonDocument } from '../json/document.ts'
import { isObject } from '../json/value.ts'

/** A part of requests that some upstreams refuse, and without which such a request is sent once more. */
export interface Refusable {
  /** the statuses with which they refuse it */
  refusals: readonly number[]
  /** whether a refusal is of the part, by its body */
  isRefused: (refusal: string) => boolean
  /** the request's body without the part that was refused so; undefined where it has none */
  leaveOut: (body: Buffer, refusal: string) => Buffer[] | undefined
}

export type SentHeaders = Record<string, string | undefined>

/** A part that the client sends again with each further turn: as a rule, of the turns before. */
export interface RefusablePast extends Refusable {
  /** `turns`: of how many the part is looked for in; left out: of all */
  leaveOut: (body: Buffer, refusal: string, turns?: number) => Buffer[] | undefined
  /** the member of the body that holds the turns */
  turns: string
  /** whether the model makes such parts itself, so that new ones may be refused, too */
  isOwn: (refusal: string) => boolean
  /** the headers that change with it, where any do; `sent`: the value of one that goes up */
  headers?: (refusal: string, sent: (name: string) => string | undefined) => SentHeaders | undefined
  /** the same for a model whose calls are looked for in its text */
  inText?: RefusablePast
}

/** Undefined where a body is nested too deeply to be written anew. */
export function unlessTooDeep(leaveOut: () => Buffer[] | undefined): Buffer[] | undefined {
  try {
    return leaveOut()
  } catch (error) {
    if (error instanceof ProxyError) return undefined
    throw error
  }
}

interface Body {
  pieces: readonly Buffer[]
}

/** Whether such a body is among those: two rules of which each undoes the other would go on for ever. */
export function wentUp(before: readonly Body[], pieces: readonly Buffer[]): boolean {
  const body = Buffer.concat(pieces)
  return before.some((one) => Buffer.concat(one.pieces).equals(body))
}

/** Lowers a limit of tokens that is beyond what the model has. `most`: undefined where nobody knows that. */
export function capLimit(document: JsonDocument, name: string, most: number | undefined): void {
  const limit = document.get(name)
  if (most !== undefined && typeof limit === 'number' && limit > most) document.set(name, most)
}

/** Takes a member out of an object, and the object where nothing else is in it. Returns whether it was there. */
export function takeMemberOut(document: JsonDocument, name: string, member: string): boolean {
  let left: number | undefined
  document.change(name, (object) => {
    if (!isObject(object) || object[member] === undefined) return undefined
    const { [member]: _out, ...rest } = object
    left = Object.keys(rest).length
    return rest
  })
  if (left === 0) document.delete(name)
  return left !== undefined
}

/** The same for the objects of a list, which stay whatever is left of them. */
export function takeMembersOut(document: JsonDocument, name: string, member: string): boolean {
  return document.changeItems(name, (items) => items.map((item) => without(item, member)))
}

/** The very value where it has no such member. */
export function without(value: unknown, member: string): unknown {
  if (!isObject(value) || !Object.hasOwn(value, member)) return value
  const { [member]: _out, ...rest } = value
  return rest
}

/** Of such words those that a refusal names as supported. */
export function supportedIn<Word extends string>(refusal: string, words: readonly Word[]): Word[] {
  const list = /(?:supported (?:values|levels)|input should be)([^\n]{0,200})/i.exec(refusal)?.[1]
  return list === undefined ? [] : words.filter((word) => new RegExp(`\\b${word}\\b`).test(list))
}
