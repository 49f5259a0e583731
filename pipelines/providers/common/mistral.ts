/**
 * Chat messages as Mistral's models take them, which refuse what all others accept. Their tokenizer checks it, so that other
 * servers of these models refuse the same.
 * Source: `mistral-common`, `validator.py`; mistralai/mistral-common #169 (a user behind results), anomalyco/opencode #1680
 * (ids), charmbracelet/crush #1590 (reasoning), read 2026-11.
 */
import { createHash } from 'node:crypto'
import type { ChatMessage, ChatToolCall } from '../../wire/chat.ts'

const names = /(?:mi(?:ni)?s|magis|devs|codes|pix|mix|vox)tral/i

/** By the names that their maker gives them; `id`: the upstream's. */
export function isMistral(id: string): boolean {
  return names.test(id)
}

/** What stands between results and a word of the user; the model has answered nothing yet. */
const between: ChatMessage = { role: 'assistant', content: 'OK.' }

export function forMistral(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.flatMap((message, at) => {
    const { role } = message
    if (role === 'tool') return { ...message, tool_call_id: shortId(message.tool_call_id) }
    if (role === 'user' && messages[at - 1]?.role === 'tool') return [between, message]
    if (role !== 'assistant') return message
    const { tool_calls: calls } = message
    return {
      ...message,
      ...(calls && { tool_calls: calls.map(withShortId) }),
      // else the last word must be of a user or a tool
      ...(at === messages.length - 1 && { prefix: true }),
    }
  })
}

function withShortId(call: ChatToolCall): ChatToolCall {
  return { ...call, id: shortId(call.id) }
}

/** Nine letters and digits: their own as they are, others as a piece of their hash. */
function shortId(id = ''): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  return createHash('sha256').update(id).digest('hex').slice(0, 9)
}
