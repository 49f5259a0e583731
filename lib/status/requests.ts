/** Requests to models as the operator sees them: those under way, and the last that are over. Nothing of what they say. */
import type { App, Call, RecentCall } from '../app.ts'
import { attemptsShown } from '../routing/explanation.ts'

export interface UnderWay {
  id: string
  client?: string | undefined
  model?: string | undefined
  endpoint?: string | undefined
  route: string
  age_ms: number
}

/** What is not known, or was not the case, is left out. */
export interface RequestShown {
  /** its `x-request-id` */
  id: string
  /** of the client's `traceparent` */
  trace_id?: string | undefined
  /** when it came, ISO */
  at: string
  route: string
  client?: string | undefined
  model?: string | undefined
  /** that was asked last */
  endpoint?: string | undefined
  account?: string | undefined
  /** the model that was asked for, where another one served */
  fallback_from?: string | undefined
  /** each send, such as `claude=429` or, with the account's name, `claude/work=429` */
  attempts: readonly string[]
  stream?: boolean | undefined
  status?: number | undefined
  /** the code of what went wrong, also in the middle of an answer */
  error?: string | undefined
  /** the client left before the end */
  aborted?: true | undefined
  not_found?: string | undefined
  first_byte_ms?: number | undefined
  duration_ms: number
  input?: number | undefined
  output?: number | undefined
  cache_read?: number | undefined
  cache_write?: number | undefined
  reasoning?: number | undefined
}

/** As many as anybody looks at. */
const mostShown = 100

/** The longest under way first. */
export function underWay({ calls }: App): UnderWay[] {
  const now = performance.now()
  return [...calls]
    .filter(({ asks }) => asks)
    .slice(0, mostShown)
    .map(({ id, record, startedMs }: Call) => ({
      id,
      client: record.client,
      model: record.model,
      endpoint: record.upstream,
      route: record.route,
      age_ms: Math.round(now - startedMs),
    }))
}

/** The newest first; at most so many as are kept, whoever wants more. */
export function recentRequests(
  { recent, config }: App,
  wanted = Number.POSITIVE_INFINITY,
): RequestShown[] {
  const most = Math.min(wanted, config.recent_requests)
  return most === 0 ? [] : recent.all.slice(-most).toReversed().map(requestShown)
}

function requestShown({ record, tried, endedAt }: RecentCall): RequestShown {
  const durationMs = record.durationMs ?? 0
  return {
    id: record.reqId,
    trace_id: record.traceId,
    at: new Date(endedAt - durationMs).toISOString(),
    route: record.route,
    client: record.client,
    model: record.model,
    endpoint: record.upstream,
    account: record.account,
    fallback_from: record.fallbackFrom,
    attempts: tried ? attemptsShown(tried, true) : onlyAttempt(record),
    stream: record.stream,
    status: record.status,
    error: record.error,
    aborted: record.aborted,
    not_found: record.notFound,
    first_byte_ms: record.ttfbMs,
    duration_ms: durationMs,
    input: record.inputTokens,
    output: record.outputTokens,
    cache_read: record.cachedTokens,
    cache_write: record.cacheWriteTokens,
    reasoning: record.reasoningTokens,
  }
}

/** Refusals of ours, before anything was sent. */
const unsent = new Set(['upstream_auth_unavailable', 'missing_credential'])
/** Outcomes that are not an upstream's answer. */
const unanswered: Record<string, string> = {
  upstream_unreachable: 'connect',
  upstream_timeout: 'timeout',
}

function onlyAttempt({ upstream, error = '', status }: RecentCall['record']): string[] {
  if (upstream === undefined || unsent.has(error)) return []
  return [`${upstream}=${unanswered[error] ?? status}`]
}
