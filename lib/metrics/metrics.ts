/**
 * What Prometheus asks for, counted as requests end and as upstreams answer: some looks into maps a request. Each value of a label
 * comes from the configuration or from a list here, so that no client makes up series. Loaded only where `metrics` is on.
 */
import { STATUS_CODES } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Config } from '../config/types.ts'
import { limitNames } from '../limits/standing.ts'
import { costOf, type Ended } from '../usage/book.ts'
import { textOfNow, type Now } from './now.ts'
import { Bound, counter, Histogram, Series } from './series.ts'
import { counters, gauge, histograms, labelled, samplesOf, type Sample } from './text.ts'

/** The record of a request that is over. */
export interface Finished extends Ended {
  route: string
  fallbackFrom?: string | undefined
  stream?: boolean | undefined
  ttfbMs?: number | undefined
  durationMs?: number | undefined
}

/**
 * What became of one send. `left`: the client or this program gave it up. `broken`: it was sent, and then failed, or its answer broke
 * off.
 */
export const outcomes = ['ok', '4xx', '429', '5xx', 'connect', 'timeout', 'broken', 'left'] as const
export type Outcome = (typeof outcomes)[number]

/** Sets of label values, over all metrics. A hundred models and a dozen clients stay below. */
const mostSets = 2000

/** A timer wakes the process as often as that, also while nothing happens. */
const lagEveryMs = 100

const tokenTypes = ['input', 'output', 'cache_read', 'cache_write', 'reasoning'] as const

export class Metrics {
  readonly #bound = new Bound(mostSets)
  readonly #requests = this.#series(['route', 'model', 'endpoint', 'client', 'status'], counter)
  readonly #durations = this.#series(['route', 'model', 'stream'], () => new Histogram())
  readonly #firstBytes = this.#series(['route', 'model', 'stream'], () => new Histogram())
  readonly #tokens = this.#series(['model', 'endpoint', 'client'], noTokens, tokenTypes.length)
  readonly #costs = this.#series(['model', 'client'], counter)
  readonly #attempts = this.#series(['endpoint', 'outcome'], counter)
  readonly #fallbacks = this.#series(['from', 'to'], counter)
  readonly #refusals = this.#series(['client', 'limit'], counter)
  /** the endpoint whose answer has begun well, by the record of its request */
  readonly #begun = new WeakMap<object, string>()
  readonly #lag = monitorEventLoopDelay({ resolution: lagEveryMs })

  constructor() {
    this.#lag.enable()
  }

  stop(): void {
    this.#lag.disable()
  }

