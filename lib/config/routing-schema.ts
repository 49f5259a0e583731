/** The part of the schema that says where a request may go: accounts, and how often it is sent. */
import { defaultRetry } from './defaults.ts'
import { text, texts, type Schema } from './schema-type.ts'

const hours: Schema = { type: 'number', exclusiveMinimum: 0, maximum: 500 }

const account: Schema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: text('what endpoints and logs call it: small letters, digits, ".", "_" and "-"', 'work'),
    login: text(
      'refresh token that its login begins with; one of login, file and key',
      '${DROID_REFRESH_KEY}',
    ),
    file: text('auth file that holds its login', '~/.factory/auth.json'),
    key: text('fixed key', '${ANTHROPIC_API_KEY}'),
    header: text(
      'header that carries the key; left out: as Bearer, or where the API looks for keys',
      'x-api-key',
    ),
    token_url: text('where its tokens are renewed; left out: auth.token_url'),
    client_id: text('as whom its tokens are renewed; left out: auth.client_id'),
    refresh_hours: {
      ...hours,
      description: 'hours between renewals; left out: auth.refresh_hours',
    },
    enabled: { type: 'boolean', default: true, description: 'false: kept, but never used' },
  },
}

export const accounts: Schema = {
  type: 'array',
  items: account,
  default: [],
  description: 'several accounts, for endpoints that name them',
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
  accounts: texts('names of accounts, the preferred one first; in place of auth', [
    'work',
    'spare',
  ]),
  choose: {
    type: 'string',
    enum: ['first', 'sticky', 'round-robin'],
    description:
      'which account serves: the first that can (as when it is left out), one a conversation, or each in turn',
  },
}
