/** A JSON schema, as far as this program uses it. */
export interface Schema {
  /** names the validator that is compiled of it into the program */
  $id?: string
  type?: string | string[]
  description?: string
  default?: unknown
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
export const text = (description: string): Schema => ({ type: 'string', minLength: 1, description })
