/** What is known of a request that is explained, from what came to what would go up. */
import type { Call } from '../app.ts'
import type { Model } from '../config/types.ts'
import type { Ready } from '../endpoints/ask.ts'
import type { Credential } from '../upstream/target.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'

export interface Story {
  call: Call
  /** the client's body, as it came and as an object */
  came: Buffer
  asked: JsonObject
  /** the model of the name that was asked for */
  first: Model
  prepared: Ready
  credential: Credential | undefined
  account: string
  /** as they would go up */
  headers: Readonly<Record<string, string>>
  sent: Buffer
}

/** `a`, `b` and `c`, each in quotes for code. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``)
  const last = quoted.at(-1) ?? ''
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(', ')} and ${last}`
}
