/**
 * What becomes of a request after an answer, as a table: the first row that fits counts. Only what the upstream surely did not
 * take moves on; all else is the client's answer.
 */
import type { Rest } from '../account/bench.ts'
import type { Limits } from './limits.ts'
import type { RefusalReasons } from './refusal-reasons.ts'

/** What is known after a request was sent, or could not be. */
export interface Facts extends RefusalReasons {
  /** of the answer; `unreached`: there was no connection; `lost`: it was sent, and then failed; `locked`: no credential */
  status: number | 'unreached' | 'lost' | 'locked'
  limits: Limits
  /** whose credential it was */
  owner: 'proxy' | 'client'
  /** the request has waited once for this account or this model */
  hasWaited: boolean
  /** what is left of `retry.wait_s` */
  waitLeftMs: number
  /** another model can serve */
  hasFallback: boolean
  model: string
  /** when the login was renewed last */
  login: string | null
}

export interface Outcome {
  /** its name, by which tests tell it from others */
  row: string
  /** `answer`: the client gets it; `wait`: once more to the same; else to the next account, or past all of them */
  move: 'answer' | 'wait' | 'next account' | 'next model'
  rest?: Rest
  /** three in a row make the account suspect */
  isDoubt?: boolean
}

interface Row extends Pick<Outcome, 'move' | 'isDoubt'> {
  row: string
  when: (facts: Facts) => boolean
  rest?: (facts: Facts) => Rest
}

/** Of a CDN that could not reach its server, so that this one took nothing, either. Source: Cloudflare, "5xx errors", 2026-11. */
const unreachedBehind = [521, 522, 523, 525, 526, 530]
const overloads = new Set<Facts['status']>([503, 529, ...unreachedBehind])
const isOverloaded = ({ status }: Facts) => overloads.has(status)

/** A wait that was named, and that the request has time for. */
const canWait = ({ limits: { waitMs }, hasWaited, waitLeftMs }: Facts) =>
  waitMs !== undefined && !hasWaited && waitMs <= waitLeftMs

const isClientError = ({ status }: Facts) =>
  typeof status === 'number' && status >= 400 && status < 500

const answered = { row: 'answer', move: 'answer' } as const

/** Google says so by a 400, and Anthropic of a login that was revoked by a 403. */
export function isRefusedLogin({ status, isDead }: Pick<Facts, 'status' | 'isDead'>): boolean {
  return status === 401 || ((status === 400 || status === 403) && isDead)
}

const table: readonly Row[] = [
  { row: 'sent and lost', when: ({ status }) => status === 'lost', move: 'answer' },
  { row: 'not reached', when: ({ status }) => status === 'unreached', move: 'next model' },
  { row: 'no credential', when: ({ status }) => status === 'locked', move: 'next account' },
  {
    row: 'unpaid',
    when: (facts) => facts.status === 402 || (isClientError(facts) && facts.isUnpaid),
    move: 'next account',
    rest: ({ status }) => ({ kind: 'unpaid', why: `${status}, no balance` }),
  },
  { row: 'short limit', when: (facts) => facts.status === 429 && canWait(facts), move: 'wait' },
  {
    row: 'limit',
    when: ({ status, limits }) => status === 429 && limits.waitMs !== undefined,
    move: 'next account',
    rest: ({ limits, model }) => ({
      kind: 'told',
      ms: limits.waitMs!,
      why: `429, ${limits.spent ?? 'rate limit'}`,
      ...(limits.ofModel && { model }),
    }),
  },
  {
    row: 'quota without a time',
    when: ({ status, isQuota }) => status === 429 && isQuota,
    move: 'next account',
    rest: () => ({ kind: 'unpaid', why: '429, quota' }),
  },
  {
    row: 'limit without a time',
    when: ({ status, limits }) => status === 429 && limits.isMentioned,
    move: 'next account',
    rest: () => ({ kind: 'untold', why: '429, rate limit' }),
  },
  // Some upstreams refuse one request so, and serve the next: another account would be refused as well.
  { row: 'bare 429', when: ({ status }) => status === 429, move: 'answer' },
  {
    row: 'refused login',
    when: (facts) => facts.owner === 'proxy' && isRefusedLogin(facts),
    move: 'next account',
    rest: ({ status, login }) => ({ kind: 'refused', why: String(status), login }),
  },
  // A content that is refused must not walk through all accounts.
  { row: 'forbidden', when: ({ status }) => status === 403, move: 'answer', isDoubt: true },
  {
    row: 'short overload',
    when: (facts) => isOverloaded(facts) && facts.hasFallback && canWait(facts),
    move: 'wait',
  },
  {
    row: 'overload',
    when: (facts) => isOverloaded(facts) && facts.hasFallback,
    move: 'next model',
  },
  { ...answered, when: () => true },
]

/** What the first row says that fits. */
export function outcomeOf(facts: Facts): Outcome {
  // nearly all are good, and no other row fits those
  if (typeof facts.status === 'number' && facts.status < 400) return answered
  const { row, move, rest, isDoubt } = table.find(({ when }) => when(facts))!
  const isOurs = facts.owner === 'proxy'
  return {
    row,
    move,
    ...(isOurs && rest && { rest: rest(facts) }),
    ...(isOurs && isDoubt && { isDoubt }),
  }
}
