/**
 * Counts that replicas share in Redis or Valkey: one script takes a request in, where limits leave room for it, and brings the
 * counts of all replicas back. Whatever is not known to have arrived there is sent with the next one; a late reply is heard, too.
 * A server that lost its memory gets back what is known here. While it cannot be reached each replica counts for itself: never
 * without limits, and nobody is turned away for it.
 */
import { SharingProblem, type SharedServer } from '../store/shared-server.ts'
import type { Caller } from '../config/types.ts'
import type { Logger } from '../log/log.ts'
import type { Open } from './standing.ts'
import type { Counts } from './window-counts.ts'

/** Clocks of replicas may differ a little. */
const keptMs = { minute: 180_000, day: 2 * 86_400_000 }

/**
 * KEYS: minute, day. ARGV: 1 to take a request in; ms to keep each key; then for requests and tokens of the minute, and of the
 * day: limit (0: none), what was known, what is new. Out: whether there was room, and the four counts.
 */
const script = `
local names = {'requests', 'tokens', 'requests', 'tokens'}
local counts, room = {}, 1
for i = 1, 4 do
  local stored = redis.call('HGET', KEYS[math.ceil(i / 2)], names[i]) or ARGV[3 * i + 2]
  local limit = tonumber(ARGV[3 * i + 1])
  counts[i] = tonumber(stored) + tonumber(ARGV[3 * i + 3])
  if limit > 0 and counts[i] >= limit then room = 0 end
end
local taken = tonumber(ARGV[1]) * room
counts[1] = counts[1] + taken
counts[3] = counts[3] + taken
for i = 1, 2 do
  redis.call('HSET', KEYS[i], 'requests', counts[2 * i - 1], 'tokens', counts[2 * i])
  redis.call('PEXPIRE', KEYS[i], ARGV[i + 1])
end
return {room, counts[1], counts[2], counts[3], counts[4]}`

/** What of the counts here is not in the counts there, as far as is known. */
interface Outstanding {
  waiting: Counts
  onItsWay: Counts
}

export class SharedCounts {
  readonly #server: SharedServer
  readonly #problem: SharingProblem
  readonly #outstanding = new WeakMap<Counts, Outstanding>()

  constructor(server: SharedServer, log: Pick<Logger, 'warn' | 'info'>) {
    this.#server = server
    this.#problem = new SharingProblem(log, {
      begin: 'limits of clients are not shared',
      end: 'limits of clients are shared again',
    })
  }

  /** Why each replica counts for itself; none while it does not. */
  get warnings(): string[] {
    return this.#problem.warnings
  }

  /** Adds to counts here what the server will learn next time. */
  add(counts: Counts, requests: number, tokens: number): void {
    plus(counts, requests, tokens)
    plus(this.#outstandingOf(counts).waiting, requests, tokens)
  }

  /** Takes a request in; false where a limit leaves no room, undefined where the server cannot tell. Counts are then those of all. */
  take(caller: Caller, open: Open): Promise<boolean | undefined> {
    return this.#exchange(caller, open, true)
  }

  /** Sends the server what is new here, and learns what is there. */
  async report(caller: Caller, open: Open): Promise<void> {
    await this.#exchange(caller, open, false)
  }

  async #exchange(caller: Caller, open: Open, takes: boolean): Promise<boolean | undefined> {
    if (this.#server.isPaused) return undefined
    const { minute, day, minuteCounts, dayCounts } = open
    const ofMinute = this.#send(minuteCounts)
    const ofDay = this.#send(dayCounts)
    const keys = [minute, day].map(({ id }) => `droid2api:limits:{${caller.name}}:${id}`)
    const args = [
      [Number(takes), keptMs.minute, keptMs.day],
      [caller.requests_per_minute ?? 0, ofMinute.known.requests, ofMinute.sent.requests],
      [caller.tokens_per_minute ?? 0, ofMinute.known.tokens, ofMinute.sent.tokens],
      [caller.requests_per_day ?? 0, ofDay.known.requests, ofDay.sent.requests],
      [caller.tokens_per_day ?? 0, ofDay.known.tokens, ofDay.sent.tokens],
    ].flat()
    const command = ['EVAL', script, '2', ...keys, ...args.map(String)]
    const settled = this.#server.run(command).then(
      (reply) => {
        const [room, requests, tokens, dayRequests, dayTokens] = (reply as unknown[]).map(Number)
        ofMinute.arrived(requests!, tokens!)
        ofDay.arrived(dayRequests!, dayTokens!)
        return room === 1
      },
      (error: unknown) => {
        ofMinute.lost()
        ofDay.lost()
        throw error
      },
    )
    try {
      const hasRoom = await this.#server.soon(settled)
      this.#problem.ended()
      return hasRoom
    } catch (error) {
      this.#problem.began(error as Error)
      if (takes) this.#undoTaking(open, settled)
      return undefined
    }
  }

  /** A request that waited no longer is counted here. Where the server has taken it in nevertheless, that is undone. */
  #undoTaking({ minuteCounts, dayCounts }: Open, settled: Promise<boolean>): void {
    const undo = (isTaken: boolean) => {
      if (!isTaken) return
      this.add(minuteCounts, -1, 0)
      this.add(dayCounts, -1, 0)
    }
    // a failed call admitted nothing, as far as is known
    settled.then(undo, () => undefined)
  }

  /** Takes what waits on its way: others may set out before it arrives. */
  #send(counts: Counts) {
    const { waiting, onItsWay } = this.#outstandingOf(counts)
    const known = {
      requests: counts.requests - waiting.requests - onItsWay.requests,
      tokens: counts.tokens - waiting.tokens - onItsWay.tokens,
    }
    const sent = { ...waiting }
    plus(onItsWay, sent.requests, sent.tokens)
    plus(waiting, -sent.requests, -sent.tokens)
    const back = () => plus(onItsWay, -sent.requests, -sent.tokens)
    return {
      known,
      sent,
      arrived(requests: number, tokens: number) {
        back()
        counts.requests = requests + waiting.requests + onItsWay.requests
        counts.tokens = tokens + waiting.tokens + onItsWay.tokens
      },
      lost() {
        back()
        plus(waiting, sent.requests, sent.tokens)
      },
    }
  }

  #outstandingOf(counts: Counts): Outstanding {
    let known = this.#outstanding.get(counts)
    if (!known) {
      known = { waiting: { requests: 0, tokens: 0 }, onItsWay: { requests: 0, tokens: 0 } }
      this.#outstanding.set(counts, known)
    }
    return known
  }
}

function plus(counts: Counts, requests: number, tokens: number): void {
  counts.requests += requests
  counts.tokens += tokens
}
