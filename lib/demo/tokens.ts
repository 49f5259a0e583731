/** How the demo cuts and counts text, and makes ids. A word is a token, near enough for numbers that nobody pays. */
import { randomBytes } from 'node:crypto'
import { isObject } from '../../pipelines/json/value.ts'

/** What a picture or a document costs, whatever its size. */
const attachmentTokens = 1500

/** Words with the white space before them, long ones in pieces; they concatenate to the text. */
export function words(text: string): string[] {
  return text.match(/\s*\S{1,16}|\s+$/gu) ?? []
}

/** Pieces of JSON as a model streams them, never within a character. */
export function jsonPieces(json: string): string[] {
  return json.match(/.{1,12}/gsu) ?? []
}

/** The beginning of a text, for quoting. */
export function clip(text: string, maxCharacters: number): string {
  const characters = Array.from(text.trim())
  return characters.length > maxCharacters
    ? `${characters.slice(0, maxCharacters).join('')}…`
    : characters.join('')
}

/** Tokens of a JSON value: a quarter of its characters, attachments at a flat price. */
export function estimateTokens(value: unknown): number {
  const { characters, attachments } = measure(value)
  return Math.max(1, Math.ceil(characters / 4)) + attachments * attachmentTokens
}

function measure(value: unknown): { characters: number; attachments: number } {
  const total = { characters: 0, attachments: 0 }
  const add = (member: unknown, key = '') => {
    if (typeof member === 'string') {
      if (member.startsWith('data:') || (key === 'data' && member.length > 1000)) {
        total.attachments += 1
      } else total.characters += member.length
    } else if (Array.isArray(member)) {
      for (const item of member) add(item)
    } else if (isObject(member)) {
      for (const [name, item] of Object.entries(member)) {
        total.characters += name.length
        add(item, name)
      }
    } else total.characters += 4
  }
  add(value)
  return total
}

/** A fresh id, such as `newId('msg_')`. */
export function newId(prefix: string): string {
  return prefix + randomBytes(12).toString('hex')
}
