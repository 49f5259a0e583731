/** `response_format` and `verbosity` as the `text` of a Responses request. */
import { badRequest } from '../../../lib/errors.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import { isGiven, nameAt, objectAt, textAt } from '../untrusted.ts'
import { flag } from './flag.ts'

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
  const format = formatOf(request.response_format)
  const verbosity = isGiven(request.verbosity) ? textAt(request.verbosity, 'verbosity') : undefined
  const isLost = verbosity !== undefined && !takesVerbosity && verbosity !== usualVerbosity
  const text = {
    ...(format && { format }),
    ...(verbosity !== undefined && takesVerbosity && { verbosity }),
  }
  return {
    fields: Object.keys(text).length > 0 ? { text } : {},
    dropped: isLost ? ['verbosity'] : [],
  }
}

function formatOf(value: unknown): JsonObject | undefined {
  if (!isGiven(value)) return undefined
  const place = 'response_format'
  const format = objectAt(value, place)
  switch (format.type) {
    case 'text':
      return undefined
    case 'json_object':
      return { type: 'json_object' }
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
function schemaFormat(format: JsonObject, place: string): JsonObject {
  const nested = isGiven(format.json_schema)
  const at = nested ? `${place}.json_schema` : place
  const definition = nested ? objectAt(format.json_schema, at) : format
  if (!isGiven(definition.schema)) return { type: 'json_object' }
  const { description } = definition
  return {
    type: 'json_schema',
    name: nameAt(definition.name, `${at}.name`),
    ...(isGiven(description) && { description: textAt(description, `${at}.description`) }),
    schema: objectAt(definition.schema, `${at}.schema`),
    strict: flag(definition.strict, `${at}.strict`) ?? false,
  }
}
