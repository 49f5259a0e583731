/** A JSON schema, as far as this program uses it. */
export interface Schema {
  /** names the validator that is compiled of it into the program */
  $id?: string
  type?: string | string[]
  description?: string
  default?: unknown
  /** where a default does not show how it is written */
  examples?: unknown[]
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  additionalProperties?: boolean | Schema
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
}

/** A text that must not be empty. */
export function text(description: string, example?: string): Schema {
  const written = example === undefined ? {} : { examples: [example] }
  return { type: 'string', minLength: 1, description, ...written }
}

/** A list of such texts. */
export function texts(description: string, example: string[]): Schema {
  const items: Schema = { type: 'string', minLength: 1 }
  return { type: 'array', items, description, examples: [example] }
}
