/**
 * What is known of vendors, a row each: an endpoint with a `preset` has its addresses, its credential and its headers from here.
 * Sources: the vendors' API references, read 2026-11; docs/presets.md shows the rows. None of these hosts was called.
 */
import type { ModelType } from '../../pipelines/index.ts'
import { defaultEndpoints, defaultModels, factoryHeaders } from './defaults.ts'
import type { EndpointAuth } from './types.ts'

export interface Preset {
  /**
   * `base_url` for each type of model that the vendor serves; `init` gives models the first one, which is the vendor's own API.
   * `{resource}` stands for that key of the endpoint.
   */
  addresses: Partial<Record<ModelType, string>>
  auth: Extract<EndpointAuth, 'account' | 'none' | object>
  headers?: Record<string, string>
  /** where it lists its models; left out where nothing lists those that a request may name */
  models?: string
  /** other variables in which people keep the same key */
  aliases?: readonly string[]
  /** how its keys begin, and no other vendor's */
  keyStart?: string
  /** of a server on this machine, where it can be told to want a key */
  optionalKey?: string
  /** ids for who may not ask the network, the likeliest first */
  known: readonly string[]
  /** what people stumble over */
  note?: string
}

const codingPlan = 'a Coding Plan key: preset zai-coding'
const region = 'keys belong to a region'

function key(env: string, header?: string): Preset['auth'] {
  return header === undefined ? { env } : { env, header }
}

/** A server on this machine that speaks the three older APIs at one address. */
function local(port: number, more: Partial<Preset> = {}): Preset {
  const root = `http://127.0.0.1:${port}/v1`
  return {
    addresses: { common: root, anthropic: root, openai: root },
    auth: 'none',
    models: `${root}/models`,
    known: [],
    ...more,
  }
}

const zai = {
  auth: key('ZAI_API_KEY'),
  models: 'https://api.z.ai/api/paas/v4/models',
  aliases: ['Z_AI_API_KEY'],
  known: ['glm-5.3', 'glm-5.3-flash'],
}
const zhipu = {
  auth: key('ZHIPUAI_API_KEY'),
  models: 'https://open.bigmodel.cn/api/paas/v4/models',
  aliases: ['ZHIPU_API_KEY', 'BIGMODEL_API_KEY'],
  known: ['glm-5.2', 'glm-5.1'],
}
const moonshot = { auth: key('MOONSHOT_API_KEY'), known: ['kimi-k3'], note: region }
const qwen = {
  auth: key('DASHSCOPE_API_KEY'),
  known: ['qwen3-coder-plus', 'qwen-plus'],
  note: region,
}

