/** Checking by schema: env-schema, which brings ajv. Loaded only where a configuration is read. */
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
      ajv: ajvOptions(coerce),
    })
  } catch (error) {
    const { errors } = error as { errors?: SchemaFault[] }
    if (!errors) throw error
    faults.push(...describe(source, errors))
    return { ...data }
  }
}

/**
 * env-schema takes ajv's options as an object, too; its types know the function form only. Source: its index.js, 8.0.0.
 * Our own schemas need no check against the schema of schemas: compiling that one takes longer than all else at the start.
 */
function ajvOptions(coerceTypes: boolean): EnvSchemaOpt['ajv'] {
  const own = { meta: false, validateSchema: false }
  const customOptions: unknown = { ...own, coerceTypes, removeAdditional: false, verbose: true }
  return { customOptions } as EnvSchemaOpt['ajv']
}
