/** The part of the schema that says where a request may go: accounts, and how often it is sent. */
import { defaultRetry } from './defaults.ts'
import { text, type Schema } from './schema-type.ts'

const hours: Schema = { type: 'number', exclusiveMinimum: 0, maximum: 500 }

const account: Schema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: text('what endpoints and logs call it'),
    login: text('refresh token that its login begins with'),
    file: text('auth file that holds its login'),
    key: text('fixed key'),
    header: text('header that carries the key; default authorization, as Bearer'),
    token_url: text('where its tokens are renewed; default auth.token_url'),
    client_id: text('as whom its tokens are renewed; default auth.client_id'),
    refresh_hours: { ...hours, description: 'hours between renewals; default auth.refresh_hours' },
    enabled: { type: 'boolean', default: true, description: 'false: kept, but never used' },
  },
}

export const accounts: Schema = {
  type: 'array',
  items: account,
  default: [],
  description: 'accounts that endpoints can name',
}

export const retry: Schema = {
  type: 'object',
  default: {},
  additionalProperties: false,
  description: 'for endpoints with accounts and models with a fallback',
  properties: {
    wait_s: {
      type: 'number',
      minimum: 0,
      maximum: 600,
      default: defaultRetry.wait_s,
      description: 'seconds that a request waits for a limit to end, in sum',
    },
    attempts: {
      type: 'integer',
      minimum: 1,
      maximum: 20,
      default: defaultRetry.attempts,
      description: 'how often a request is sent at most, over accounts and fallbacks',
    },
  },
}

/** Of an endpoint: its accounts, and which of them serves a request. */
export const accountsOfEndpoint: Record<string, Schema> = {
  accounts: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    description: 'names of accounts, the preferred one first',
  },
  choose: {
    type: 'string',
    enum: ['first', 'sticky', 'round-robin'],
    description: 'which account serves: the first that can, one a conversation, or each in turn',
  },
}