const rows = {
  factory: {
    addresses: Object.fromEntries(defaultEndpoints.map(({ type, base_url: url }) => [type, url])),
    auth: 'account',
    headers: factoryHeaders,
    keyStart: 'fk-',
    known: defaultModels.map(({ id }) => id),
  },
  anthropic: {
    addresses: { anthropic: 'https://api.anthropic.com' },
    auth: key('ANTHROPIC_API_KEY', 'x-api-key'),
    models: 'https://api.anthropic.com/v1/models?limit=1000',
    keyStart: 'sk-ant-',
    known: ['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5'],
  },
  openai: {
    addresses: { openai: 'https://api.openai.com/v1', common: 'https://api.openai.com/v1' },
    auth: key('OPENAI_API_KEY'),
    models: 'https://api.openai.com/v1/models',
    keyStart: 'sk-proj-',
    known: ['gpt-5.4', 'gpt-5.4-mini'],
  },
  gemini: {
    addresses: {
      google: 'https://generativelanguage.googleapis.com',
      common: 'https://generativelanguage.googleapis.com/v1beta/openai',
    },
    auth: key('GEMINI_API_KEY'),
    models: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000',
    aliases: ['GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    keyStart: 'AIza',
    known: ['gemini-3.8-flash', 'gemini-3.1-pro-preview'],
  },
  openrouter: {
    addresses: {
      common: 'https://openrouter.ai/api/v1',
      anthropic: 'https://openrouter.ai/api/v1',
      openai: 'https://openrouter.ai/api/v1',
    },
    auth: key('OPENROUTER_API_KEY'),
    models: 'https://openrouter.ai/api/v1/models',
    keyStart: 'sk-or-',
    known: ['openrouter/auto'],
  },
  deepseek: {
    addresses: {
      common: 'https://api.deepseek.com/v1',
      anthropic: 'https://api.deepseek.com/anthropic',
    },
    auth: key('DEEPSEEK_API_KEY'),
    models: 'https://api.deepseek.com/models',
    known: ['deepseek-flash', 'deepseek-v4-pro'],
  },
  zai: {
    ...zai,
    addresses: {
      common: 'https://api.z.ai/api/paas/v4',
      anthropic: 'https://api.z.ai/api/anthropic',
    },
    note: codingPlan,
  },
  'zai-coding': {
    ...zai,
    addresses: {
      common: 'https://api.z.ai/api/coding/paas/v4',
      anthropic: 'https://api.z.ai/api/anthropic',
      openai: 'https://api.z.ai/api/v1',
    },
    note: 'for keys of a Coding Plan',
  },
  zhipu: {
    ...zhipu,
    addresses: {
      common: 'https://open.bigmodel.cn/api/paas/v4',
      anthropic: 'https://open.bigmodel.cn/api/anthropic',
    },
    note: 'a Coding Plan key: preset zhipu-coding',
  },
  'zhipu-coding': {
    ...zhipu,
    addresses: {
      common: 'https://open.bigmodel.cn/api/coding/paas/v4',
      anthropic: 'https://open.bigmodel.cn/api/anthropic',
    },
    note: 'for keys of a Coding Plan',
  },
  moonshot: {
    ...moonshot,
    addresses: {
      common: 'https://api.moonshot.ai/v1',
      anthropic: 'https://api.moonshot.ai/anthropic',
      openai: 'https://api.moonshot.ai/v1',
    },
    models: 'https://api.moonshot.ai/v1/models',
  },
  'moonshot-cn': {
    ...moonshot,
    addresses: {
      common: 'https://api.moonshot.cn/v1',
      anthropic: 'https://api.moonshot.cn/anthropic',
    },
    models: 'https://api.moonshot.cn/v1/models',
  },
  'kimi-coding': {
    addresses: {
      common: 'https://api.kimi.com/coding/v1',
      anthropic: 'https://api.kimi.com/coding',
    },
    auth: key('KIMI_API_KEY'),
    models: 'https://api.kimi.com/coding/v1/models',
    known: ['kimi-for-coding'],
    note: 'for keys of Kimi Code; others: preset moonshot',
  },
  qwen: {
    ...qwen,
    addresses: {
      common: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
      anthropic: 'https://dashscope-intl.aliyuncs.com/apps/anthropic',
    },
    models: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/models',
  },
  'qwen-cn': {
    ...qwen,
    addresses: {
      common: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
      anthropic: 'https://dashscope.aliyuncs.com/apps/anthropic',
    },
    models: 'https://dashscope.aliyuncs.com/compatible-mode/v1/models',
  },
  mistral: {
    addresses: { common: 'https://api.mistral.ai/v1' },
    auth: key('MISTRAL_API_KEY'),
    models: 'https://api.mistral.ai/v1/models',
    known: ['mistral-large-latest', 'codestral-latest'],
  },
  groq: {
    addresses: {
      common: 'https://api.groq.com/openai/v1',
      openai: 'https://api.groq.com/openai/v1',
    },
    auth: key('GROQ_API_KEY'),
    models: 'https://api.groq.com/openai/v1/models',
    keyStart: 'gsk_',
    known: ['openai/gpt-oss-120b'],
    note: 'limits are those of the organisation, whichever key',
  },
  xai: {
    addresses: { openai: 'https://api.x.ai/v1', common: 'https://api.x.ai/v1' },
    auth: key('XAI_API_KEY'),
    models: 'https://api.x.ai/v1/models',
    aliases: ['GROK_API_KEY'],
    keyStart: 'xai-',
    known: ['grok-4.7', 'grok-4.6'],
  },
  azure: {
    addresses: {
      openai: 'https://{resource}.openai.azure.com/openai/v1',
      common: 'https://{resource}.openai.azure.com/openai/v1',
    },
    auth: key('AZURE_OPENAI_API_KEY', 'api-key'),
    aliases: ['AZURE_API_KEY'],
    known: [],
    note: 'needs resource; a model is the name of a deployment',
  },
  ollama: local(11_434),
  lmstudio: local(1234, { optionalKey: 'LM_API_TOKEN' }),
  vllm: local(8000, { optionalKey: 'VLLM_API_KEY' }),
  llamacpp: local(8080, {
    addresses: { common: 'http://127.0.0.1:8080/v1', anthropic: 'http://127.0.0.1:8080/v1' },
    optionalKey: 'LLAMA_API_KEY',
  }),
} satisfies Record<string, Preset>

export type PresetName = keyof typeof rows

export const presets: Readonly<Record<PresetName, Preset>> = rows

export const presetNames = Object.keys(rows) as PresetName[]

/** Whether a key begins as only those of this vendor do. */
export function startsAs(text: string, name: PresetName): boolean {
  const { keyStart } = presets[name]
  return keyStart !== undefined && text.startsWith(keyStart)
}
