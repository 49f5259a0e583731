/**
 * Why an account was refused: a limit is used up, it has no money left, or its key is dead. Each vendor and gateway has its own
 * codes and messages. Quoted text does not count, nor what stands between two quotes: there upstreams repeat what a client wrote,
 * and no client may rest the accounts of all.
 */
import { isObject } from '../../pipelines/json/value.ts'
import { objectIn } from '../../pipelines/providers/failure.ts'

export interface RefusalReasons {
  isQuota: boolean
  isUnpaid: boolean
  isDead: boolean
}

/** In: the beginning of the body. */
export function reasonsIn(body: string): RefusalReasons {
  const { codes, text } = codesAndText(body)
  const matches = ({ code, message }: Pattern) => code.test(codes) || message.test(text)
  return { isQuota: matches(quota), isUnpaid: matches(unpaid), isDead: matches(dead) }
}

interface Pattern {
  /** of codes, one a line */
  code: RegExp
  message: RegExp
}

function pattern(codes: string, ...messages: RegExp[]): Pattern {
  return {
    code: new RegExp(`^(?:${codes})$`, 'im'),
    message: new RegExp(messages.map(({ source }) => source).join('|') || '(?!)', 'i'),
  }
}

/** A limit of requests or tokens that is used up, until a time. */
const quota = pattern('insufficient_quota|usage_limit\\w*|usage_not_included')

/** No money left, in whichever status, also in Chinese (escaped, as the bundle is ASCII). */
const unpaid = pattern(
  'billing_error|billing_not_active|billing_hard_limit_reached|insufficient_balance|insufficient_user_quota|payment_required|exceeded_current_quota_error|Arrearage|1113',
  /credit balance is too low/,
  /insufficient (?:account )?(?:balance|credits)|balance is (?:insufficient|not enough)|\u4f59\u989d\u4e0d\u8db3/,
  /used all available credits|credits? (?:is|are|has been|have been) (?:depleted|exhausted)/,
  // Anthropic's limit for a month, and what subscriptions pay beside their plan; all are a 400
  /reached your specified (?:\w+ )?API usage limits|out of extra usage|draw from your extra usage/,
)

/** Nothing but another key, or another login, helps. */
const dead = pattern(
  'api_key_invalid|invalid_api_key|account_deactivated|consumer_suspended',
  /(?:invalid|incorrect) API key/,
  /API key (?:not (?:valid|found)|(?:has )?expired|was reported as leaked)/,
  /(?:API key|organization|workspace|account|consumer)\s+(?:is|was|has been) (?:disabled|deactivated|revoked|suspended|banned)/,
  /OAuth token has been revoked/,
)

const firstQuote = /(?<!\w)'|["`]/
const lastQuote = /^.*(?:'(?!\w)|["`])/s

/** What stands before the first quote and behind the last: a quote in what is repeated would end it too soon. */
function unquoted(text: string): string {
  const from = text.search(firstQuote)
  if (from === -1) return text
  const [quoted] = lastQuote.exec(text.slice(from + 1)) ?? []
  return text.slice(0, from) + (quoted === undefined ? '' : text.slice(from + 1 + quoted.length))
}

/** Text that is no JSON counts as a message; JSON that is cut off says nothing, as its quotes are not to be told apart. */
function codesAndText(body: string): { codes: string; text: string } {
  const json = objectIn(body)
  if (!json) return { codes: '', text: /^\s*[[{]/.test(body) ? '' : unquoted(body) }
  const { error, detail } = json
  const places = [json, error, detail].filter(isObject)
  const values = places.flatMap(({ code, type, status, details }) => [
    code,
    type,
    status,
    ...(Array.isArray(details) ? details.map((one: unknown) => isObject(one) && one.reason) : []),
  ])
  const texts = [error, detail, ...places.flatMap(({ message, msg }) => [message, msg])]
  return {
    codes: values.filter((value) => isText(value) || typeof value === 'number').join('\n'),
    text: texts.filter(isText).map(unquoted).join('\n'),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
