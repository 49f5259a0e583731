/**
 * The accounts that have a name, and how each of them is. A reload keeps those that stay what they were, with their tokens and
 * their rests; one that is taken out finishes what it began.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { AccountEntry, Config, Endpoint } from '../config/types.ts'
import type { Logger } from '../log/log.ts'
import type { Account } from './account.ts'
import { Bench, type BenchStatus } from './bench.ts'
import { Homes } from './homes.ts'
import type { SharedRests } from './shared-rests.ts'

/** Whose turn it may be at an endpoint. */
export interface Member {
  name: string
  bench: Bench
  /** left out: the credential is the one that `auth` of the endpoint names */
  own?: { entry: AccountEntry; account: Account }
}

/** How an account is; never its name, which only the log has. */
export interface MemberStatus {
  kind: 'login' | 'file' | 'key'
  state: BenchStatus['state'] | 'disabled'
  /** refusals in a row that may be the account's own */
  suspect?: true
  until?: string
  reason?: string
  expires_at?: string | null
  last_refresh?: string | null
  last_error?: string | null
}

interface Named extends Member {
  id: string
  own: { entry: AccountEntry; account: Account }
  isStarted: boolean
}

interface Parts {
  open: (entry: AccountEntry) => Account
  log: Logger
  /** what replicas tell each other, where there are any */
  rests?: SharedRests | undefined
}

export class AccountPool {
  readonly homes = new Homes()
  readonly #parts: Parts
  #members = new Map<string, Named>()
  /** of each endpoint those that may serve, as long as the accounts stay the same */
  #places = new WeakMap<Endpoint, readonly Named[]>()
  /** the account without a name, and keys of variables, where a model has others that stand in */
  readonly #unnamed = new Map<string, Member>()
  readonly #turns = new Map<string, number>()

  constructor(parts: Parts, config: Config) {
    this.#parts = parts
    this.#members = this.#membersOf(config)
    if (parts.rests) parts.rests.onEnded = () => this.#endHere()
  }

