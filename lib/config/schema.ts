/** The JSON schema of `config.json`: every key with its type, default, unit and meaning. */
import { providers } from '../../pipelines/index.ts'
import { client, maxParallel } from './client-schema.ts'
import {
  defaultAuth,
  defaultEndpoints,
  defaultModels,
  defaultOrigins,
  defaultReasoningMemory,
  defaultSystemPrompt,
  defaultTimeouts,
} from './defaults.ts'
import { text, type Schema } from './schema-type.ts'

export type { Schema } from './schema-type.ts'

const modelTypes = Object.keys(providers)
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

function seconds(description: string, fallback: number): Schema {
  return {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 86_400,
    default: fallback,
    description: `seconds ${description}`,
  }
}

const model: Schema = {
  type: 'object',
  required: ['name', 'id', 'type'],
  additionalProperties: false,
  properties: {
    name: text('what people read'),
    id: text('what clients send'),
    type: { type: 'string', enum: modelTypes, description: 'the API the model speaks' },
    reasoning: {
      type: 'string',
      enum: ['off', 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'auto'],
      default: 'auto',
      description: 'reasoning level; none: off; auto: the wish of the client',
    },
    endpoint: text('name of the endpoint; without it the first one of the type'),
    upstream_id: text('what the upstream calls the model'),
    provider: text('value of {provider} in headers; default: the type'),
    thinking: {
      type: 'string',
      enum: ['budget', 'adaptive', 'none'],
      description: 'how the model takes thinking, over what is known of it',
    },
    max_output_tokens: {
      type: 'integer',
      minimum: 1,
      description: 'tokens the model can produce, over what is known of it',
    },
    fast: { type: 'boolean', description: 'ask for the fast tier unless the client chose one' },
    images: {
      type: 'boolean',
      description: 'false: the model sees none, and is told of each that there was one',
    },
    web_search: {
      type: 'boolean',
      description: "send a web search that a client lists beside its own tools as the provider's",
    },
  },
}

const endpoint: Schema = {
  type: 'object',
  required: ['name', 'base_url'],
  additionalProperties: false,
  properties: {
    name: text('what models and logs call it'),
    type: { type: 'string', enum: modelTypes, description: 'the API it speaks' },
    base_url: text('address of the API: its root, with /v1, or in full'),
    auth: {
      description:
        "whose credential goes upstream; left out: account on the account's own host, else client",
      anyOf: [
        { type: 'string', enum: ['account', 'client', 'none'] },
        {
          type: 'object',
          required: ['env'],
          additionalProperties: false,
          properties: {
            env: text('variable of the environment that holds the key'),
            header: text(
              'header that carries it; default authorization, as Bearer, with the type google x-goog-api-key',
            ),
          },
        },
      ],
    },
    headers: {
      type: 'object',
      default: {},
      additionalProperties: { type: 'string' },
      description: 'extra headers; values may hold {session_id}, {message_id}, {provider}',
    },
    system_prompt: { type: 'string', description: 'overrules system_prompt for this endpoint' },
    schema: {
      type: 'string',
      enum: ['json', 'openapi'],
      description:
        'tool parameters: as they are, or in the subset of OpenAPI that older Gemini takes',
    },
  },
}

const timeouts: Schema = {
  type: 'object',
  default: {},
  additionalProperties: false,
  description: 'time limits; there is no total one',
  properties: {
    connect_s: seconds('to connect to an upstream', defaultTimeouts.connect_s),
    first_byte_s: seconds('until an upstream begins to answer', defaultTimeouts.first_byte_s),
    idle_s: seconds('of silence in the middle of an answer', defaultTimeouts.idle_s),
    shutdown_s: seconds('that streams get to end at shutdown', defaultTimeouts.shutdown_s),
  },
}

const reasoningMemory: Schema = {
  type: 'object',
  default: {},
  additionalProperties: false,
  description:
    'reasoning of answers with tool calls, kept for chat clients that do not hand it back',
  properties: {
    enabled: {
      type: 'boolean',
      default: defaultReasoningMemory.enabled,
      description: 'false: nothing is kept',
    },
    max_entries: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: defaultReasoningMemory.max_entries,
      description: 'answers',
    },
    max_mb: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 4096,
      default: defaultReasoningMemory.max_mb,
      description: 'MiB, all entries together',
    },
    max_age_minutes: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100_000,
      default: defaultReasoningMemory.max_age_minutes,
      description: 'minutes since an entry was last used',
    },
  },
}

const auth: Schema = {
  type: 'object',
  default: {},
  additionalProperties: false,
  description: 'the login of the account',
  properties: {
    file: text('the auth file; default ~/.factory/auth.json'),
    token_url: { ...text('where tokens are renewed'), default: defaultAuth.token_url },
    client_id: { ...text('as whom tokens are renewed'), default: defaultAuth.client_id },
    refresh_hours: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 500,
      default: defaultAuth.refresh_hours,
      description: 'hours between renewals',
    },
  },
}

/** Unknown keys are found by the walk of `unknown-keys.ts`, so that they are warnings; what is left is checked by ajv. */
export const fileSchema: Schema = {
  $id: 'file',
  type: 'object',
  additionalProperties: false,
  properties: {
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 3000,
      description: 'port to listen on; 0: any free one',
    },
    host: { ...text('address to listen on'), default: '127.0.0.1' },
    models: { type: 'array', items: model, default: defaultModels, description: 'the models' },
    endpoints: {
      type: 'array',
      items: endpoint,
      default: defaultEndpoints,
      description: 'the upstreams',
    },
    model_redirects: {
      type: 'object',
      default: {},
      additionalProperties: { type: 'string', minLength: 1 },
      description: 'alias to model id; a * at either end matches any text',
    },
    system_prompt: {
      type: 'string',
      default: defaultSystemPrompt,
      description: 'put in front of every request, once; empty switches it off',
    },
    default_stream: {
      enum: [true, false, 'auto'],
      default: 'auto',
      description: 'what a request without stream gets',
    },
    api_keys: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: 'keys that clients must present; sha256:HEX for the hash of one',
    },
    clients: {
      type: 'array',
      items: client,
      default: [],
      description: 'keys with names and limits',
    },
    max_parallel: maxParallel,
    cors_origins: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: defaultOrigins,
      description: 'browser origins that may call; * as the port matches any',
    },
    max_body_mb: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 400,
      default: 64,
      description: 'MB; larger requests are refused',
    },
    timeouts,
    keep_alive_s: seconds('of silence after which a translated stream gets a comment', 15),
    reasoning_memory: reasoningMemory,
    auth,
    log_level: { type: 'string', enum: logLevels, default: 'info', description: 'log level' },
    dev_mode: {
      type: 'boolean',
      default: false,
      description: 'debug logs',
    },
  },
}
