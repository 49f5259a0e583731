/** Whether an OpenAI model reasons, and how hard it is told to. */
import type { Model } from '../../../lib/config/types.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { upstreamId } from '../upstream-id.ts'
import { levelOf, nearestEffort, type Level } from '../level.ts'

/** `o3`, `openai/o4-mini`; not `gpt-4o`. */
const oSeries = /(?:^|[/:])o\d/
const gptVersion = /gpt-(\d+)/
const firstReasoningGpt = 5
const efforts = ['low', 'medium', 'high'] as const

/**
 * Whether the model takes reasoning parameters and no sampling parameters: by its upstream id
 * (o-series, gpt-5 and later without `-chat`, codex), or because the operator gave it a level.
 * `auto` says nothing about the model, so its id decides: a model that does not reason refuses
 * `include: ["reasoning.encrypted_content"]`.
 */
export function isReasoningModel(model: Model): boolean {
  if (model.reasoning !== 'off' && model.reasoning !== 'auto') return true
  const id = upstreamId(model).toLowerCase()
  return oSeries.test(id) || id.includes('codex') || isReasoningGpt(id)
}

/**
 * The level of a request: the operator's, or with `auto` the client's `reasoning_effort`, else
 * `reasoning.effort`. `undefined`: nobody said anything; a `thinking` object is Claude's and says
 * nothing here.
 */
export function reasoningLevel(model: Model, request: JsonObject): Level | undefined {
  const { level } = levelOf(model, request)
  return level === undefined || level === 'off' ? level : nearestEffort(level, efforts)
}

function isReasoningGpt(id: string): boolean {
  const version = gptVersion.exec(id)?.[1]
  return Number(version ?? 0) >= firstReasoningGpt && !id.includes('-chat')
}
