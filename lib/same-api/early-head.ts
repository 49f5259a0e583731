/**
 * Streams whose upstream says nothing at all, not even its head: a model that is loaded first, or that reads a long prompt. Front
 * proxies cut a connection on which nothing comes for a minute or two, so behind one the stream begins here, with comments. What
 * the upstream says later is then told in events: an error, too, whose status has come too late.
 */
import type { ServerResponse } from 'node:http'
import type { App, Call } from '../app.ts'
import { cameByProxy } from '../guard.ts'
import { earlyHeads, type EarlyHead } from '../http/answer.ts'
import { keepAlive } from '../../pipelines/clients/keep-alive.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { isObject, objectFrom } from '../../pipelines/json/value.ts'
import { readBeginning } from '../translated/read-answer.ts'
import type { UpstreamAnswer } from '../upstream/attempt.ts'

/** So many times `keep_alive_s`: as a rule refusals are there by then, and no front proxy has lost its patience yet. */
const patience = 3

/** Looks at what is under way; to be called every few seconds. */
export function keepSlowAlive({ calls }: App, now = performance.now()): void {
  for (const call of calls) {
    if (!call.awaited) continue
    const { res, sinceMs } = call.awaited
    const everyMs = call.config.keep_alive_s * 1000
    if (res.writableEnded) continue
    const early = earlyHeads.get(res)
    if (early) {
      if (early.isTaken || now - early.lastMs < everyMs) continue
      res.write(keepAlive)
      early.lastMs = now
    } else if (
      !res.headersSent &&
      now - sinceMs >= patience * everyMs &&
      cameByProxy(call.headers)
    ) {
      begin(res, now)
    }
  }
}

/** A head that has gone cannot be changed; whoever sets one later has the upstream's answer. */
function begin(res: ServerResponse, now: number): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  res.write(keepAlive)
  const early: EarlyHead = { isTaken: false, lastMs: now }
  earlyHeads.set(res, early)
  res.setHeader = (name) => {
    if (name.toLowerCase() === 'content-type') early.isTaken = true
    return res
  }
  res.writeHead = () => {
    early.isTaken = true
    return res
  }
}

const reasonLimits = { bytes: 65_536, ms: 2000 }

/** Throws what the upstream's answer says in place of a stream: ProxyError. */
export async function notAStream(answer: UpstreamAnswer, call: Call): Promise<never> {
  const { status } = answer
  const text = await readBeginning(answer, call, reasonLimits)
  const { error, message } = objectFrom(text) ?? {}
  const inner = isObject(error) ? error : {}
  const said = [inner.message, message, error, text].find((one) => typeof one === 'string' && one)
  const { type, code } = inner
  throw new ProxyError(
    status < 400 ? 502 : status,
    typeof code === 'string' ? code : null,
    typeof said === 'string' ? said : `The upstream answered HTTP ${status}.`,
    { isUpstreams: true, ...(typeof type === 'string' && { type }) },
  )
}
