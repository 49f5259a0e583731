/** Checking by schema: env-schema, which brings ajv; in the built program validators that `.build` compiled take its place. */
import type { Options } from 'ajv'
import { envSchema, type EnvSchemaOpt } from 'env-schema'
import type { SchemaFault } from './faults.ts'
import type { Schema } from './schema.ts'

export interface Validated {
  /** with its defaults filled in; as it was where something is wrong with it */
  data: Record<string, unknown>
  found: SchemaFault[]
}

/** `coerce`: texts may stand for numbers, as they do in an environment. */
export function validate(schema: Schema, given: object, coerce: boolean): Validated {
  try {
    const data = envSchema({
      schema,
      data: structuredClone(given) as Record<string, unknown>,
      env: false,
      // an object will do for it, too, though its types know the function form only; source: its index.js, 8.0.0
      ajv: { customOptions: ajvOptions(coerce) } as unknown as NonNullable<EnvSchemaOpt['ajv']>,
    })
    return { data, found: [] }
  } catch (error) {
    const { errors } = error as { errors?: SchemaFault[] }
    if (!errors) throw error
    return { data: { ...given }, found: errors }
  }
}

/**
 * On top of those that env-schema sets. Our own schemas need no check against the schema of schemas: compiling that one takes
 * longer than all else.
 */
export function ajvOptions(coerceTypes: boolean): Options {
  return { meta: false, validateSchema: false, coerceTypes, removeAdditional: false, verbose: true }
}
