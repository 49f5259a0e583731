/**
 * Rests that replicas share in Redis or Valkey, each under a key that ends with it: where one replica meets a spent limit, the
 * others do not ask for it again. Who looks gives back what it knows itself, so a server that lost its memory gets it back, too.
 * While it cannot be reached each replica rests accounts for itself. A refused login is not shared: it ends when it is renewed
 * here.
 */
import { objectFrom } from '../../pipelines/json/value.ts'
import type { Logger } from '../log/log.ts'
import type { Bench, SharedRest } from './bench.ts'
import { SharingProblem, type SharedServer } from './shared-server.ts'

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

/** KEYS: a rest each. ARGV for each: ms left as known here (0: none), and its text. Out for each: ms left there, and its text. */
const script = `
local out = {}
for i, key in ipairs(KEYS) do
  local left, known = redis.call('PTTL', key), tonumber(ARGV[2 * i - 1])
  if known > left + ${slackMs} then
    redis.call('SET', key, ARGV[2 * i], 'PX', known)
    left = 0
  end
  out[2 * i - 1] = left
  out[2 * i] = left > 0 and redis.call('GET', key) or ''
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

  /** Tells the others of a rest that has begun. */
  tell(account: SharedAccount, model: string): void {
    if (!this.#server.isPaused) void this.#exchange([{ account, model }])
  }

  async #exchange(spots: readonly Spot[]): Promise<void> {
    const keys = spots.map(({ account, model }) => `droid2api:{rests}:${account.id}:${model}`)
    const args = spots.flatMap(({ account, model }) => {
      const rest = account.bench.shared(model)
      return rest ? [String(Math.ceil(rest.ms)), writtenOf(rest)] : ['0', '']
    })
    try {
      const asked = this.#server.run(['EVAL', script, String(keys.length), ...keys, ...args])
      const reply = (await this.#server.soon(asked)) as unknown[]
      this.#problem.ended()
      for (const [index, { account, model }] of spots.entries()) {
        const ms = Number(reply[2 * index])
        const rest = ms > 0 ? restFrom(String(reply[2 * index + 1]), ms) : undefined
        if (rest) account.bench.adopt(rest, model, slackMs)
      }
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
