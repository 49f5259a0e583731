/** The operator's system prompt in front of the client's own, once, without touching a byte of the client's. */
import type { JsonDocument } from '../json/document.ts'

/**
 * In `system` of a Messages request, as a block of its own without `cache_control` (the client may already use all four).
 * A form that the API does not know is left for it to refuse.
 */
export function putInSystem(document: JsonDocument, prompt: string): void {
  const client = document.get('system')
  const block = JSON.stringify({ type: 'text', text: prompt })
  if (client === undefined || client === null || isBlank(client)) {
    document.setRaw('system', Buffer.from(`[${block}]`))
  } else if (typeof client === 'string') {
    if (begins(client, prompt)) return
    const own = document.raw('system')!
    const parts = [Buffer.from(`[${block},{"type":"text","text":`), own, Buffer.from('}]')]
    document.setRaw('system', Buffer.concat(parts))
  } else if (Array.isArray(client)) {
    if (client.some((one) => begins(textOf(one), prompt))) return
    const rest = document.raw('system')!.subarray(1)
    const comma = client.length > 0 ? ',' : ''
    document.setRaw('system', Buffer.concat([Buffer.from(`[${block}${comma}`), rest]))
  }
}

/** In `instructions` of a Responses request, a blank line between the two. */
export function putInInstructions(document: JsonDocument, prompt: string): void {
  const client = document.get('instructions')
  if (client === undefined || client === null || isBlank(client)) {
    document.set('instructions', prompt)
  } else if (typeof client === 'string' && !begins(client, prompt)) {
    const front = JSON.stringify(prompt.endsWith('\n') ? prompt : `${prompt}\n\n`)
    const own = document.raw('instructions')!.subarray(1)
    document.setRaw('instructions', Buffer.concat([Buffer.from(front.slice(0, -1)), own]))
  }
}

function isBlank(client: unknown): boolean {
  return typeof client === 'string' && client.trim() === ''
}

function begins(text: string, prompt: string): boolean {
  return text.startsWith(prompt.trimEnd())
}

function textOf(block: unknown): string {
  const text = (block as { text?: unknown } | null)?.text
  return typeof text === 'string' ? text : ''
}
