/** The JSON schema of a model and of an endpoint, as `models` and `endpoints` list them. */
import { providers } from '../../pipelines/index.ts'
import { presetNames } from './presets.ts'
import { accountsOfEndpoint } from './routing-schema.ts'
import { text, texts, type Schema } from './schema-type.ts'

const modelTypes = Object.keys(providers)

function usd(description: string): Schema {
  return { type: 'number', minimum: 0, description: `USD for a million tokens ${description}` }
}

const rates: Record<string, Schema> = {
  input: usd('of input'),
  output: usd('of output, with reasoning'),
  cache_read: usd('read from a cache; left out: those of input'),
  cache_write: usd('written to a cache; left out: those of input'),
  cache_write_1h: usd('written to a cache that keeps them for an hour; left out: cache_write'),
}

const price: Schema = {
  type: 'object',
  required: ['input', 'output'],
  additionalProperties: false,
  description: 'what a million tokens cost in USD; usage has no costs of a model without it',
  examples: [{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }],
  properties: {
    ...rates,
    above: {
      type: 'array',
      description: 'what all tokens of a request cost whose input is longer, caches included',
      examples: [[{ tokens: 200_000, input: 6, output: 22.5 }]],
      items: {
        type: 'object',
        required: ['tokens', 'input', 'output'],
        additionalProperties: false,
        properties: {
          tokens: { type: 'integer', minimum: 1, description: 'the longest input below' },
          ...rates,
        },
      },
    },
  },
}

export const model: Schema = {
  type: 'object',
  required: ['name', 'id', 'type'],
  additionalProperties: false,
  properties: {
    name: text('what people read', 'Sonnet'),
    id: text('what clients send', 'claude-sonnet-5-5'),
    type: {
      type: 'string',
      enum: modelTypes,
      description:
        'the API that it speaks: anthropic (Messages), openai (Responses), common (Chat Completions) or google (Gemini)',
    },
    reasoning: {
      type: 'string',
      enum: ['off', 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'auto'],
      default: 'auto',
      description:
        'reasoning level, over what clients ask for; auto: the wish of the client; none: the same as off',
    },
    endpoint: text('name of its endpoint; left out: the first one of its type', 'anthropic'),
    upstream_id: text('what the upstream calls it, where that is another name', 'qwen3:8b'),
    provider: text('value of {provider} in headers; left out: the type', 'anthropic'),
    thinking: {
      type: 'string',
      enum: ['budget', 'adaptive', 'none'],
      description: 'how it takes thinking, over what is known of it',
    },
    max_output_tokens: {
      type: 'integer',
      minimum: 1,
      description: 'tokens that it can produce, over what is known of it',
      examples: [64_000],
    },
    fast: {
      type: 'boolean',
      description: 'true: asks for the fast tier unless the client chose one',
    },
    images: {
      type: 'boolean',
      description:
        'false: for a model that refuses images and PDF files; it is told of each that there was one',
    },
    web_search: {
      type: 'boolean',
      description:
        "true: a web search that a client lists beside its own tools goes up as the provider's own; it costs money",
    },
    calls_in_text: {
      type: 'boolean',
      description:
        'true: for a local model whose tool calls come as text, since its server does not take them out; only for type common',
    },
    reasoning_in_text: {
      type: 'boolean',
      description:
        'true: for a local model whose answers begin with reasoning of which only the end is marked, as </think>; only for type common',
    },
    price,
    fallback: texts('ids of models that serve in its place, in order', ['sonnet-own', 'local']),
  },
}

export const endpoint: Schema = {
  type: 'object',
  // and a base_url where it has no preset
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: text('what models and logs call it', 'anthropic'),
    type: {
      type: 'string',
      enum: modelTypes,
      description: 'the API that it speaks; left out: those of its models',
    },
    preset: {
      type: 'string',
      enum: presetNames,
      description:
        'a known vendor, whose addresses, credential and headers it has; what stands beside it wins',
    },
    resource: text('of the preset azure: the NAME in https://NAME.openai.azure.com', 'my-resource'),
    base_url: text(
      'address of the API: its root, with /v1, or in full; droid2api check shows what comes of it',
      'https://api.anthropic.com',
    ),
    auth: {
      description:
        "whose credential goes upstream: the account's, the caller's own, none, or that of a variable; left out: account on the account's own host, else client",
      examples: [{ env: 'ANTHROPIC_API_KEY', header: 'x-api-key' }],
      anyOf: [
        { type: 'string', enum: ['account', 'client', 'none'] },
        {
          type: 'object',
          required: ['env'],
          additionalProperties: false,
          properties: {
            env: text('variable of the environment that holds the key', 'ANTHROPIC_API_KEY'),
            header: text(
              'header that carries it; left out: authorization, as Bearer, and with the type google x-goog-api-key',
              'x-api-key',
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
      description:
        "extra headers; values may hold {session_id}, {message_id} and {provider}; an empty one takes the client's out",
      examples: [{ 'x-session-id': '{session_id}' }],
    },
    system_prompt: { type: 'string', description: 'overrules the system_prompt of the file' },
    schema: {
      type: 'string',
      enum: ['json', 'openapi'],
      description:
        'tool parameters: as they are, or in the subset of OpenAPI that older Gemini takes',
    },
  },
}
