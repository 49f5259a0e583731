/**
 * What OpenAI's models refuse of a request that another of them takes, in its own words.
 * Source: opencode #4451, codex #9035, baml #2708, pydantic-ai #2865, any-llm #270, opencode #37964, and OpenAI's pages of the models,
 * read 2026-11.
 */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { shown } from '../agent-loop/issued.ts'

interface Rules {
  /** none: the model does not reason */
  efforts: string[]
  verbosities: string[]
  /** tokens of an answer */
  most: number
}

const verbosities = ['low', 'medium', 'high']
const rules: Record<string, Rules> = {
  'gpt-4.1': { efforts: [], verbosities: ['medium'], most: 32_768 },
  'gpt-5': { efforts: ['minimal', 'low', 'medium', 'high'], verbosities, most: 128_000 },
  'gpt-5.1': { efforts: ['none', 'low', 'medium', 'high'], verbosities, most: 128_000 },
  'gpt-5.1-codex-max': {
    efforts: ['low', 'medium', 'high', 'xhigh'],
    verbosities: ['medium'],
    most: 128_000,
  },
}

/** All reasons to refuse it; none for a request that the model would take. */
export function refusedByGpt(body: JsonObject): string[] {
  const known = rules[shown(body.model)]
  if (!known) return [`The model '${shown(body.model)}' does not exist`]
  const reasoning = isObject(body.reasoning) ? body.reasoning : {}
  const text = isObject(body.text) ? body.text : {}
  const effort = body.reasoning_effort ?? reasoning.effort
  const include: unknown[] = Array.isArray(body.include) ? body.include : []
  const refused = [
    ...refusedValue(effort, known.efforts, 'reasoning.effort'),
    ...refusedValue(body.verbosity ?? text.verbosity, known.verbosities, 'text.verbosity'),
    ...refusedLimits(body, known.most),
  ]
  if (known.efforts.length > 0) {
    const samples = effort === 'none' && known.efforts.includes('none')
    const names = ['temperature', 'top_p', 'logprobs', 'top_logprobs'].filter((one) => one in body)
    if (!samples) refused.push(...names.map(unsupported))
    if (!samples && include.includes('message.output_text.logprobs')) refused.push('logprobs')
    if ('max_tokens' in body) refused.push(unsupported('max_tokens'))
    return refused
  }
  if (body.reasoning !== undefined) refused.push(unsupported('reasoning'))
  if (include.includes('reasoning.encrypted_content'))
    refused.push('Encrypted content is not supported with this model.')
  const input: unknown[] = Array.isArray(body.input) ? body.input : []
  if (input.some((item) => isObject(item) && item.type === 'reasoning'))
    refused.push('Reasoning input items can only be provided to a reasoning model')
  return refused
}

function refusedValue(value: unknown, known: string[], name: string): string[] {
  if (value === undefined || known.includes(shown(value))) return []
  return [known.length === 0 ? unsupported(name) : `Unsupported value: ${name} ${shown(value)}`]
}

function refusedLimits(body: JsonObject, most: number): string[] {
  const names = ['max_output_tokens', 'max_completion_tokens', 'max_tokens']
  return names
    .filter((name) => Number(body[name] ?? 0) > most)
    .map((name) => `${name} is too large: this model supports at most ${most} completion tokens.`)
}

function unsupported(name: string): string {
  return `Unsupported parameter: '${name}' is not supported with this model.`
}
