/** The JSON schema of `config.json`: every key with its type, default, unit and meaning. */
import { client, maxParallel, recentRequests } from './client-schema.ts'
import {
  defaultAuth,
  defaultEndpoints,
  defaultModels,
  defaultOrigins,
  defaultReasoningMemory,
  defaultSystemPrompt,
  defaultTimeouts,
  defaultUsage,
} from './defaults.ts'
import { endpoint, model } from './entry-schemas.ts'
import { accounts, retry } from './routing-schema.ts'
import { text, type Schema } from './schema-type.ts'

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

const usage: Schema = {
  type: 'object',
  default: {},
  additionalProperties: false,
  description: 'counts of requests and tokens, kept in DATA_DIR/usage',
  properties: {
    enabled: {
      type: 'boolean',
      default: defaultUsage.enabled,
      description: 'false: nothing is counted',
    },
    flush_s: {
      type: 'number',
      minimum: 1,
      maximum: 86_400,
      default: defaultUsage.flush_s,
      description: 'seconds after which what was counted is written down',
    },
    keep_months: {
      type: 'integer',
      minimum: 1,
      maximum: 1200,
      default: defaultUsage.keep_months,
      description: 'months that are kept, with this one',
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
    accounts,
    retry,
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
    recent_requests: recentRequests,
    admin_key: text('key of who may look at usage; sha256:HEX for the hash of one'),
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
    usage,
    auth,
    config_watch: {
      type: 'boolean',
      default: true,
      description: 'the files of the configuration are read again when they change',
    },
    log_level: { type: 'string', enum: logLevels, default: 'info', description: 'log level' },
    dev_mode: {
      type: 'boolean',
      default: false,
      description: 'debug logs',
    },
  },
}
