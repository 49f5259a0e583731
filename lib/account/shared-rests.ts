/**
 * Rests that replicas share in Redis or Valkey, each under a key that ends with it: where one replica meets a spent limit, the
 * others do not ask for it again. Who looks gives back what it knows itself, so a server that lost its memory gets it back, too.
 * While it cannot be reached each replica rests accounts for itself. A refused login is not shared: it ends when it is renewed
 * here.
 */
import { objectFrom } from '../../pipelines/json/value.ts'
import type { Logger } from '../log/log.ts'
import type { Bench, SharedRest } from './bench.ts'
import { SharingProblem, type SharedServer } from '../store/shared-server.ts'

/** An account as all replicas know it. */
export interface SharedAccount {
  /** of name and credential: an account whose credential changes starts fresh */
  id: string
  bench: Bench
}

/** Requests within it go by the same look. */
const freshMs = 1_000
/** What differs by less is the same rest. */
const slackMs = 1_000
const mostLooks = 1_000

/** How often an operator has ended all rests: their keys have the number, so that older ones are not looked at any more. */
const endings = 'droid2api:{rests}:endings'

/**
 * KEYS: the endings, and a rest each. ARGV: the endings as known here, and for each rest ms left as known here (0: none), and its
 * text. Out: the endings there, and, where these are no more than known, for each rest ms left there, and its text.
 */
const script = `
local ended, known = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])
if ended > known then return { ended } end
if ended < known then redis.call('SET', KEYS[1], known) end
local out = { known }
for i = 2, #KEYS do
  local left, here = redis.call('PTTL', KEYS[i]), tonumber(ARGV[2 * i - 2])
  if here > left + ${slackMs} then
    redis.call('SET', KEYS[i], ARGV[2 * i - 1], 'PX', here)
    left = 0
  end
  out[2 * i - 2] = left
  out[2 * i - 1] = left > 0 and redis.call('GET', KEYS[i]) or ''
end
return out`

interface Spot {
  account: SharedAccount
  /** a model that rests alone; else empty */
  model: string
}

export class SharedRests {
  readonly #server: SharedServer
  readonly #problem: SharingProblem
  /** by what was looked for: when it was, in ms, monotonic, and what comes of it */
  readonly #looks = new Map<string, { atMs: number; done: Promise<void> }>()
  #endings = 0
  /** called where an operator has ended the rests at another replica */
  onEnded: () => void = () => undefined

  constructor(server: SharedServer, log: Pick<Logger, 'warn' | 'info'>) {
    this.#server = server
    this.#problem = new SharingProblem(log, {
      begin: 'rests of accounts are not shared',
      end: 'rests of accounts are shared again',
    })
  }

  /** What the operator should know, for `/health`. */
  get warnings(): string[] {
    return this.#problem.warnings
  }

  /** Learns of rests that other replicas know. A promise only where nobody has looked for a while; it never fails. */
  learn(accounts: readonly SharedAccount[], model: string): Promise<void> | undefined {
    if (accounts.length === 0 || this.#server.isPaused) return undefined
    const name = JSON.stringify([model, ...accounts.map(({ id }) => id)])
    const nowMs = performance.now()
    const last = this.#looks.get(name)
    if (last && nowMs - last.atMs < freshMs) return last.done
    const spots = accounts.flatMap((account) => [
      { account, model: '' },
      { account, model },
    ])
    // a reload makes new names
    if (this.#looks.size > mostLooks) this.#looks.clear()
    const done = this.#exchange(spots)
    this.#looks.set(name, { atMs: nowMs, done })
    return done
  }

  /** Reports a rest that has begun to the other replicas. */
  report(account: SharedAccount, model: string): void {
    if (!this.#server.isPaused) void this.#exchange([{ account, model }])
  }

  /** Ends all rests at the other replicas, too. */
  async end(): Promise<void> {
    await this.#guarded(async () => {
      const asked = this.#server.run(['INCR', endings])
      this.#begin(Number(await this.#server.soon(asked)))
    })
  }

  async #exchange(spots: readonly Spot[]): Promise<void> {
    await this.#guarded(async () => {
      let reply = await this.#ask(spots)
      if (Number(reply[0]) > this.#endings) {
        this.#begin(Number(reply[0]))
        this.onEnded()
        reply = await this.#ask(spots)
      }
      for (const [index, { account, model }] of spots.entries()) {
        const ms = Number(reply[2 * index + 1] ?? 0)
        const rest = ms > 0 ? restFrom(String(reply[2 * index + 2]), ms) : undefined
        if (rest) account.bench.adopt(rest, model, slackMs)
      }
    })
  }

  async #ask(spots: readonly Spot[]): Promise<unknown[]> {
    const place = `droid2api:{rests}:${this.#endings}`
    const keys = [endings, ...spots.map(({ account, model }) => `${place}:${account.id}:${model}`)]
    const args = spots.flatMap(({ account, model }) => {
      const rest = account.bench.shared(model)
      return rest ? [String(Math.ceil(rest.ms)), writtenOf(rest)] : ['0', '']
    })
    const words = ['EVAL', script, String(keys.length), ...keys, String(this.#endings), ...args]
    return (await this.#server.soon(this.#server.run(words))) as unknown[]
  }

  #begin(ended: number): void {
    this.#endings = ended
    this.#looks.clear()
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#problem.ended()
    } catch (error) {
      this.#problem.began(error as Error)
    }
  }
}

function writtenOf({ kind, why, inRow }: SharedRest): string {
  return JSON.stringify({ kind, why, inRow })
}

/** Undefined for what another version may have written. */
function restFrom(text: string, ms: number): SharedRest | undefined {
  const { kind, why, inRow } = objectFrom(text) ?? {}
  if (kind !== 'told' && kind !== 'untold' && kind !== 'unpaid') return undefined
  if (typeof why !== 'string' || typeof inRow !== 'number') return undefined
  return { kind, why, inRow, ms }
}
