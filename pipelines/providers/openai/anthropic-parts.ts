/**
 * Images, documents and search results in Anthropic's own words, which clients leave in a chat
 * history when they change the model.
 */
import { badRequest } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { isGiven, listAt, objectAt, textAt } from '../../untrusted.ts'

const readable = new Set<unknown>(['url', 'base64', 'text', undefined])

/** Throws a 400 for a part with a `source` that only Anthropic can read. */
export function refuseForeignSource(part: JsonObject, place: string): void {
  if (!isObject(part.source) || readable.has(part.source.type)) return
  const at = `${place}.source.type`
  const message = `${at} is not one this model can read; send base64, a URL or text.`
  throw badRequest('unsupported_content', at, message)
}

/**
 * The words of a search result, or of a document that is made of text parts; `undefined` for any
 * other part.
 */
export function wordsOf(part: JsonObject, place: string): string | undefined {
  if (part.type === 'search_result') {
    const heading = ['title', 'source'].flatMap((name) =>
      isGiven(part[name]) ? [textAt(part[name], `${place}.${name}`)] : [],
    )
    return [...heading, ...textsOf(part.content, `${place}.content`)].join('\n')
  }
  if (part.type !== 'document' || !isObject(part.source)) return undefined
  const { type, content } = part.source
  if (type !== 'content') return undefined
  const title = isGiven(part.title) ? [textAt(part.title, `${place}.title`)] : []
  return [...title, ...textsOf(content, `${place}.source.content`)].join('\n')
}

function textsOf(content: unknown, place: string): string[] {
  if (typeof content === 'string') return [content]
  return listAt(content, place).map((value, index) => {
    const at = `${place}[${index}]`
    return textAt(objectAt(value, at).text, `${at}.text`)
  })
}
