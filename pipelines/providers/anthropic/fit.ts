/**
 * A Messages request to another model than the one that its client named: a redirect, an entry's `upstream_id`, a model that stands
 * in. The client wrote it for the model it knows. What this one surely refuses is told in its own terms, or taken out.
 * Source: docs/translation.md §14; `capability.ts`.
 */
import { reminder } from '../../neutral/turn.ts'
import { capabilityOf, type Capability } from './capability.ts'
import { tellDeferredTools } from './references.ts'
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
import { capLimit, takeMemberOut, takeMembersOut } from '../refusable.ts'

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
  else if (!capability.turnEfforts) liftTurnEfforts(document)
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
  if (type === 'disabled' || type === 'between_tools') {
    if (type === capability.off?.thinking?.type) return false
    if (capability.off || type === 'between_tools') document.delete('thinking')
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
export function freeChoice(document: JsonDocument): void {
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
export function tellSystemTurns(document: JsonDocument): void {
  liftTurnEfforts(document)
  document.change('messages', (messages) => {
    if (!Array.isArray(messages) || !messages.some(isSystemTurn)) return undefined
    const told: unknown[] = []
    for (const turn of messages as unknown[]) {
      const before = told.at(-1)
      if (!isSystemTurn(turn)) told.push(turn)
      else if (isObject(before) && before.role === 'user') {
        told[told.length - 1] = { ...before, content: [...blocksOf(before), ...reminders(turn)] }
      } else if (blocksOf(turn).length > 0) told.push({ role: 'user', content: reminders(turn) })
    }
    return told
  })
}

/** The last effort that a turn sets, as that of the request. */
export function liftTurnEfforts(document: JsonDocument): void {
  const effort = takeTurnEffortsOut(document)
  if (effort === undefined) return
  document.change('output_config', (config) =>
    isObject(config) ? { ...config, effort } : undefined,
  )
}

/**
 * Without the efforts of turns, and the turns that hold nothing else. Claude Code sends one with every conversation, and changes it so.
 * Returns the last of them.
 * @see https://github.com/router-for-me/CLIProxyAPI/issues/5738
 */
export function takeTurnEffortsOut(document: JsonDocument): unknown {
  if (!document.raw('messages')?.includes('"output_config"')) return undefined
  let effort: unknown
  document.changeItems('messages', (messages) =>
    messages.flatMap((turn) => {
      if (!isSystemTurn(turn) || turn.output_config === undefined) return [turn]
      const { output_config: config, ...rest } = turn
      if (isObject(config)) effort = config.effort ?? effort
      return blocksOf(rest).length > 0 ? [rest] : []
    }),
  )
  return effort
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
const ofBetas: [betas: RegExp, takeOut: (document: JsonDocument) => unknown][] = [
  [/^context-management-/, (document) => document.delete('context_management')],
  [/^fast-mode-/, (document) => document.delete('speed')],
  [/^dangerous-tool-use-/, (document) => document.delete('safeguards')],
  [/^task-budgets-/, (document) => takeMemberOut(document, 'output_config', 'task_budget')],
  [/^(?:per-turn-control|mid-conversation-output-config)-/, liftTurnEfforts],
  [/^mid-conversation-system-(?!clear-at-)/, tellSystemTurns],
  [/^mid-conversation-system-clear-at-/, takeClearAtOut],
  [/^(?:advanced-tool-use|tool-search-tool)-/, tellDeferredTools],
  [/^thinking-display-updates-/, takeUpdatesOut],
  [
    /^thinking-binding-controls-/,
    (document) => takeMemberOut(document, 'thinking', 'block_binding'),
  ],
]

/** Takes out what needs another beta than those of the list, or tells it otherwise: the upstream knows no others. */
export function keepToBetas(document: JsonDocument, list: string): void {
  const betas = list.split(',').map((beta) => beta.trim())
  for (const [known, takeOut] of ofBetas) {
    if (!betas.some((beta) => known.test(beta))) takeOut(document)
  }
}

/** Takes out what needs one of these, or tells it otherwise. */
export function doWithoutBetas(document: JsonDocument, refused: readonly string[]): void {
  for (const [known, takeOut] of ofBetas) {
    if (refused.some((beta) => known.test(beta))) takeOut(document)
  }
}

/** All that loses nothing when it is told without its beta. */
export function tellBetasOtherwise(document: JsonDocument): void {
  liftTurnEfforts(document)
  takeClearAtOut(document)
  tellDeferredTools(document)
  takeUpdatesOut(document)
}

/** Thinking is then shown as the model does by itself. */
function takeUpdatesOut(document: JsonDocument): void {
  const thinking = document.get('thinking')
  if (isObject(thinking) && thinking.display === 'updates') {
    takeMemberOut(document, 'thinking', 'display')
  }
}

/** What an instruction says then stays, as every instruction did before. */
export function takeClearAtOut(document: JsonDocument): void {
  if (document.raw('messages')?.includes('"clear_at"')) {
    takeMembersOut(document, 'messages', 'clear_at')
  }
}
