/**
 * The JSON schema of `config.json` for editors and other programs: the one that checks, and what the program takes or wants beside
 * it. Comments are not in JSON; VS Code takes the two words for them.
 */
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Schema } from './schema-type.ts'
import { fileSchema } from './schema.ts'

/** Rules of entries that the program checks by itself, since ajv would not say them well. */
const rules: Record<string, object> = {
  endpoints: { anyOf: [{ required: ['base_url'] }, { required: ['preset'] }] },
  accounts: {
    oneOf: [{ required: ['login'] }, { required: ['file'] }, { required: ['key'] }],
  },
}

export function publishedSchema(): JsonObject {
  const { properties = {} } = fileSchema
  const entries = Object.entries(properties).map(([key, rule]): [string, JsonObject] => {
    const more = rule.items && rules[key]
    const published = withReferences(rule)
    return [
      key,
      more ? { ...published, items: { ...(published.items as object), ...more } } : published,
    ]
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'config.json of droid2api',
    description:
      'A text may hold ${NAME} for a variable, or be ${file:/path} for what is in a file.',
    allowComments: true,
    allowTrailingCommas: true,
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string', description: 'where an editor finds this schema' },
      ...Object.fromEntries(entries),
    },
  }
}

/** Any text may be a reference, also where only some texts are known. */
function withReferences({ $id: _, ...schema }: Schema): JsonObject {
  const { enum: known, properties, items, anyOf, additionalProperties: more, ...rest } = schema
  const isText = rest.type === 'string' && known !== undefined
  return {
    ...rest,
    ...(isText && { anyOf: [{ enum: known }, { pattern: String.raw`\$\{` }] }),
    ...(!isText && known && { enum: known }),
    ...(anyOf && { anyOf: anyOf.map(withReferences) }),
    ...(items && { items: withReferences(items) }),
    ...(more !== undefined && {
      additionalProperties: typeof more === 'object' ? withReferences(more) : more,
    }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, rule]) => [key, withReferences(rule)]),
      ),
    }),
  }
}
