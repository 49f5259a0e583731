/**
 * Who would get a request now: the same order, the same states and the same credential as for one that is sent, but nobody is
 * asked, nothing is renewed, and nobody's turn passes.
 */
import type { Member } from '../account/pool.ts'
import type { Call } from '../app.ts'
import { placeOf } from '../config/models.ts'
import type { Model } from '../config/types.ts'
import type { Ready } from '../endpoints/ask.ts'
import { standInsOf, stopsOf, travelOf, type Routed } from '../endpoints/ask-routed.ts'
import { nobodyLeft } from '../routing/explanation.ts'
import { isLocked } from '../routing/send.ts'
import { lastRefresh, membersFor, type Travel } from '../routing/order.ts'
import { soonerOf } from '../routing/walk.ts'
import { credentialFor, type Credential, type Target, type TokenOf } from '../upstream/target.ts'
import { ProxyError } from '../../pipelines/errors.ts'

/** An account that does not serve, or a model. */
export interface Other {
  name: string
  why: string
}

export interface Choice {
  prepared: Ready
  credential: Credential | undefined
  /** as usage calls it */
  account: string
  others: Other[]
  /** models that were looked at before the one that serves, and those behind it */
  passed: Map<Model, string>
}

/** In place of a token that a renewal would have to give first. */
export const unknownToken = '***'

const heldToken: TokenOf = async (account) => {
  const token = await account.peek()
  return token === null ? unknownToken : token
}

const neverSent = () => Promise.reject(new Error('a request that is explained is not sent'))

/** For the one place that a request can go to. Throws or fails with ProxyError as its send would. */
export async function onlyPlace(call: Call, prepared: Ready): Promise<Choice> {
  const { target } = prepared
  const credential = await credentialFor(call, target, heldToken)
  const { account: name } = placeOf(call.config, target.model)
  const isCallers = target.endpoint.auth === 'account' && credential?.accountToken === undefined
  const account = isCallers ? 'caller' : name
  return { prepared, credential, account, others: [], passed: new Map() }
}

/** Throws the ProxyError that a sent request would get, if nobody can serve it. */
export async function firstPlace(call: Call, routed: Routed<Ready>): Promise<Choice> {
  const travel = travelOf(call, routed, true)
  const look = new Look(call, travel)
  for (const { model, why } of standInsOf(call, routed, travel)) {
    if (why !== undefined) look.passed.set(model, why)
  }
  for (const { model, prepare } of stopsOf(call, routed, travel, neverSent)) {
    const prepared = prepare()
    if (!prepared) look.passed.set(model, 'it cannot take what the request holds')
    const choice = prepared && (await look.at(prepared))
    if (choice) return choice
  }
  throw look.failure
}

class Look {
  readonly passed = new Map<Model, string>()
  readonly #call: Call
  readonly #travel: Travel
  readonly #others = new Map<string, string>()
  readonly #asked: Member[] = []
  #error: unknown
  #soonestMs = Number.POSITIVE_INFINITY

  constructor(call: Call, travel: Travel) {
    this.#call = call
    this.#travel = travel
  }

  get failure(): unknown {
    return nobodyLeft([], this.#asked, this.#error, this.#soonestMs)
  }

  /** The first of its accounts that has a credential. */
  async at(prepared: Ready): Promise<Choice | undefined> {
    const { target } = prepared
    const members = membersFor(this.#call, target, this.#travel)
    this.#asked.push(...members)
    if (!this.#travel.bound) await this.#call.app.pool.learn(members, target.model.id)
    const left = new Set(members)
    while (left.size > 0) {
      const member = this.#free([...left], target)
      if (!member) break
      const credential = await this.#credential(target, member)
      if (credential !== 'locked') {
        left.delete(member)
        this.#noteOthers(left, member, target)
        const { own, name } = member
        const account = own ? name : placeOf(this.#call.config, target.model).account
        const others = Array.from(this.#others, ([other, why]) => ({ name: other, why }))
        return { prepared, credential, account, others, passed: this.passed }
      }
      left.delete(member)
    }
    for (const { name, own, bench } of left) {
      const why = bench.whyNot(target.model.id)
      if (own && why !== undefined) this.#note(name, why)
    }
    this.#noteDisabled(target)
    this.passed.set(target.model, 'none of its accounts can serve')
    return undefined
  }

  #free(left: readonly Member[], { endpoint, model }: Target): Member | undefined {
    if (this.#travel.bound) return left[0]
    for (const member of left) {
      member.bench.lookAgain(() => lastRefresh(this.#call, member, endpoint))
      if (member.bench.isFree(model.id)) return member
    }
    for (const { bench } of left) {
      this.#soonestMs = soonerOf(this.#soonestMs, bench.leftMs(model.id))
    }
    // it would be waited for
    return left.find(({ bench }) => bench.trial(model.id) !== undefined)
  }

  async #credential(
    target: Target,
    { own, name }: Member,
  ): Promise<Credential | 'locked' | undefined> {
    const { attempts } = this.#call.config.retry
    const trip = { account: own, sends: 0, mostSends: attempts }
    try {
      return await credentialFor(this.#call, { ...target, trip }, heldToken)
    } catch (error) {
      if (!(error instanceof ProxyError) || !isLocked(error)) throw error
      this.#error = error
      if (own) this.#note(name, `needs_login: ${error.message}`)
      return 'locked'
    }
  }

  #noteOthers(left: ReadonlySet<Member>, chosen: Member, target: Target): void {
    const { id } = target.model
    for (const { name, bench } of left) {
      this.#note(
        name,
        bench.whyNot(id) ?? `ok${suspect(bench)}, but ${this.#order(chosen, target)}`,
      )
    }
    this.#noteDisabled(target)
  }

  #order({ name }: Member, { endpoint: { choose = 'first' } }: Target): string {
    if (choose === 'sticky') return `this conversation is with ${name} (\`choose\`: sticky)`
    if (choose === 'round-robin') return `it is the turn of ${name} (\`choose\`: round-robin)`
    return `${name} comes first (\`choose\`: first)`
  }

  /** Those that are not asked at all. */
  #noteDisabled({ endpoint: { accounts = [] } }: Target): void {
    const seen = new Set(this.#asked.map(({ name }) => name))
    for (const { name, own } of this.#call.app.pool.all) {
      if (!accounts.includes(name) || seen.has(name)) continue
      this.#note(name, own.entry.enabled ? boundShown(this.#travel) : 'disabled (`enabled`: false)')
    }
  }

  #note(name: string, why: string): void {
    if (!this.#others.has(name)) this.#others.set(name, why)
  }
}

function suspect({ isSuspect }: Member['bench']): string {
  return isSuspect ? ' (suspect)' : ''
}

function boundShown({ bound }: Travel): string {
  const what = bound === 'id' ? 'an id' : 'encrypted reasoning'
  return `ok, but the request holds ${what} that lives in the account that served its conversation last`
}
