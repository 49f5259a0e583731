/**
 * What holds where neither flag, environment nor file sets a value. The shipped `config.json` has the same in full and adds
 * aliases for its models.
 */
import type {
  AuthConfig,
  Endpoint,
  Model,
  ReasoningMemoryLimits,
  Retry,
  Timeouts,
  UsageConfig,
} from './types.ts'

/** What Factory's endpoints expect beside the token. */
export const factoryHeaders = {
  'x-factory-client': 'cli',
  'x-session-id': '{session_id}',
  'x-assistant-message-id': '{message_id}',
  'x-api-provider': '{provider}',
}

function factory(name: 'anthropic' | 'openai' | 'common', path: string): Endpoint {
  return {
    name,
    type: name,
    base_url: `https://api.factory.ai/api/llm/${path}`,
    auth: 'account',
    headers: factoryHeaders,
  }
}

export const defaultEndpoints: Endpoint[] = [
  factory('anthropic', 'a/v1/messages'),
  factory('openai', 'o/v1/responses'),
  factory('common', 'o/v1/chat/completions'),
]

export const defaultModels: Model[] = [
  { name: 'Opus 5.5', id: 'claude-opus-5-5', type: 'anthropic', reasoning: 'auto' },
  { name: 'Sonnet 5.5', id: 'claude-sonnet-5-5', type: 'anthropic', reasoning: 'auto' },
  { name: 'Haiku 5.5', id: 'claude-haiku-5-5', type: 'anthropic', reasoning: 'auto' },
  { name: 'Opus 4.8', id: 'claude-opus-4-8', type: 'anthropic', reasoning: 'auto' },
  { name: 'Sonnet 4.6', id: 'claude-sonnet-4-6', type: 'anthropic', reasoning: 'auto' },
  { name: 'Haiku 4.5', id: 'claude-haiku-4-5-20251001', type: 'anthropic', reasoning: 'auto' },
  { name: 'GPT-5.4', id: 'gpt-5.4', type: 'openai', reasoning: 'auto' },
  { name: 'GPT-5.4 mini', id: 'gpt-5.4-mini', type: 'openai', reasoning: 'auto' },
  { name: 'GPT-5.1', id: 'gpt-5.1', type: 'openai', reasoning: 'auto' },
  { name: 'GPT-5.1 Codex', id: 'gpt-5.1-codex', type: 'openai', reasoning: 'auto' },
  { name: 'GLM-4.6', id: 'glm-4.6', type: 'common', reasoning: 'auto' },
]

export const defaultTimeouts: Timeouts = {
  connect_s: 10,
  first_byte_s: 600,
  idle_s: 300,
  shutdown_s: 8,
}

/** A client that waits longer has asked again by then. */
export const defaultRetry: Retry = { wait_s: 5, attempts: 3 }

/** Enough for a handful of agents at a time on a machine with little memory. */
export const defaultReasoningMemory: ReasoningMemoryLimits = {
  enabled: true,
  max_entries: 500,
  max_mb: 16,
  max_age_minutes: 60,
}

export const defaultUsage: UsageConfig = { enabled: true, flush_s: 60, keep_months: 13 }

/** The client id is the public one of the `droid` command line. */
export const defaultAuth: Omit<AuthConfig, 'file'> = {
  token_url: 'https://api.workos.com/user_management/authenticate',
  client_id: 'client_01HNM792M5G5G1A2THWPXKFMXB',
  refresh_hours: 6,
}

export const defaultSystemPrompt =
  'You are Droid, an AI software engineering agent built by Factory.\n\n'

/** Web pages on this machine, at any port. */
export const defaultOrigins = ['http://localhost:*', 'http://127.0.0.1:*', 'http://[::1]:*']
