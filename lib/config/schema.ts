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
import { text, texts, type Schema } from './schema-type.ts'

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
  description: 'limits of time; there is no total one',
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
    'reasoning of answers with tool calls, kept in memory for clients of another API that do not hand it back; and what Responses clients may name later',
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
      description: 'answers that are kept; the least recently used go first',
    },
    max_mb: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 4096,
      default: defaultReasoningMemory.max_mb,
      description: 'MiB that they may take together',
    },
    max_age_minutes: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100_000,
      default: defaultReasoningMemory.max_age_minutes,
      description: 'minutes since its last use after which an answer is forgotten',
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
  description: 'the login of the account without a name',
  properties: {
    file: text('the auth file; left out: ~/.factory/auth.json', '~/.factory/auth.json'),
    token_url: { ...text('where its tokens are renewed'), default: defaultAuth.token_url },
    client_id: { ...text('as whom its tokens are renewed'), default: defaultAuth.client_id },
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
    host: {
      ...text('address to listen on; :: is every one of IPv4 and IPv6, 0.0.0.0 of IPv4'),
      default: '127.0.0.1',
    },
    models: {
      type: 'array',
      items: model,
      default: defaultModels,
      description: 'the models; left out: those of Factory',
    },
    endpoints: {
      type: 'array',
      items: endpoint,
      default: defaultEndpoints,
      description: 'the upstreams; left out: those of Factory',
    },
    accounts,
    retry,
    model_redirects: {
      type: 'object',
      default: {},
      additionalProperties: { type: 'string', minLength: 1 },
      description: 'alias to model id; a * at either end matches any text',
      examples: [{ sonnet: 'claude-sonnet-5-5', 'gpt-*': 'gpt-5.4' }],
    },
    system_prompt: {
      type: 'string',
      default: defaultSystemPrompt,
      description:
        'put in front of every request, once; empty: none. The shipped one goes only where the token of the account does',
    },
    default_stream: {
      enum: [true, false, 'auto'],
      default: 'auto',
      description:
        'what a request without stream gets: a stream, one body, or what its client expects',
    },
    api_keys: {
      ...texts('keys that clients must present, as they are or as "sha256:" and the hash', [
        '${MY_KEY}',
      ]),
      default: [],
    },
    clients: {
      type: 'array',
      items: client,
      default: [],
      description: 'keys with a name and limits of their own',
    },
    max_parallel: maxParallel,
    recent_requests: recentRequests,
    admin_key: text(
      'whose holder may look at usage and status from anywhere: at least 16 characters, or "sha256:" and the hash; without it only this machine may',
      '${MY_ADMIN_KEY}',
    ),
    cors_origins: {
      ...texts(
        'browser origins that may call without a client key; a * is one label of the host, or any port',
        ['https://*.example.com', 'app://obsidian.md', 'null'],
      ),
      default: defaultOrigins,
    },
    max_body_mb: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 400,
      default: 64,
      description: 'MB; larger requests are refused with 413. On a machine of 512 MB take 16',
    },
    max_bodies_mb: {
      type: 'number',
      exclusiveMinimum: 0,
      description:
        'MB that the bodies of all requests may take until their answers begin; a further one is answered with 503. Left out: a quarter of the memory of the machine or container',
    },
    timeouts,
    keep_alive_s: seconds('of silence after which a stream gets a comment line', 15),
    reasoning_memory: reasoningMemory,
    usage,
    metrics: { type: 'boolean', default: false, description: 'true: counts for GET /metrics' },
    auth,
    config_watch: {
      type: 'boolean',
      default: true,
      description:
        'true: the configuration is read again when one of its files changes; false: only at SIGHUP',
    },
    log_level: {
      type: 'string',
      enum: logLevels,
      default: 'info',
      description: 'what is logged at least',
    },
    dev_mode: {
      type: 'boolean',
      default: false,
      description: 'true: log_level is debug where nobody names one',
    },
  },
}
