/**
 * Messages as templates of local models demand them, where one has refused what it got: who may speak, where, and in turn.
 * Source: vllm #42407, ogx #6069 (`developer`), llama.cpp #20733, vibe_tavern #44, lemonade #2674 (one system message, in front),
 * autogen #1037 and #3597 (in turn), sglang #892 (no system message), read 2026-11.
 */
import type { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'

type Messages = readonly JsonObject[]

const instructing = new Set<unknown>(['system', 'developer'])

/** What is said to the model is said by `system`, in one message, in front of all. */
export function leadingSystem(messages: Messages): Messages {
  const system = messages.filter(({ role }) => instructing.has(role))
  const others = messages.filter(({ role }) => !instructing.has(role))
  if (system.length === 0) return messages
  const [first, ...rest] = system
  return [rest.reduce<JsonObject>(joined, { ...first, role: 'system' }), ...others]
}

/** Nobody speaks twice in a row. Calls and results stay as they are. */
export function inTurn(messages: Messages): Messages {
  const turns: JsonObject[] = []
  for (const message of messages) {
    const last = turns.at(-1)
    if (last && isPlain(last) && isPlain(message) && last.role === message.role) {
      turns[turns.length - 1] = joined(last, message)
    } else turns.push(message)
  }
  return turns
}

/** For templates that know no system message: the user says it. */
export function saidByUser(messages: Messages): Messages {
  const [first, ...rest] = leadingSystem(messages)
  return inTurn(first?.role === 'system' ? [{ ...first, role: 'user' }, ...rest] : messages)
}

function isPlain({ role, tool_calls: calls }: JsonObject): boolean {
  return (role === 'user' || role === 'assistant') && calls === undefined
}

function joined(one: JsonObject, other: JsonObject): JsonObject {
  return { ...one, content: bothOf(one.content, other.content) }
}

function bothOf(one: unknown, other: unknown): unknown {
  if (typeof one === 'string' && typeof other === 'string') return `${one}\n\n${other}`
  return [...partsOf(one), ...partsOf(other)]
}

function partsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
}

/** False where that changes nothing, or not all messages can be understood. */
export function changeMessages(
  document: JsonDocument,
  change: (messages: Messages) => Messages,
): boolean {
  let isChanged = false
  document.change('messages', (messages) => {
    if (!Array.isArray(messages) || !messages.every(isObject)) return undefined
    const changed = change(messages)
    isChanged = JSON.stringify(changed) !== JSON.stringify(messages)
    return isChanged ? changed : undefined
  })
  return isChanged
}
