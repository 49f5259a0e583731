/**
 * A Messages request to another model than the one that its client named: a redirect, an entry's `upstream_id`, a model that stands
 * in. The client wrote it for the model it knows. What this one surely refuses is told in its own terms, or taken out.
 * Source: docs/translation.md §14; `capability.ts`.
 */
import { reminder } from '../../neutral/turn.ts'
import { capabilityOf, type Capability } from './capability.ts'
import { blocksOf } from './sent-turns.ts'
import {
  effortOf,
  isForcing,
  putThinkingIn,
  setEffort,
  switchOff,
  takeEffortOut,
} from './thinking-edits.ts'
import { nearestEffort, upstreamId, type RewriteContext } from '../../model.ts'
import type { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { capLimit } from '../refusable.ts'

/**
 * Whether the client wrote the request for another model, and it is known what this one refuses. For a model that is no Claude the
 * operator's word counts, and no client of this API knows such a model, though it names it: Claude Code sends it what Claude takes.
 * @see https://github.com/anthropics/claude-code/issues/29531
 */
export function isForOther(document: JsonDocument, { model }: RewriteContext): boolean {
  const id = upstreamId(model)
  const isNamed = document.get('model') === id
  return id.includes('claude-') ? !isNamed : model.thinking !== undefined
}

/** All but the thinking. */
export function fitRequest(document: JsonDocument, { model, subPath }: RewriteContext): void {
  const capability = capabilityOf(model)
  if (!capability.systemTurns) tellSystemTurns(document)
  if (capability.forcedTools === 'never') freeChoice(document)
  if (subPath !== '') return
  if (!capability.sampling) document.delete('temperature', 'top_p', 'top_k')
  capLimit(document, 'max_tokens', capability.maxOutputTokens)
}

/** The client's thinking as this model takes it. Returns whether none can be had. */
export function fitThinking(document: JsonDocument, context: RewriteContext): boolean {
  const capability = capabilityOf(context.model)
  const thinking = document.get('thinking')
  const effort = effortOf(document)
  const { type, budget_tokens: budget, display } = isObject(thinking) ? thinking : {}
  if (capability.efforts.length === 0) takeEffortOut(document)
  else if (effort) setEffort(document, nearestEffort(effort, capability.efforts)!)
  if (type === undefined) return false
  if (type === 'disabled') {
    if (capability.off) document.delete('thinking')
    switchOff(document, context)
    return false
  }
  if (isTaken(type, capability)) return false
  const budgetTokens = typeof budget === 'number' ? { budgetTokens: budget } : {}
  return !putThinkingIn(document, context, { level: effort ?? 'high', ...budgetTokens, display })
}

function isTaken(type: unknown, { thinking }: Capability): boolean {
  if (thinking === 'none') return false
  return (type === 'enabled') === (thinking === 'budget')
}

/** Where every forced choice is refused, the tools are narrowed as far as the choice allows, and it is left free. */
function freeChoice(document: JsonDocument): void {
  const choice = document.get('tool_choice')
  if (!isForcing(choice)) return
  const { type, name, ...rest } = choice
  document.set('tool_choice', { ...rest, type: 'auto' })
  if (type !== 'tool') return
  document.change('tools', (tools) =>
    Array.isArray(tools) ? tools.filter((tool) => isObject(tool) && tool.name === name) : undefined,
  )
}

/** A model without system turns is told in reminders of the user's turn in front. */
function tellSystemTurns(document: JsonDocument): void {
  document.change('messages', (messages) => {
    if (!Array.isArray(messages) || !messages.some(isSystemTurn)) return undefined
    const told: unknown[] = []
    for (const turn of messages as unknown[]) {
      const before = told.at(-1)
      if (!isSystemTurn(turn)) told.push(turn)
      else if (isObject(before) && before.role === 'user') {
        told[told.length - 1] = { ...before, content: [...blocksOf(before), ...reminders(turn)] }
      } else told.push({ role: 'user', content: reminders(turn) })
    }
    return told
  })
}

function isSystemTurn(turn: unknown): turn is JsonObject {
  return isObject(turn) && turn.role === 'system'
}

function reminders(turn: JsonObject): unknown[] {
  return blocksOf(turn).map(asReminder)
}

function asReminder(block: unknown): unknown {
  if (!isObject(block) || typeof block.text !== 'string') return block
  return { ...block, text: reminder(block.text) }
}

/** What is refused without a beta that begins so. Claude Code sends it to any API. */
const ofBetas: [beta: string, takeOut: (document: JsonDocument) => void][] = [
  ['context-management-', (document) => document.delete('context_management')],
  ['fast-mode-', (document) => document.delete('speed')],
  ['task-budgets-', takeTaskBudgetOut],
  ['mid-conversation-system-', tellSystemTurns],
]

/** Takes out what needs another beta than those of the list, or tells it otherwise: the upstream knows no others. */
export function keepToBetas(document: JsonDocument, list: string): void {
  const betas = list.split(',').map((beta) => beta.trim())
  for (const [beginning, takeOut] of ofBetas) {
    if (!betas.some((beta) => beta.startsWith(beginning))) takeOut(document)
  }
}

function takeTaskBudgetOut(document: JsonDocument): void {
  let isBare = false
  document.change('output_config', (config) => {
    if (!isObject(config) || config.task_budget === undefined) return undefined
    const { task_budget: _budget, ...rest } = config
    isBare = Object.keys(rest).length === 0
    return rest
  })
  if (isBare) document.delete('output_config')
}
