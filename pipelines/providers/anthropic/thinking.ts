/** What goes with thinking beside the body: the budgets of the levels, and the beta list. */
import type { Model } from '../../model.ts'
import { nearestEffort, type Effort } from '../../neutral/level.ts'

/** Tokens of `budget_tokens`, for models that take a budget. */
const budgets = { low: 4096, medium: 12_288, high: 24_576 }

/** The levels that have a budget of their own. */
export const budgetEfforts = ['low', 'medium', 'high'] as const

/** The budget of a level, or of the nearest that has one; tokens. */
export function budgetOfLevel(level: Effort): number {
  return budgets[nearestEffort(level, budgetEfforts)!]
}

/** Lets a model think between tool calls; models with adaptive thinking ignore it. */
export const INTERLEAVED_BETA = 'interleaved-thinking-2025-05-14'
const fastBeta = 'fast-mode-2026-02-01'

/**
 * The `anthropic-beta` to send: the client's comma list, trimmed and without repeats, with `add`
 * made sure of and `remove` taken out; `undefined` when nothing is left. A value in both is taken
 * out.
 */
export function betaHeader(
  client: string | string[] | undefined,
  edits: { add?: string[]; remove?: string[] },
): string | undefined {
  const values = new Set([...betaValues(client), ...(edits.add ?? [])])
  for (const value of edits.remove ?? []) values.delete(value)
  return values.size > 0 ? [...values].join(',') : undefined
}

/**
 * What a model entry with `fast` adds to the beta list: nothing when the client chose a fast mode
 * of its own.
 */
export function fastBetas(
  model: Pick<Model, 'fast'>,
  client: string | string[] | undefined,
): string[] {
  const chosen = betaValues(client).some((value) => value.startsWith('fast-mode'))
  return model.fast && !chosen ? [fastBeta] : []
}

function betaValues(client: string | string[] | undefined): string[] {
  return [client ?? []]
    .flat()
    .flatMap((list) => list.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