  /** Takes over the accounts of a configuration. Those that are new have to be started. */
  use(config: Config): void {
    const before = this.#members
    this.#members = this.#membersOf(config)
    this.#places = new WeakMap()
    for (const member of before.values()) {
      if (this.#members.get(member.name) === member) continue
      void member.own.account.stop()
    }
  }

  /** Begins to renew the logins that some endpoint uses. */
  async start({ endpoints }: Config): Promise<void> {
    const used = new Set(endpoints.flatMap(({ accounts = [] }) => accounts))
    const due = [...this.#members.values()].filter(
      ({ name, isStarted, own }) => used.has(name) && !isStarted && own.entry.enabled,
    )
    for (const member of due) member.isStarted = true
    await Promise.all(due.map(({ own }) => own.account.start()))
  }

  /** Those of an endpoint that may serve, in the order of the configuration. */
  at(endpoint: Endpoint): readonly Required<Member>[] {
    let members = this.#places.get(endpoint)
    if (!members) {
      members = (endpoint.accounts ?? []).flatMap((name) => {
        const member = this.#members.get(name)
        return member?.own.entry.enabled ? member : []
      })
      this.#places.set(endpoint, members)
    }
    return members
  }

  /** The state of a credential that has no entry of its own. */
  unnamed(name: string): Member {
    let member = this.#unnamed.get(name)
    if (!member) {
      member = { name, bench: this.#bench(name) }
      this.#unnamed.set(name, member)
    }
    return member
  }

  /** Counts the requests to an endpoint whose accounts take turns; one that `isDry` does not count. */
  turn(endpoint: string, isDry = false): number {
    const turn = this.#turns.get(endpoint) ?? 0
    if (!isDry) this.#turns.set(endpoint, turn + 1)
    return turn
  }

  /** Learns how other replicas found those of a place that have a name. A promise only where they have to be asked. */
  learn(members: readonly Member[], model: string): Promise<void> | undefined {
    const { rests } = this.#parts
    if (!rests) return undefined
    const named = members.flatMap(({ name }) => this.#members.get(name) ?? [])
    return rests.learn(named, model)
  }

  /** Ends all rests, here and at other replicas: an operator knows of a limit or a balance what no upstream has said. */
  async endRests(): Promise<void> {
    for (const { own } of this.#members.values()) own.account.tryAgain()
    this.#endHere()
    await this.#parts.rests?.end()
  }

  #endHere(): void {
    for (const { bench } of [...this.#members.values(), ...this.#unnamed.values()]) bench.end()
  }

  /** What the operator should know, for `/health`. */
  get warnings(): string[] {
    return this.#parts.rests?.warnings ?? []
  }

  get all(): readonly Required<Member>[] {
    return [...this.#members.values()]
  }

  status(): MemberStatus[] {
    return this.all.map(statusOf)
  }

  /** Why no account of an endpoint serves; undefined where one does. `now`: one that only rests serves none, either. */
  whyNone(endpoint: Endpoint, now: boolean): string | undefined {
    const states = this.at(endpoint).map((member) => statusOf(member).state)
    if (states.includes('ok') || (!now && states.includes('cooling'))) return undefined
    if (states.includes('cooling')) return 'all accounts are cooling down'
    return states.length > 0 ? 'each account needs a login' : 'no account is enabled'
  }

  secrets(): string[] {
    const all: string[] = []
    for (const { own } of this.#members.values()) all.push(...own.account.secrets())
    return all
  }

  notes(withNames: boolean): string[] {
    return this.all.flatMap(({ name, own }) =>
      own.account.notes().map((note) => (withNames ? `account ${name}: ${note}` : note)),
    )
  }

  leave(): void {
    for (const { own } of this.#members.values()) own.account.leave()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ own }) => own.account.stop()))
  }

  #membersOf({ accounts }: Config): Map<string, Named> {
    return new Map(
      accounts.map((entry) => {
        const before = this.#members.get(entry.name)
        const isSame = before && isDeepStrictEqual(before.own.entry, entry)
        return [entry.name, isSame ? before : this.#opened(entry)]
      }),
    )
  }

  #opened(entry: AccountEntry): Named {
    const { name } = entry
    const own = { entry, account: this.#parts.open(entry) }
    const id = sharedId(entry)
    const bench: Bench = this.#bench(name, (model) =>
      this.#parts.rests?.report({ id, bench }, model),
    )
    return { name, id, own, isStarted: false, bench }
  }

  #bench(name: string, share?: (model: string) => void): Bench {
    return new Bench((text) => {
      this.#parts.log.warn({ account: name }, ['account', name, text].join(' '))
    }, share)
  }
}

/** The same on each replica. */
function sharedId({ name, login, file, key }: AccountEntry): string {
  const whole = JSON.stringify([name, login, file, key])
  return createHash('sha256').update(whole).digest('base64url')
}

export function statusOf({ own: { entry, account }, bench }: Required<Member>): MemberStatus {
  const { login, file, enabled } = entry
  const kind = login !== undefined ? 'login' : file !== undefined ? 'file' : 'key'
  if (!enabled) return { kind, state: 'disabled' }
  const { state, can_serve: canServe, expires_at, last_refresh, last_error } = account.status()
  bench.lookAgain(() => last_refresh)
  const isDead = state === 'degraded' && !canServe
  return {
    kind,
    ...restOf(bench),
    ...(isDead && { state: 'needs_login' }),
    ...(kind !== 'key' && { expires_at, last_refresh, last_error }),
  }
}

/** Whether an account rests, and whether its refusals may be its own fault. */
export function restOf(bench: Bench): BenchStatus & Pick<MemberStatus, 'suspect'> {
  return { ...bench.status(), ...(bench.isSuspect && { suspect: true }) }
}
