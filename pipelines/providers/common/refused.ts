/** What chat servers refuse of a request that is otherwise right, one mend for each kind. */
import { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'
import { grammarWords, loosened } from '../loose-schema.ts'
import type { RefusablePast } from '../refusable.ts'
import { limitWords, lowerTo, mostIn } from '../room.ts'
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

/** Not that a value is wrong, which is for the client to hear, nor that the kind of an error is `unknown`. */
const unknownWords =
  /not (?:yet )?(?:be |been )?support|unsupported|unavailable|incompatible|\bunknown(?!_?error|\\?["'] ?[,}])|unrecogni[sz]ed|not permitted|extra_forbidden|only \S+ is allowed/i

const loosenTools: Mend = (document) =>
  document.changeItems('tools', (tools) =>
    tools.map((tool) => {
      if (!isObject(tool) || !isObject(tool.function)) return tool
      const { parameters } = tool.function
      const loose = loosened(parameters)
      if (loose === parameters) return tool
      return { ...tool, function: { ...tool.function, parameters: loose } }
    }),
  )

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
  [limitWords, (document, refusal) => lowerTo(document, mostIn(refusal))],
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
