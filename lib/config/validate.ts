/** Checking by schema: env-schema, which brings ajv; in the built program validators that `.build` compiled take its place. */
import type { Options } from 'ajv'
import { envSchema, type EnvSchemaOpt } from 'env-schema'
import { describe, type SchemaFault } from './faults.ts'
import type { Schema } from './schema.ts'

/**
 * The data with its defaults filled in; faults are added to `faults`, and then the data comes back as it was.
 * `coerce`: texts may stand for numbers, as they do in an environment.
 */
export function validate(
  source: string,
  schema: Schema,
  data: object,
  faults: string[],
  coerce: boolean,
): Record<string, unknown> {
  try {
    return envSchema({
      schema,
      data: structuredClone(data) as Record<string, unknown>,
      env: false,
      // an object will do for it, too, though its types know the function form only; source: its index.js, 8.0.0
      ajv: { customOptions: ajvOptions(coerce) } as unknown as EnvSchemaOpt['ajv'],
    })
  } catch (error) {
    const { errors } = error as { errors?: SchemaFault[] }
    if (!errors) throw error
    faults.push(...describe(source, errors))
    return { ...data }
  }
}

/**
 * On top of those that env-schema sets. Our own schemas need no check against the schema of schemas: compiling that one takes
 * longer than all else.
 */
export function ajvOptions(coerceTypes: boolean): Options {
  return { meta: false, validateSchema: false, coerceTypes, removeAdditional: false, verbose: true }
}
