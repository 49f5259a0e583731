/**
 * Stand-ins for the vendors of the presets: each takes its own paths and its own header alone, refuses in its own words, and has
 * the quirk that it is known for. Written from the vendors' pages and from reports, not from the rows of the presets.
 */
import {
  anthropicMessage,
  responsesBody,
  type Answer,
  type RecordedRequest,
} from '../helpers/upstream.ts'
import type { ModelType } from '../../lib/config/types.ts'

export interface Vendor {
  /** by type of model; `MODEL` stands for the id */
  urls: Partial<Record<ModelType, string>>
  /** the header with the key; `none`: one that does not look for any */
  header: 'authorization' | 'x-api-key' | 'api-key' | 'none'
  /** by type, where that is another one */
  headers?: Partial<Record<ModelType, string>>
  variable?: string
  /** what it refuses besides, with its own answer */
  refuses?: (request: RecordedRequest, body: Record<string, unknown>) => Answer | undefined
  /** the body of its 401 */
  unauthorized?: Answer
  /** what the preset needs beside its name */
  more?: Record<string, unknown>
}

export const key = 'vendor-key-3f9a1c7e55'

const openAiRefusal: Answer = {
  status: 401,
  body: {
    error: {
      message: 'Incorrect API key provided',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    },
  },
}

