/** A proxy with two accounts at one scripted upstream, which answers each account as the test says. */
import type { TestContext } from 'node:test'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  startUpstream,
  type Answer,
  type RecordedRequest,
  type Upstream,
} from '../helpers/upstream.ts'

export const good: Answer = { body: anthropicMessage({ text: ['Hello.'] }) }

export function refusal(
  status: number,
  headers: Record<string, string> = {},
  error: Record<string, unknown> = { type: 'rate_limit_error', message: 'no' },
): Answer {
  return { status, headers, body: { type: 'error', error } }
}

/** Rejected for an hour. */
export const spent = refusal(429, { 'retry-after': '3600' })

/** Whose key a request carried. */
export function accountOf({ headers }: RecordedRequest): string {
  return String(headers['x-api-key']).replace(/^key-of-/, '')
}

export interface Setting {
  proxy: TestProxy
  upstream: Upstream
  /** the accounts that were asked, in order */
  asked: () => string[]
  ask: (more?: Record<string, unknown>, headers?: Record<string, string>) => Promise<Response>
}

interface Options {
  accounts?: string[]
  endpoint?: Record<string, unknown>
  config?: Record<string, unknown>
  model?: Record<string, unknown>
}

/** `by`: the answer to a request with that account. */
export async function twoAccounts(
  t: TestContext,
  by: (account: string, request: RecordedRequest) => Answer | Promise<Answer>,
  { accounts = ['one', 'two'], endpoint, config, model }: Options = {},
): Promise<Setting> {
  const upstream = await startUpstream(t, (request) => by(accountOf(request), request))
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      accounts: accounts.map((name) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })),
      endpoints: [
        { name: 'claude', type: 'anthropic', base_url: upstream.url, accounts, ...endpoint },
      ],
      models: [{ name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic', ...model }],
      ...config,
    },
  })
  return {
    proxy,
    upstream,
    asked: () => upstream.requests.map(accountOf),
    ask: (more, headers) => post(`${proxy.url}/v1/messages`, { ...question, ...more }, headers),
  }
}

export const question = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hi' }],
}
