/** Whether a request may begin, and what it came to: the limits of its client, and that of the process. */
import type { ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { countsTokens, type Admission } from '../limits/limits.ts'
import { OverLimit } from '../limits/standing.ts'

/**
 * Throws or fails with ProxyError 429 where the caller is at a limit, 503 where the process is. A promise only where replicas are
 * asked. What was let in ends with the answer.
 */
export function admit(call: Call): Promise<void> | undefined {
  const { app, caller, client, config, isCounted } = call
  const counted = isCounted ? caller : undefined
  try {
    const asking = { caller: counted, client, maxParallel: config.max_parallel }
    const admission = app.limits.admit(asking)
    if (admission instanceof Promise) return admitLater(admission, call)
    call.admission = admission
    return undefined
  } catch (error) {
    throw refusal(error, call)
  }
}

async function admitLater(asked: Promise<Admission>, call: Call): Promise<void> {
  const admission = await asked.catch((error: unknown) => {
    throw refusal(error, call)
  })
  if (!call.signal.cancelled) {
    call.admission = admission
    return
  }
  // it left while the other replicas were asked
  admission.end()
  throw call.signal.reason
}

/** Books what an answer came to for its client. Warns the operator where that has a limit of tokens and the upstream reports none. */
export function book(call: Call, res: ServerResponse): void {
  const { admission, app, caller, client, path, record } = call
  admission?.book(record)
  const { inputTokens, outputTokens, upstream, model, error } = record
  if (!countsTokens(caller) || path !== client.route || !upstream || !model) return
  const hasTokens = inputTokens !== undefined || outputTokens !== undefined
  const isWhole = res.writableEnded && res.statusCode < 300 && error === undefined
  if ((hasTokens || isWhole) && app.limits.noteTokens(upstream, model, hasTokens)) {
    const about = { client: caller?.name, endpoint: upstream, model }
    app.log.warn(about, 'an upstream tells no tokens, so a limit of tokens does not hold')
  }
}

/** The error of a request that is refused at the door. */
function refusal(error: unknown, call: Call): unknown {
  const { app, caller, isCounted } = call
  call.isCounted = false
  if (error instanceof OverLimit) app.metrics?.refused(caller?.name, error.limit)
  if (isCounted && caller && app.limits.shouldWarn(caller)) {
    const { message: reason } = error as Error
    app.log.warn({ client: caller.name, reason }, 'requests are refused')
  }
  return error
}