export const vendors: Record<string, Vendor> = {
  anthropic: {
    urls: { anthropic: 'https://api.anthropic.com/v1/messages' },
    header: 'x-api-key',
    variable: 'ANTHROPIC_API_KEY',
    refuses: ({ headers }) =>
      headers['anthropic-version'] === undefined
        ? anthropicError(400, 'invalid_request_error', 'anthropic-version: header is required')
        : undefined,
    unauthorized: anthropicError(401, 'authentication_error', 'invalid x-api-key'),
  },
  openai: {
    urls: {
      openai: 'https://api.openai.com/v1/responses',
      common: 'https://api.openai.com/v1/chat/completions',
    },
    header: 'authorization',
    variable: 'OPENAI_API_KEY',
  },
  gemini: {
    urls: {
      google: 'https://generativelanguage.googleapis.com/v1beta/models/MODEL:generateContent',
      common: 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
    },
    header: 'authorization',
    headers: { google: 'x-goog-api-key' },
    variable: 'GEMINI_API_KEY',
    unauthorized: {
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
          details: [{ reason: 'API_KEY_INVALID' }],
        },
      },
    },
  },
  openrouter: {
    urls: {
      common: 'https://openrouter.ai/api/v1/chat/completions',
      anthropic: 'https://openrouter.ai/api/v1/messages',
      openai: 'https://openrouter.ai/api/v1/responses',
    },
    header: 'authorization',
    variable: 'OPENROUTER_API_KEY',
    unauthorized: {
      status: 401,
      body: { error: { message: 'No auth credentials found', code: 401 } },
    },
  },
  deepseek: {
    urls: {
      common: 'https://api.deepseek.com/v1/chat/completions',
      anthropic: 'https://api.deepseek.com/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'DEEPSEEK_API_KEY',
  },
  zai: {
    urls: {
      common: 'https://api.z.ai/api/paas/v4/chat/completions',
      anthropic: 'https://api.z.ai/api/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'ZAI_API_KEY',
    unauthorized: {
      status: 401,
      body: { error: { code: '1000', message: 'Authentication Failed' } },
    },
  },
  'zai-coding': {
    urls: {
      common: 'https://api.z.ai/api/coding/paas/v4/chat/completions',
      anthropic: 'https://api.z.ai/api/anthropic/v1/messages',
      openai: 'https://api.z.ai/api/v1/responses',
    },
    header: 'authorization',
    variable: 'ZAI_API_KEY',
  },
  zhipu: {
    urls: {
      common: 'https://open.bigmodel.cn/api/paas/v4/chat/completions',
      anthropic: 'https://open.bigmodel.cn/api/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'ZHIPUAI_API_KEY',
  },
  'zhipu-coding': {
    urls: {
      common: 'https://open.bigmodel.cn/api/coding/paas/v4/chat/completions',
      anthropic: 'https://open.bigmodel.cn/api/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'ZHIPUAI_API_KEY',
  },
  moonshot: {
    urls: {
      common: 'https://api.moonshot.ai/v1/chat/completions',
      anthropic: 'https://api.moonshot.ai/anthropic/v1/messages',
      openai: 'https://api.moonshot.ai/v1/responses',
    },
    header: 'authorization',
    variable: 'MOONSHOT_API_KEY',
    unauthorized: {
      status: 401,
      body: { error: { message: 'Invalid Authentication', type: 'invalid_authentication_error' } },
    },
  },
  'moonshot-cn': {
    urls: {
      common: 'https://api.moonshot.cn/v1/chat/completions',
      anthropic: 'https://api.moonshot.cn/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'MOONSHOT_API_KEY',
  },
  'kimi-coding': {
    urls: {
      common: 'https://api.kimi.com/coding/v1/chat/completions',
      anthropic: 'https://api.kimi.com/coding/v1/messages',
    },
    header: 'authorization',
    variable: 'KIMI_API_KEY',
  },
  qwen: {
    urls: {
      common: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions',
      anthropic: 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'DASHSCOPE_API_KEY',
  },
  'qwen-cn': {
    urls: {
      common: 'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions',
      anthropic: 'https://dashscope.aliyuncs.com/apps/anthropic/v1/messages',
    },
    header: 'authorization',
    variable: 'DASHSCOPE_API_KEY',
  },
  mistral: {
    urls: { common: 'https://api.mistral.ai/v1/chat/completions' },
    header: 'authorization',
    variable: 'MISTRAL_API_KEY',
    refuses: (_, { messages = [] }) =>
      (messages as { tool_call_id?: string }[]).every(
        ({ tool_call_id: id }) => id === undefined || /^[A-Za-z0-9]{9}$/.test(id),
      )
        ? undefined
        : {
            status: 400,
            body: {
              object: 'error',
              message: 'Tool call id has to be a-z, A-Z, 0-9, with a length of 9.',
            },
          },
    unauthorized: { status: 401, body: { detail: 'Unauthorized' } },
  },
  groq: {
    urls: {
      common: 'https://api.groq.com/openai/v1/chat/completions',
      openai: 'https://api.groq.com/openai/v1/responses',
    },
    header: 'authorization',
    variable: 'GROQ_API_KEY',
  },
  xai: {
    urls: {
      openai: 'https://api.x.ai/v1/responses',
      common: 'https://api.x.ai/v1/chat/completions',
    },
    header: 'authorization',
    variable: 'XAI_API_KEY',
    unauthorized: {
      status: 400,
      body: { code: 'invalid-argument', error: 'Incorrect API key provided' },
    },
  },
  azure: {
    urls: {
      openai: 'https://my-resource.openai.azure.com/openai/v1/responses',
      common: 'https://my-resource.openai.azure.com/openai/v1/chat/completions',
    },
    header: 'api-key',
    variable: 'AZURE_OPENAI_API_KEY',
    more: { resource: 'my-resource' },
    refuses: (_, { model }) =>
      model === 'vendor-model'
        ? undefined
        : {
            status: 404,
            body: {
              error: {
                code: 'DeploymentNotFound',
                message: 'The API deployment for this resource does not exist.',
              },
            },
          },
  },
  ollama: localServer(11_434),
  lmstudio: localServer(1234),
  vllm: localServer(8000),
  llamacpp: {
    urls: {
      common: 'http://127.0.0.1:8080/v1/chat/completions',
      anthropic: 'http://127.0.0.1:8080/v1/messages',
    },
    header: 'none',
  },
}

function localServer(port: number): Vendor {
  const root = `http://127.0.0.1:${port}/v1`
  return {
    urls: {
      common: `${root}/chat/completions`,
      anthropic: `${root}/messages`,
      openai: `${root}/responses`,
    },
    header: 'none',
  }
}

function anthropicError(status: number, type: string, message: string): Answer {
  return { status, body: { type: 'error', error: { type, message } } }
}

/** As the vendor answers: its own text to a request that it takes, else its refusal. */
export function vendorScript(vendor: Vendor) {
  return (request: RecordedRequest): Answer => {
    const body = JSON.parse(request.body.toString()) as Record<string, unknown>
    const type = typeOf(vendor, request.url)
    if (!type) return { status: 404, body: '404 page not found' }
    const header = vendor.headers?.[type] ?? vendor.header
    const wanted = header === 'authorization' ? `Bearer ${key}` : key
    if (header !== 'none' && request.headers[header] !== wanted) {
      return vendor.unauthorized ?? openAiRefusal
    }
    return vendor.refuses?.(request, body) ?? { body: answers[type] }
  }
}

function typeOf({ urls }: Vendor, url: string): ModelType | undefined {
  const types = Object.keys(urls) as ModelType[]
  // Claude Code's `?beta=true` is a word of its own API
  const queryOf = (type: ModelType) => (type === 'anthropic' ? '?beta=true' : '')
  return types.find(
    (type) =>
      new URL(urls[type]!.replace('MODEL', 'vendor-model')).pathname + queryOf(type) === url,
  )
}

const answers: Record<ModelType, object> = {
  anthropic: anthropicMessage({ text: ['said by messages'] }),
  openai: responsesBody({ text: ['said by responses'] }),
  common: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'vendor-model',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'said by chat' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
  },
  google: {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'said by gemini' }] },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 3, totalTokenCount: 6 },
  },
}

export const said: Record<ModelType, string> = {
  anthropic: 'said by messages',
  openai: 'said by responses',
  common: 'said by chat',
  google: 'said by gemini',
}
