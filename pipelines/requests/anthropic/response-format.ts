/** `response_format`: structured outputs where the model has them, else an instruction. */
import { badRequest } from '../../../lib/errors.ts'
import type { AnthropicTextBlock } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { writeJson } from '../../wire/exact-json.ts'
import { textBlock } from './parts.ts'
import { strictSchema } from './strict-schema.ts'
import { isGiven, objectAt } from '../untrusted.ts'

const onlyJson =
  'Answer with one JSON value and nothing else: no words before or after it, no code fence.'

export interface AnswerFormat {
  /** for `output_config.format` */
  format?: JsonObject
  /** for the end of `system` */
  instruction?: AnthropicTextBlock
}

/** Throws a 400 for an unknown type and for wrong types within. */
export function answerFormat(responseFormat: unknown, structuredOutputs: boolean): AnswerFormat {
  const place = 'response_format'
  if (!isGiven(responseFormat)) return {}
  const wish = objectAt(responseFormat, place)
  switch (wish.type) {
    case 'text':
      return {}
    case 'json_object':
      return { instruction: textBlock(onlyJson) }
    case 'json_schema':
      return schemaFormat(objectAt(wish.json_schema, `${place}.json_schema`), structuredOutputs)
    default: {
      const message = `${place}.type is not known; use text, json_object or json_schema.`
      throw badRequest('invalid_value', `${place}.type`, message)
    }
  }
}

function schemaFormat(wish: JsonObject, structuredOutputs: boolean): AnswerFormat {
  if (!isGiven(wish.schema)) return { instruction: textBlock(onlyJson) }
  const schema = objectAt(wish.schema, 'response_format.json_schema.schema')
  if (structuredOutputs) return { format: { type: 'json_schema', schema: strictSchema(schema) } }
  const demand = `${onlyJson} The value must satisfy this JSON schema:\n${writeJson(schema)}`
  return { instruction: textBlock(demand) }
}
