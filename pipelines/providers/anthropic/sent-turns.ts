/** The turns of a Messages request as its client sent them: nobody has checked what they hold. */
import type { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'

/** The blocks of a turn or a result, of which a text may stand alone. Nothing for what is neither. */
export function blocksOf({ content }: JsonObject): unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
}

/** Without the turns of which nothing is left, too. */
export function withoutBlocks(
  messages: readonly unknown[],
  isOut: (block: unknown) => boolean,
): unknown[] {
  return messages.flatMap((message) => {
    if (!isObject(message) || !Array.isArray(message.content)) return [message]
    const content = message.content.filter((block: unknown) => !isOut(block))
    if (content.length === message.content.length) return [message]
    return content.length > 0 ? [{ ...message, content }] : []
  })
}

/** A block of the message with that index of so many; the same where it stays. */
type Change = (block: unknown, at: number, count: number) => unknown

/** Whether there was something to change in so many turns. */
export function changeBlocks(document: JsonDocument, turns: number, change: Change): boolean {
  return document.changeItems('messages', (messages) =>
    messages.map((message, at) => {
      if (at >= turns || !isObject(message) || !Array.isArray(message.content)) return message
      const blocks: unknown[] = message.content
      const content = blocks.map((block) => change(block, at, messages.length))
      return content.every((block, index) => block === blocks[index])
        ? message
        : { ...message, content }
    }),
  )
}
