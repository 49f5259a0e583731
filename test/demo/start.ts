/** The demo's upstream for a test, at full speed unless told otherwise. */
import type { TestContext } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { startDemoUpstream } from '../../lib/demo/upstream.ts'

export async function startDemo(t: TestContext, paceMs = 0) {
  const upstream = await startDemoUpstream({ paceMs })
  t.after(() => upstream.close())
  const { url } = upstream
  return {
    url,
    anthropic: new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 }),
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 }),
    post: (path: string, body: unknown, signal?: AbortSignal) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
  }
}

/** JSON without what differs between two equal answers: ids and times. */
export function withoutIds(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer)
      .replaceAll(/"[a-z]+[_-][0-9a-f]{24}"/g, '"id"')
      .replaceAll(/"(created|created_at|completed_at)":\d+/g, '"$1":0'),
  )
}

export const weatherSchema = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
}
