/** `response_format` and `output_config.format`: structured outputs where the model has them, else an instruction. */
import { badRequest } from '../../errors.ts'
import type { AnthropicTextBlock } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { writeJson } from '../../json/exact-json.ts'
import { textBlock } from './parts.ts'
import { fitsStrict } from './strict-limits.ts'
import { strictSchema } from './strict-schema.ts'
import { isGiven, objectAt } from '../../untrusted.ts'

const onlyJson =
  'Answer with one JSON value and nothing else: no words before or after it, no code fence.'

export interface AnswerFormat {
  /** for `output_config.format` */
  format?: JsonObject
  /** for the end of `system` */
  instruction?: AnthropicTextBlock
  dropped: string[]
}

/**
 * `response_format`, else Anthropic's own `output_config.format`. Throws a 400 for an unknown type
 * and for wrong types within.
 */
export function answerFormat(request: JsonObject, structuredOutputs: boolean): AnswerFormat {
  const { response_format: wished, output_config: config } = request
  const own = isObject(config) ? config.format : undefined
  if (!isGiven(wished)) return isGiven(own) ? ownFormat(own, structuredOutputs) : { dropped: [] }
  const said = formatOf(objectAt(wished, 'response_format'), structuredOutputs)
  return isGiven(own) ? { ...said, dropped: [...said.dropped, 'output_config.format'] } : said
}

function formatOf(wish: JsonObject, structuredOutputs: boolean): AnswerFormat {
  const place = 'response_format'
  switch (wish.type) {
    case 'text':
      return { dropped: [] }
    case 'json_object':
      return { instruction: textBlock(onlyJson), dropped: [] }
    case 'json_schema': {
      const at = `${place}.json_schema`
      const { schema } = objectAt(wish.json_schema, at)
      if (!isGiven(schema)) return { instruction: textBlock(onlyJson), dropped: [] }
      return schemaFormat(objectAt(schema, `${at}.schema`), structuredOutputs, place)
    }
    default: {
      const message = `${place}.type is not known; use text, json_object or json_schema.`
      throw badRequest('invalid_value', `${place}.type`, message)
    }
  }
}

function ownFormat(value: unknown, structuredOutputs: boolean): AnswerFormat {
  const place = 'output_config.format'
  const { type, schema } = objectAt(value, place)
  if (type === 'json_schema') {
    return schemaFormat(objectAt(schema, `${place}.schema`), structuredOutputs, place)
  }
  const message = `${place}.type is not known; use json_schema.`
  throw badRequest('invalid_value', `${place}.type`, message)
}

/** A schema that the API refuses, by its size or because it is endless, is told in words. */
function schemaFormat(schema: JsonObject, structuredOutputs: boolean, place: string): AnswerFormat {
  const strict = strictSchema(schema)
  const fits = fitsStrict([], strict)
  if (structuredOutputs && fits) {
    return { format: { type: 'json_schema', schema: strict }, dropped: [] }
  }
  const demand = `${onlyJson} The value must satisfy this JSON schema:\n${writeJson(schema)}`
  return { instruction: textBlock(demand), dropped: structuredOutputs ? [place] : [] }
}
