/** The part of the schema that says who may call, and how much. */
import { text, texts, type Schema } from './schema-type.ts'

function limit(description: string, example: number): Schema {
  return { type: 'integer', minimum: 1, description, examples: [example] }
}

/** An entry of `clients`. */
export const client: Schema = {
  type: 'object',
  required: ['name', 'key'],
  additionalProperties: false,
  properties: {
    name: text('what logs and usage call it: small letters, digits, ".", "_" and "-"', 'alice'),
    key: text(
      'its key, or "sha256:" and the hash of it; droid2api key NAME makes one',
      '${ALICE_KEY}',
    ),
    models: texts('ids that it may use; a * at the end matches any text; left out: all', [
      'claude-*',
    ]),
    requests_per_minute: limit('requests in a minute of the clock', 30),
    requests_per_day: limit('requests in a day of the local time zone', 500),
    tokens_per_minute: limit('tokens in a minute: input without cache reads, and output', 50_000),
    tokens_per_day: limit('tokens in a day, counted likewise', 2_000_000),
    parallel: limit('requests under way at once', 4),
    expires: text('the last day on which the key is taken', '2027-01-31'),
    enabled: { type: 'boolean', default: true, description: 'false: the key is refused' },
  },
}

export const maxParallel: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: 100_000,
  default: 0,
  description:
    'model requests under way at once in this process, above which it answers 503; 0: any number',
}

export const recentRequests: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: 10_000,
  default: 200,
  description: 'last model requests that GET /requests shows; 0: none are kept',
}
