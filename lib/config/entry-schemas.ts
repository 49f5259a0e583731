/** The JSON schema of a model and of an endpoint, as `models` and `endpoints` list them. */
import { providers } from '../../pipelines/index.ts'
import { presetNames } from './presets.ts'
import { accountsOfEndpoint } from './routing-schema.ts'
import { text, type Schema } from './schema-type.ts'

const modelTypes = Object.keys(providers)

function usd(description: string): Schema {
  return { type: 'number', minimum: 0, description: `USD for a million tokens ${description}` }
}

const price: Schema = {
  type: 'object',
  required: ['input', 'output'],
  additionalProperties: false,
  description: 'what it costs; usage has no costs of a model without one',
  properties: {
    input: usd('of input'),
    output: usd('of output, with reasoning'),
    cache_read: usd('read from a cache; default: those of input'),
    cache_write: usd('written to a cache; default: those of input'),
  },
}

export const model: Schema = {
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
    price,
    fallback: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'ids of models that serve in its place, in order',
    },
  },
}

export const endpoint: Schema = {
  type: 'object',
  // and a base_url where it has no preset
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: text('what models and logs call it'),
    type: { type: 'string', enum: modelTypes, description: 'the API it speaks' },
    preset: {
      type: 'string',
      enum: presetNames,
      description: 'the vendor, whose addresses, credential and headers it has',
    },
    resource: text('of the preset azure: the NAME in https://NAME.openai.azure.com'),
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
    ...accountsOfEndpoint,
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
