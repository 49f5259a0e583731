/** The part of the schema that says who may call, and how much. */
import { text, type Schema } from './schema-type.ts'

function limit(description: string): Schema {
  return { type: 'integer', minimum: 1, description }
}

/** An entry of `clients`. */
export const client: Schema = {
  type: 'object',
  required: ['name', 'key'],
  additionalProperties: false,
  properties: {
    name: text('what logs call it: small letters, digits, . _ -'),
    key: text('its key, or sha256:HEX; droid2api key NAME makes one'),
    models: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'ids it may use; a * at the end matches any text; default: all',
    },
    requests_per_minute: limit('of the clock'),
    requests_per_day: limit('of the local time zone'),
    tokens_per_minute: limit('input without cache reads, and output'),
    tokens_per_day: limit('likewise'),
    parallel: limit('requests under way at once'),
    expires: text('the last day on which the key is taken, as 2027-01-31'),
    enabled: { type: 'boolean', default: true, description: 'false: the key is refused' },
  },
}

export const maxParallel: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: 100_000,
  default: 0,
  description: 'model requests under way at once in this process; 0: any number',
}

export const recentRequests: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: 10_000,
  default: 200,
  description: 'last model requests that GET /requests shows; 0: none are kept',
}
