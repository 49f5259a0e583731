/**
 * The pair in Redis or Valkey, for replicas on several machines. Each saved pair has the next generation number, and a
 * script lets a pair replace only one of an earlier generation: whoever comes late, having been paused beyond its turn, gets
 * the newer pair instead. So any replica can give back what it knows to be newest to a server that lost its memory.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { objectFrom } from '../../pipelines/json/value.ts'
import type { Logger } from '../log/log.ts'
import { RedisConnection, type RedisServer } from '../store/redis-connection.ts'
import { StoreError, TurnError } from '../store/errors.ts'
import type { SaveTokens, Tokens, TokenStore } from './token-store.ts'

export interface RedisStoreParts {
  server: RedisServer
  /** SHA-256 of the refresh token that the account was set up with, in hex: what its replicas have in common */
  account: () => Promise<string>
  log: Logger
}

interface Generation {
  number: number
  pair: Tokens
}

/** A turn ends by itself this long after its owner's last command. */
const leaseMs = 5_000
const beatMs = 1_000
/** Between looks for the end of another's turn: at first soon, then seldom. */
const pollMs = 50
const maxPollMs = 250
/** The longest wait for another's turn: as long as the token server may be silent. */
const turnPatienceMs = 10_000
/** How often the newest pair is compared with the server's, and how soon again after a failure. */
const compareMs = 5_000
const retryMs = 1_000

/** KEYS: pair, turn. ARGV: generation and pair to save (0: none), owner of the turn (empty: none). Out: what then counts. */
const saveScript = `
local stored = redis.call('HMGET', KEYS[1], 'generation', 'pair')
local newest = tonumber(stored[1] or '0')
local given = tonumber(ARGV[1])
local in_turn = ARGV[3] ~= '' and redis.call('GET', KEYS[2]) == ARGV[3]
if given > newest or (given == newest and in_turn) then
  redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'pair', ARGV[2])
  stored = {ARGV[1], ARGV[2]}
end
if in_turn then redis.call('DEL', KEYS[2]) end
return stored`

const keepTurnScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`

const endTurnScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`

export class RedisStore implements TokenStore {
  readonly place: string
  readonly #parts: RedisStoreParts
  readonly #connection: RedisConnection
  #keys: { pair: string; turn: string } | undefined
  /** the newest that is known, saved or not */
  #newest: Generation | undefined
  /** the last one read: the next one saved comes after it */
  #readNumber = 0
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: RedisStoreParts) {
    this.#parts = parts
    this.#connection = new RedisConnection(parts.server)
    this.place = this.#connection.place
  }

  get problem(): string | undefined {
    return this.#problem
  }

  readonly notes = []

  /** Reads at the start of a turn, so that an unusable server is found before a token is spent. */
  probe(): Promise<string | undefined> {
    return Promise.resolve(undefined)
  }

  async read(): Promise<Tokens | undefined> {
    this.#compareLater()
    const newest = await this.#compare()
    this.#readNumber = newest?.number ?? 0
    return newest?.pair
  }

  async withTurn<T>(work: (save: SaveTokens) => Promise<T>, leaving: AbortSignal): Promise<T> {
    const owner = randomUUID()
    const { turn } = await this.#names()
    await this.#takeTurn(turn, owner, leaving)
    const beat = setInterval(() => this.#keepTurn(turn, owner), beatMs)
    let isOver = false
    try {
      return await work((pair) => {
        isOver = true
        return this.#save(pair, owner)
      })
    } finally {
      clearInterval(beat)
      if (!isOver) await this.#eval(endTurnScript, [turn], [owner]).catch(() => undefined)
    }
  }

  /** What could not be saved so far gets a last chance. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    if (this.#newest) await this.#compare().catch(() => undefined)
    this.#connection.close()
  }

  async #takeTurn(turn: string, owner: string, leaving: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(turnPatienceMs)
    const command = ['SET', turn, owner, 'NX', 'PX', String(leaseMs)]
    for (let pauseMs = pollMs; (await this.#run(command)) === null; pauseMs *= 1.2) {
      if (patience.aborted) {
        const seconds = turnPatienceMs / 1000
        throw new TurnError(`another replica has been renewing the login for ${seconds} s`)
      }
      const spread = Math.min(pauseMs, maxPollMs) * (1 + Math.random())
      await wait(spread, undefined, { signal: leaving }).catch(() => {
        throw new TurnError('the proxy is being stopped; it waited for another replica')
      })
    }
  }

  #keepTurn(turn: string, owner: string): void {
    this.#eval(keepTurnScript, [turn], [owner, String(leaseMs)]).catch(() => {
      // saving shows whether the turn was lost
    })
  }

  async #save(pair: Tokens, owner: string): Promise<Tokens> {
    const given = { number: this.#readNumber + 1, pair }
    try {
      const kept = (await this.#exchange(given, owner))!
      this.#readNumber = kept.number
      return kept.pair
    } catch (error) {
      this.#remember(given)
      throw error
    }
  }

  /** Writes our pair to the server if ours is newer, else takes over the server's. */
  #compare(): Promise<Generation | undefined> {
    return this.#exchange(this.#newest, '')
  }

  async #exchange(given: Generation | undefined, owner: string): Promise<Generation | undefined> {
    const { pair, turn } = await this.#names()
    const saved = [String(given?.number ?? 0), JSON.stringify(given?.pair ?? null), owner]
    const counts = generationOf(await this.#eval(saveScript, [pair, turn], saved), this.place)
    if (counts) this.#remember(counts)
    return counts
  }

  #remember(generation: Generation): void {
    if (generation.number >= (this.#newest?.number ?? 0)) this.#newest = generation
  }

  /** A server that lost its data must get the pair back before a replica restarts and presents a spent token. */
  #compareLater(): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    const delay = this.#problem ? retryMs : compareMs
    this.#timer = setTimeout(() => {
      this.#compare()
        .catch(() => undefined) // reported by #run
        .finally(() => this.#compareLater())
    }, delay)
    this.#timer.unref()
  }

  /** Several accounts can share one server; the braces keep both keys on one node of a cluster. */
  async #names(): Promise<{ pair: string; turn: string }> {
    if (!this.#keys) {
      const account = await this.#parts.account()
      const prefix = `droid2api:{${account.slice(0, 32)}}`
      this.#keys = { pair: `${prefix}:pair`, turn: `${prefix}:turn` }
    }
    return this.#keys
  }

  #eval(script: string, keys: string[], args: string[]): Promise<unknown> {
    return this.#run(['EVAL', script, String(keys.length), ...keys, ...args])
  }

  async #run(command: string[]): Promise<unknown> {
    const { log } = this.#parts
    try {
      const reply = await this.#connection.run(command)
      if (this.#problem) log.info({ store: this.place }, 'the token store can be used again')
      this.#problem = undefined
      return reply
    } catch (error) {
      const { message } = error as StoreError
      if (!this.#problem) log.error({ reason: message }, 'the token store cannot be used')
      this.#problem = message
      throw error
    }
  }
}

/** In: the reply of `saveScript`. Throws StoreError for a reply that no replica can have written. */
function generationOf(reply: unknown, place: string): Generation | undefined {
  const [number, text] = reply as [string | null, string | null]
  if (number === null) return undefined
  const { access, refresh, obtainedAt, expiresAt } = objectFrom(text ?? '') ?? {}
  if (typeof refresh !== 'string' || typeof obtainedAt !== 'number') {
    throw new StoreError(`the token store ${place} holds something else under this account's key`)
  }
  const pair = { access, refresh, obtainedAt, expiresAt } as Tokens
  return { number: Number(number), pair }
}
