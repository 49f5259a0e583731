/** What chat servers refuse of a request that is otherwise right, one mend for each kind. */
import { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'
import type { RefusablePast } from '../refusable.ts'
import { limitWords, mostIn } from './room.ts'
import { changeMessages, inTurn, leadingSystem, saidByUser } from './roles.ts'
import { leaveSettingsOut } from './settings.ts'

/** Changes the document; false where it has nothing of the kind. */
type Mend = (document: JsonDocument, refusal: string) => boolean

/** By the words of the refusal. */
type Mends = readonly (readonly [RegExp, Mend])[]

function refusable(mends: Mends): RefusablePast {
  return {
    refusals: [400, 422],
    turns: 'messages',
    isOwn: () => false,
    isRefused: (refusal) => mends.some(([words]) => words.test(refusal)),
    leaveOut(body, refusal) {
      const document = JsonDocument.parse(body)
      const isMended = mends.some(([words, mend]) => words.test(refusal) && mend(document, refusal))
      return isMended ? document.pieces() : undefined
    },
  }
}

/** Not that a value is wrong, which is for the client to hear. */
const unknownWords =
  /not (?:yet )?(?:be |been )?support|unsupported|unavailable|incompatible|unknown|unrecogni[sz]ed|not permitted|extra_forbidden|only \S+ is allowed/i

/**
 * llama.cpp, and what is built on it, makes a grammar of the schemas of all tools. One that it cannot is a refusal of every request.
 * Source: opencodex #2135, openclaw #110202 and #113562, t3code #13068, hermes-agent #67349, read 2026-11.
 */
const grammarWords =
  /failed to parse grammar|schema conversion failed|pattern must start with|unrecogni[sz]ed schema|number of (?:rules|repetitions) (?:is|exceeds)/i

/** What a value has to fulfil besides its type: the model is no worse without, and clients check it themselves. */
const constraints = new Set([
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'patternProperties',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'contentEncoding',
  'contentMediaType',
  '$schema',
])

/** Members that are values, not schemas. */
const values = new Set(['enum', 'const', 'default', 'examples', 'required'])
/** Members whose own members are schemas by name. */
const byName = new Set(['properties', '$defs', 'definitions'])

function withoutConstraints(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutConstraints)
  if (!isObject(schema)) return schema
  const kept = Object.entries(schema).filter(([name]) => !constraints.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, memberWithout(name, value)]))
}

function memberWithout(name: string, value: unknown): unknown {
  if (values.has(name)) return value
  if (!byName.has(name) || !isObject(value)) return withoutConstraints(value)
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([key, schema]) => [key, withoutConstraints(schema)]))
}

const loosenTools: Mend = (document) => {
  let isLoosened = false
  document.change('tools', (tools) => {
    if (!Array.isArray(tools)) return undefined
    const loose = tools.map((tool: unknown) => {
      if (!isObject(tool) || !isObject(tool.function)) return tool
      const { parameters } = tool.function
      return { ...tool, function: { ...tool.function, parameters: withoutConstraints(parameters) } }
    })
    isLoosened = JSON.stringify(loose) !== JSON.stringify(tools)
    return isLoosened ? loose : undefined
  })
  return isLoosened
}

const lowerLimit: Mend = (document, refusal) => {
  const most = mostIn(refusal)
  if (most === undefined) return false
  const over = ['max_tokens', 'max_completion_tokens'].filter((name) => {
    const asked = document.get(name)
    return typeof asked === 'number' && asked > most
  })
  for (const name of over) document.set(name, most)
  return over.length > 0
}

const mends: Mends = [
  [/system role (?:is )?not supported/i, (document) => changeMessages(document, saidByUser)],
  [
    /system message must be (?:at the beginning|(?:the )?first)|unexpected (?:message )?role|(?:unknown|invalid|unsupported) (?:message )?role/i,
    (document) => changeMessages(document, leadingSystem),
  ],
  [
    /roles must alternate/i,
    (document) => changeMessages(document, (all) => inTurn(leadingSystem(all))),
  ],
  [limitWords, lowerLimit],
  [grammarWords, loosenTools],
  [unknownWords, leaveSettingsOut],
]

/**
 * vLLM without a parser refuses tools that the model may call, and shows them to it all the same where it must call none. Only for a
 * model whose calls are looked for in its text.
 */
const callNone: Mend = (document) => {
  if (document.get('tools') === undefined || document.get('tool_choice') === 'none') return false
  document.set('tool_choice', 'none')
  return true
}

export const refusedParts: RefusablePast = {
  ...refusable(mends),
  inText: refusable([[/--?enable-auto-tool-choice/, callNone], ...mends]),
}
