/**
 * What a Claude, or an API that stands for Anthropic's, does not take of a request, though the answer would be much the same without
 * it: members that it does not know, sampling, the form of thinking, an effort, a limit. Agents send it whatever their user chose.
 * @see https://github.com/router-for-me/CLIProxyAPI/issues/5738
 * @see https://github.com/anthropics/claude-code/issues/33180
 * @see https://github.com/The-PR-Agent/pr-agent/issues/2456
 * @see https://github.com/microsoft/vscode/issues/320605
 * @see https://github.com/anthropics/claude-code/issues/30795
 * @see https://github.com/langchain-ai/langchain/pull/35544
 * @see https://github.com/ericc-ch/copilot-api/pull/261
 */
import type { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'
import { asLevel, efforts, nearestEffort } from '../../model.ts'
import { grammarWords, loosened } from '../loose-schema.ts'
import { limitWords, lowerTo, mostIn } from '../room.ts'
import { supportedIn, takeMemberOut, takeMembersOut, without } from '../refusable.ts'
import {
  freeChoice,
  liftTurnEfforts,
  takeClearAtOut,
  tellBetasOtherwise,
  tellSystemTurns,
} from './fit.ts'
import { tellDeferredTools } from './references.ts'
import { changeBlocks } from './sent-turns.ts'
import { budgetOfLevel } from './thinking.ts'
import {
  effortOf,
  setEffort,
  takeEffortOut,
  takeThinkingEditsOut,
  takeThinkingOut,
} from './thinking-edits.ts'
import { goOn } from './turns.ts'

type TakeOut = (document: JsonDocument, refusal: string) => unknown

/**
 * Quotes in a refusal may be escaped: it is read as the JSON that it came in. It may repeat what the client wrote, however long: nothing
 * is looked for from each letter on to the end of a word.
 */
const unknownMember =
  /(?<![\w.[\]-])([\w.[\]-]{1,200})[`'"\\]{0,9}: extra inputs are not permitted/gi

/** By what a refusal says of them. */
export const refusedSettings: [of: RegExp, takeOut: TakeOut][] = [
  [/extra inputs are not permitted/i, takeNamedOut],
  [
    /\brole\b[^\n]{0,20}input should be [^\n]{0,3}user|unexpected role \W{0,3}system/i,
    tellSystemTurns,
  ],
  [
    /\b(?:temperature|top_p|top_k)\b[^\n]{0,80}(?:deprecated|not (?:be )?supported|may only be set|must be (?:unset|greater than or equal to 0\.95)|cannot both be specified)/i,
    takeSamplingOut,
  ],
  [/thinking\.type\.enabled\W{1,4}is not supported/i, adapt],
  [/adaptive thinking is not supported|'adaptive' found using 'type'/i, giveBudget],
  [
    /does not support [^\n]{0,20}\beffort\b|\beffort\b[^\n]{0,60}(?:not supported|input should be)/i,
    lowerEffort,
  ],
  [/thinking may not be enabled when tool_choice/i, takeThinkingOut],
  [/clear_thinking_[^\n]{0,60}requires/i, takeThinkingEditsOut],
  [/which is the maximum allowed number of output tokens|model limit of \d+/i, lowerLimit],
  [/tool_choice[^\n]{0,80}(?:not supported|does not support)/i, freeChoice],
  [/does not support assistant message prefill/i, askToGoOn],
  // of servers of local models, which stand for Anthropic's API, too
  [limitWords, (document, refusal) => lowerTo(document, mostIn(refusal))],
  [grammarWords, loosenTools],
]

function loosenTools(document: JsonDocument): void {
  document.changeItems('tools', (tools) =>
    tools.map((tool) => {
      if (!isObject(tool)) return tool
      const { input_schema: schema } = tool
      const loose = loosened(schema)
      return loose === schema ? tool : { ...tool, input_schema: loose }
    }),
  )
}

/** Top-level members that mean something to Anthropic's own API, or are hints. */
const hints = new Set([
  'cache_control',
  'context_management',
  'diagnostics',
  'fallbacks',
  'fallback_credit_token',
  'billing_policy',
  'inference_geo',
  'safeguards',
  'service_tier',
  'speed',
])

const thinkingHints = new Set(['display', 'block_binding'])

const toolHints = new Set(['eager_input_streaming', 'input_examples', 'allowed_callers', 'strict'])

/** What can be told otherwise goes with it: an API that does not know one of these knows few others, and names one at a time. */
function takeNamedOut(document: JsonDocument, refusal: string): void {
  for (const [, path] of refusal.matchAll(unknownMember)) takeOut(document, path!.split('.'))
  if (document.isChanged) tellBetasOtherwise(document)
}

/** What is at that path, and at all others like it. */
function takeOut(document: JsonDocument, path: string[]): void {
  const [first = ''] = path
  const last = path.at(-1)!
  if (path.includes('cache_control')) changeMarks(document, last)
  else if (path.length === 1 || first === 'context_management') takeHintOut(document, first)
  else if (first === 'thinking' && thinkingHints.has(last)) takeMemberOut(document, first, last)
  else if (first === 'output_config' && last !== 'format') takeMemberOut(document, first, last)
  else if (first === 'tools' && last === 'defer_loading') tellDeferredTools(document)
  else if (first === 'tools' && toolHints.has(last)) takeMembersOut(document, first, last)
  else if (first === 'messages' && path.includes('output_config')) liftTurnEfforts(document)
  else if (first === 'messages' && last === 'clear_at') takeClearAtOut(document)
}

/** A form of the answer is no hint. */
function takeHintOut(document: JsonDocument, name: string): void {
  const value = document.get(name)
  const isHint = name === 'output_config' && isObject(value) && value.format === undefined
  if (isHint || hints.has(name)) document.delete(name)
}

/** Takes a member out of all marks of the cache, or all marks themselves. */
function changeMarks(document: JsonDocument, member: string): void {
  const change = (value: unknown): unknown => {
    if (!isObject(value) || !isObject(value.cache_control)) return value
    if (member === 'cache_control') return without(value, member)
    const mark = without(value.cache_control, member)
    return mark === value.cache_control ? value : { ...value, cache_control: mark }
  }
  for (const name of ['system', 'tools']) {
    document.changeItems(name, (items) => items.map(change))
  }
  if (member === 'cache_control') document.delete(member)
  changeBlocks(document, Number.POSITIVE_INFINITY, (block) => {
    const told = change(block)
    if (!isObject(told) || !Array.isArray(told.content)) return told
    const content: unknown[] = told.content
    const parts = content.map(change)
    return parts.every((part, at) => part === content[at]) ? told : { ...told, content: parts }
  })
}

/** Where only the two together are refused, the temperature is what a client means. */
function takeSamplingOut(document: JsonDocument, refusal: string): void {
  if (/cannot both/i.test(refusal)) document.delete('top_p')
  else document.delete('temperature', 'top_p', 'top_k')
}

/** A budget as the effort that comes nearest. */
function adapt(document: JsonDocument): void {
  let budget = 0
  document.change('thinking', (thinking) => {
    if (!isObject(thinking) || thinking.type !== 'enabled') return undefined
    const { budget_tokens: tokens, ...rest } = thinking
    budget = Number(tokens)
    return { ...rest, type: 'adaptive' }
  })
  if (budget > 0 && !effortOf(document)) setEffort(document, asLevel({ budgetTokens: budget })!)
}

/** An effort as the budget that comes nearest, where there is room for one. */
function giveBudget(document: JsonDocument): void {
  const room = Number(document.get('max_tokens')) - 1024
  const budget = Math.min(budgetOfLevel(effortOf(document) ?? 'high'), room)
  document.change('thinking', (thinking) => {
    if (!isObject(thinking) || thinking.type !== 'adaptive') return undefined
    return { ...thinking, type: 'enabled', budget_tokens: budget }
  })
  if (!(budget >= 1024)) takeThinkingOut(document)
  takeEffortOut(document)
}

/** To one of those that the refusal names, else to none. */
function lowerEffort(document: JsonDocument, refusal: string): void {
  liftTurnEfforts(document)
  const effort = effortOf(document)
  if (!effort) return
  const nearest = nearestEffort(effort, supportedIn(refusal, efforts))
  if (nearest) setEffort(document, nearest)
  else takeEffortOut(document)
}

function lowerLimit(document: JsonDocument, refusal: string): void {
  const most = Number(/(?:> |model limit of )(\d+)/i.exec(refusal)?.[1])
  const limit = document.get('max_tokens')
  if (!(most > 0 && typeof limit === 'number' && limit > most)) return
  document.set('max_tokens', most)
  const thinking = document.get('thinking')
  const budget = isObject(thinking) ? Number(thinking.budget_tokens) : 0
  if (budget < most) return
  if (most < 2048) takeThinkingOut(document)
  else document.change('thinking', (sent) => ({ ...(sent as object), budget_tokens: most - 1024 }))
}

function askToGoOn(document: JsonDocument): void {
  document.changeItems('messages', (messages) => {
    const last = messages.at(-1)
    if (!isObject(last) || last.role !== 'assistant') return messages
    return [...messages, { role: 'user', content: goOn }]
  })
}
