/** The two headers that belong to a Messages body. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Model } from '../../model.ts'
import type { ThinkingPlan } from './budget.ts'
import type { AnthropicMessage } from '../../wire/anthropic.ts'
import { betaHeader, fastBetas, INTERLEAVED_BETA } from './thinking.ts'
import type { ReasoningWish } from '../../neutral/level.ts'

const defaultVersion = '2023-06-01'
const systemTurnsBeta = 'mid-conversation-system-2026-04-07'

/** The API version in force: the client's, or the one before all others. */
export function apiVersion(headers: IncomingHttpHeaders): string {
  const [version] = [headers['anthropic-version'] ?? []].flat()
  return version?.trim() || defaultVersion
}

/** `anthropic-version`, and `anthropic-beta` when not empty. */
export function anthropicHeaders(
  headers: IncomingHttpHeaders,
  model: Model,
  wish: ReasoningWish,
  plan: ThinkingPlan,
  messages: AnthropicMessage[],
): Record<string, string> {
  const client = headers['anthropic-beta']
  const thinks = plan.thinking !== undefined && !wish.thinking && wish.level !== 'off'
  const betas = betaHeader(client, {
    add: [
      ...(thinks ? [INTERLEAVED_BETA] : []),
      ...(messages.some(({ role }) => role === 'system') ? [systemTurnsBeta] : []),
      ...fastBetas(model, client),
    ],
    remove: wish.level === 'off' || plan.givenUp ? [INTERLEAVED_BETA] : [],
  })
  return { 'anthropic-version': apiVersion(headers), ...(betas && { 'anthropic-beta': betas }) }
}
