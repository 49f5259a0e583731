/** A list of models as providers answer it, and what of it is of use: models that answer, with ids that can be written down. */
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import type { ModelType, Price, Rates } from '../config/types.ts'

export interface Listed {
  id: string
  name: string
  /** where it is another than its provider's first */
  type?: ModelType
  price?: Price
}

export interface ModelList {
  models: Listed[]
  /** with ids that cannot be written into a configuration */
  odd: number
  /** beyond the most that are taken */
  more: number
}

const most = 50

/**
 * The first fifty: those that are known in their order, then the newest. Undefined for what is no list. Sources: the API
 * references "List models" of OpenAI, Anthropic, Gemini, Mistral and OpenRouter, read 2026-11.
 */
export function modelsIn(text: string, known: readonly string[]): ModelList | undefined {
  const entries = entriesOf(text)
  if (!entries) return undefined
  const objects = entries.filter(isObject).filter(answers)
  const withIds = objects.flatMap((entry) => {
    const id = idOf(entry)
    return id === undefined ? [] : [{ id, entry }]
  })
  const sound = withIds.filter(({ id }) => isSound(id))
  const unique = [...new Map(sound.map((one) => [one.id, one])).values()]
  const rank = ({ id }: { id: string }) => (known.includes(id) ? known.indexOf(id) : known.length)
  const sorted = unique.toSorted(
    (one, other) => rank(one) - rank(other) || createdAt(other.entry) - createdAt(one.entry),
  )
  return {
    models: sorted.slice(0, most).map(({ id, entry }) => listed(id, entry)),
    odd: withIds.length - sound.length,
    more: Math.max(0, sorted.length - most),
  }
}

function entriesOf(text: string): unknown[] | undefined {
  const body = objectFrom(text)
  const list = [body?.data, body?.models].find(Array.isArray) as unknown[] | undefined
  if (list) return list
  // some servers answer the bare list
  const bare = objectFrom(`{"data":${text}}`)?.data
  return Array.isArray(bare) ? bare : undefined
}

/** Gemini's ids stand behind `models/`. */
function idOf({ id, name, model }: JsonObject): string | undefined {
  const text = [id, name, model].find((one) => typeof one === 'string' && one !== '')
  return typeof text === 'string' ? text.replace(/^models\//, '') : undefined
}

const longest = 200

/** Control characters and those that change how text runs would also reach the terminal. */
function isSound(text: string): boolean {
  return text.length <= longest && text.trim() === text && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
}

const noAnswers =
  /(?:^|[-_/.: ])(?:(?:\w*embed(?:ding)?s?)|bge|all-minilm|(?:re)?rank(?:er)?|whisper|tts|dall-e|(?:gpt-|chatgpt-)?image|imagen|veo|sora|moderation|transcribe|realtime|audio|speech|guard)(?:$|[-_/.: \d])|^(?:babbage|davinci|gpt-3\.5-turbo-instruct)/i

/** Whether it is a model that answers with text, as far as the list or its name says. */
function answers(entry: JsonObject): boolean {
  const { capabilities, supportedGenerationMethods: methods, architecture } = entry
  if (isObject(capabilities) && capabilities.completion_chat === false) return false
  if (Array.isArray(methods) && !methods.includes('generateContent')) return false
  const outputs = isObject(architecture) ? architecture.output_modalities : undefined
  if (Array.isArray(outputs) && !outputs.includes('text')) return false
  return !noAnswers.test(idOf(entry) ?? '')
}

/** Seconds, or a date. */
function createdAt({ created, created_at: at }: JsonObject): number {
  if (typeof created === 'number') return created
  return typeof at === 'string' ? Date.parse(at) / 1000 || 0 : 0
}

function listed(id: string, entry: JsonObject): Listed {
  const { display_name: anthropic, displayName: gemini, name: plain } = entry
  const name = [anthropic, gemini, plain].find(
    (text): text is string => typeof text === 'string' && text !== '' && isSound(text),
  )
  const price = priceIn(entry.pricing)
  return { id, name: name?.replace(/^models\//, '') ?? id, ...(price && { price }) }
}

/** OpenRouter's, in USD for one token as text; here they are for a million. */
function priceIn(pricing: unknown): Price | undefined {
  if (!isObject(pricing)) return undefined
  const price = ratesIn(pricing)
  const { overrides } = pricing
  if (!price || !Array.isArray(overrides)) return price
  const above = overrides.filter(isObject).flatMap((override) => {
    const { min_prompt_tokens: tokens } = override
    const rates = Number.isSafeInteger(tokens) && ratesIn({ ...pricing, ...override })
    return rates ? [{ tokens: Math.max(1, Number(tokens)), ...rates }] : []
  })
  return above.length > 0 ? { ...price, above } : price
}

function ratesIn(pricing: JsonObject): Rates | undefined {
  const [input, output, cacheRead, cacheWrite, cacheWrite1h] = [
    pricing.prompt,
    pricing.completion,
    pricing.input_cache_read,
    pricing.input_cache_write,
    pricing.input_cache_write_1h,
  ].map(perMillion)
  if (input === undefined || output === undefined) return undefined
  return {
    input,
    output,
    ...(cacheRead !== undefined && { cache_read: cacheRead }),
    ...(cacheWrite !== undefined && { cache_write: cacheWrite }),
    ...(cacheWrite1h !== undefined && { cache_write_1h: cacheWrite1h }),
  }
}

/** Below zero it depends on the request. */
function perMillion(perToken: unknown): number | undefined {
  const number = typeof perToken === 'string' && perToken !== '' ? Number(perToken) : Number.NaN
  return number >= 0 ? Number((number * 1e6).toFixed(6)) : undefined
}
