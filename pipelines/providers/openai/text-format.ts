/** `response_format` and `verbosity` as the `text` of a Responses request. */
import { badRequest } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import { isGiven, nameAt, objectAt, textAt } from '../../untrusted.ts'
import { repairedSchema } from '../../neutral/repaired-schema.ts'
import { flag } from './flag.ts'
import { canBeStrict } from './parameters.ts'

/** What a model without `verbosity` does anyway. */
const usualVerbosity = 'medium'

/**
 * Nothing where neither was sent; `dropped` has the names for `x-droid2api-dropped`. Throws a 400
 * for a format that chat does not know.
 */
export function textOf(
  request: JsonObject,
  takesVerbosity: boolean,
): { fields: Pick<ResponsesRequest, 'text'>; dropped: string[] } {
  const { format, losesStrict } = formatOf(request.response_format)
  const verbosity = isGiven(request.verbosity) ? textAt(request.verbosity, 'verbosity') : undefined
  const isLost = verbosity !== undefined && !takesVerbosity && verbosity !== usualVerbosity
  const text = {
    ...(format && { format }),
    ...(verbosity !== undefined && takesVerbosity && { verbosity }),
  }
  return {
    fields: Object.keys(text).length > 0 ? { text } : {},
    dropped: [...(losesStrict ? ['strict'] : []), ...(isLost ? ['verbosity'] : [])],
  }
}

interface AnswerFormat {
  format?: JsonObject
  /** strict was wanted, and the API would refuse it */
  losesStrict?: boolean
}

function formatOf(value: unknown): AnswerFormat {
  if (!isGiven(value)) return {}
  const place = 'response_format'
  const format = objectAt(value, place)
  switch (format.type) {
    case 'text':
      return {}
    case 'json_object':
      return { format: { type: 'json_object' } }
    case 'json_schema':
      return schemaFormat(format, place)
    default: {
      const message = `${place}.type is not known; use text, json_object or json_schema.`
      throw badRequest('invalid_value', `${place}.type`, message)
    }
  }
}

/**
 * Chat nests what Responses has flat; `strict` is always said, since the two APIs differ in their
 * default.
 */
function schemaFormat(format: JsonObject, place: string): AnswerFormat {
  const nested = isGiven(format.json_schema)
  const at = nested ? `${place}.json_schema` : place
  const definition = nested ? objectAt(format.json_schema, at) : format
  if (!isGiven(definition.schema)) return { format: { type: 'json_object' } }
  const { description } = definition
  const schema = objectAt(definition.schema, `${at}.schema`)
  const wanted = flag(definition.strict, `${at}.strict`) ?? false
  const strict = wanted && canBeStrict(schema)
  const own = {
    type: 'json_schema',
    name: nameAt(definition.name, `${at}.name`),
    ...(isGiven(description) && { description: textAt(description, `${at}.description`) }),
    schema: repairedSchema(schema),
    strict,
  }
  return { format: own, losesStrict: wanted && !strict }
}
