/** What the demo's three APIs share: each reads a request as an ask and tells a script in its own words. */
import { randomBytes } from 'node:crypto'
import type { Dialect } from './dialect.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Ask } from './ask.ts'
import type { Script } from './script.ts'

export interface DemoApi {
  /** the shape of its errors and the names of its headers */
  dialect: Dialect
  /** Throws ProxyError 400 for a request that the provider would refuse. */
  ask(body: JsonObject): Ask
  tell(body: JsonObject, script: Script): Telling
}

/** One answer in both forms. */
export interface Telling {
  body: object
  /** The same as events; those that carry a piece of the answer are marked. */
  events(): DemoEvent[]
  /** What follows the first `sent` events when the provider fails in mid-answer. */
  failure(sent: number): DemoEvent[]
}

export interface DemoEvent {
  /** the `event:` line; Chat Completions has none */
  name?: string
  data: object | '[DONE]'
  /** worth a pause, as a model would make one */
  piece?: boolean
}

/** The error that `error midstream` brings. */
export const midstreamMessage = 'The demo upstream failed in mid-answer, as it was asked to.'

/** A fresh id, such as `newId('msg_')`. */
export function newId(prefix: string): string {
  return prefix + randomBytes(12).toString('hex')
}