  /**
   * Begins at 0 what a configuration makes likely, since an increase from nothing to one is none to Prometheus; while there is much
   * room.
   */
  expect({ endpoints, models, clients }: Config): void {
    const ahead = [
      ...endpoints.flatMap(({ name }) =>
        outcomes.map((outcome) => [this.#attempts, name, outcome]),
      ),
      ...models.flatMap(({ id, fallback = [] }) => fallback.map((to) => [this.#fallbacks, id, to])),
      ...clients.flatMap((caller) =>
        limitNames.flatMap((limit) =>
          caller[limit] === undefined ? [] : [[this.#refusals, caller.name, limit]],
        ),
      ),
    ] as [Series<string, unknown>, string, string][]
    for (const [series, ...values] of ahead) if (this.#bound.free > 0.5) series.of(...values)
  }

  /** Counts a request that is over. `mayCost`: it is none that only counts tokens. */
  ended(record: Finished, config: Config, mayCost: boolean): void {
    const { client = 'none', upstream: endpoint = 'none', stream = false } = record
    const route = record.route === 'unknown' ? 'other' : record.route
    const known = config.prepared.models.get(record.model ?? '')
    const model = known?.id ?? (record.model === undefined ? 'none' : 'other')
    this.#requests.of(route, model, endpoint, client, statusOf(record)).count += 1
    const form = String(stream)
    this.#durations.of(route, model, form).add(record.durationMs ?? 0)
    if (record.ttfbMs !== undefined) this.#firstBytes.of(route, model, form).add(record.ttfbMs)
    if (record.fallbackFrom !== undefined) this.#fallbacks.of(record.fallbackFrom, model).count += 1
    this.#settle(record)
    if (!mayCost || (record.inputTokens ?? record.outputTokens) === undefined) return
    addTokens(this.#tokens.of(model, endpoint, client), record)
    if (known?.price) this.#costs.of(model, client).count += costOf(record, known.price)
  }

  /** Counts a send that was answered. A good answer is counted when it is over, as it may yet break off. */
  answered(record: object, endpoint: string, status: number): void {
    if (status < 400) this.#begun.set(record, endpoint)
    else this.attempted(endpoint, classOf(status))
  }

  /** The answer that began well holds an error. */
  begunWithError(record: object, status: number): void {
    const endpoint = this.#begun.get(record)
    this.#begun.delete(record)
    if (endpoint !== undefined) this.attempted(endpoint, classOf(status))
  }

  attempted(endpoint: string, outcome: Outcome): void {
    this.#attempts.of(endpoint, outcome).count += 1
  }

  /** Counts a request that is over a limit. */
  refused(client: string | undefined, limit: string): void {
    this.#refusals.of(client ?? 'none', limit).count += 1
  }

  /** What was counted, and how the process is now. */
  async text(now: Now): Promise<string> {
    return this.counted() + (await textOfNow(now))
  }

  /** All that was counted. */
  counted(): string {
    return [
      counters(described.requests, samplesOf(this.#requests)),
      histograms(described.durations, this.#durations),
      histograms(described.firstBytes, this.#firstBytes),
      counters(described.tokens, this.#tokenSamples()),
      counters(
        described.costs,
        samplesOf(this.#costs).map(([labels, microUsd]) => [labels, microUsd / 1e6]),
      ),
      counters(described.attempts, samplesOf(this.#attempts)),
      counters(described.fallbacks, samplesOf(this.#fallbacks)),
      counters(described.refusals, samplesOf(this.#refusals)),
      gauge(described.dropped, [[{}, this.#bound.dropped]]),
      gauge(described.lag, [[{}, this.#lagSeconds()]]),
    ].join('')
  }

  #series<Label extends string, T>(labels: readonly Label[], make: () => T, width = 1) {
    return new Series(labels, make, this.#bound, width)
  }

  #settle(record: Finished): void {
    const endpoint = this.#begun.get(record)
    if (endpoint === undefined) return
    this.#begun.delete(record)
    this.attempted(endpoint, outcomeOf(record))
  }

  #tokenSamples(): Sample[] {
    const { labels, all } = this.#tokens
    return all.flatMap(({ values, counted }) =>
      tokenTypes.map((type): Sample => [{ ...labelled(labels, values), type }, counted[type]]),
    )
  }

  /** Since the last look. The clock of the measure goes by its own step, which is no lag. */
  #lagSeconds(): number {
    const { count } = this.#lag
    const ms = count === 0 ? 0 : this.#lag.percentile(99) / 1e6 - lagEveryMs
    this.#lag.reset()
    return Math.max(0, ms) / 1000
  }
}

/** How an answer went that had begun well. */
function outcomeOf({ error, aborted }: Finished): Outcome {
  if (error === undefined) return aborted ? 'left' : 'ok'
  if (error === 'upstream_timeout') return 'timeout'
  return error === 'shutting_down' ? 'left' : 'broken'
}

function classOf(status: number): Outcome {
  if (status === 429) return '429'
  return status < 500 ? '4xx' : '5xx'
}

/** An upstream may answer with any number. */
function statusOf({ status = 0 }: Finished): string {
  return status === 499 || status === 529 || status in STATUS_CODES ? String(status) : 'other'
}

type Tokens = Record<(typeof tokenTypes)[number], number>

function noTokens(): Tokens {
  return { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 }
}

function addTokens(to: Tokens, record: Finished): void {
  to.input += record.inputTokens ?? 0
  to.output += record.outputTokens ?? 0
  to.cache_read += record.cachedTokens ?? 0
  to.cache_write += record.cacheWriteTokens ?? 0
  to.reasoning += record.reasoningTokens ?? 0
}

/** The name and the help text of each metric. */
const described = {
  requests: { name: 'droid2api_requests_total', help: 'Requests that are over.' },
  durations: {
    name: 'droid2api_request_duration_seconds',
    help: 'From the request to the end of its answer.',
  },
  firstBytes: {
    name: 'droid2api_first_byte_seconds',
    help: 'From the request to the first byte of the answer of a model.',
  },
  tokens: {
    name: 'droid2api_tokens_total',
    help: 'Tokens; input has what is read from caches and written to them, output has reasoning.',
  },
  costs: { name: 'droid2api_cost_usd_total', help: 'What models with a price came to.' },
  attempts: {
    name: 'droid2api_attempts_total',
    help: 'Sends to an upstream, and connections to one that did not come about.',
  },
  fallbacks: {
    name: 'droid2api_fallbacks_total',
    help: 'Requests that another model has answered than was asked for.',
  },
  refusals: {
    name: 'droid2api_client_refusals_total',
    help: 'Requests that were refused over a limit of a client, or over max_parallel or max_bodies_mb.',
  },
  dropped: {
    name: 'droid2api_series_dropped',
    help: `Counts that went to series with the labels other, since there were ${mostSets} already.`,
  },
  lag: {
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'How late timers were, since the last scrape.',
  },
} as const
