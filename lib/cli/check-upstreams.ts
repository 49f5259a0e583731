/** What `droid2api check --online` finds of the upstreams: whether each answers at all. */
import { once } from 'node:events'
import type { Agent, IncomingMessage } from 'node:http'
import type { App } from '../app.ts'
import { endpointOf } from '../config/models.ts'
import { requestFor } from '../upstream/agents.ts'
import { unreachableReason } from '../upstream/unreachable-reason.ts'
import type { Finding } from './check.ts'

/** A finding for every server that a model's endpoint is on. */
export async function upstreamFindings(app: App): Promise<Finding[]> {
  const servers = new Map<string, URL>()
  for (const model of app.config.models) {
    const url = new URL(endpointOf(app.config, model).base_url)
    servers.set(url.origin, url)
  }
  return await Promise.all([...servers.values()].map((url) => reachFinding(app, url)))
}

/** Any HTTP answer will do: without a body and a credential no endpoint says yes. */
async function reachFinding({ agents, config }: App, url: URL): Promise<Finding> {
  const seconds = config.timeouts.connect_s
  const signal = AbortSignal.timeout(seconds * 1000)
  try {
    const status = await headStatus(url, agents.fresh(url), signal)
    return { level: 'ok', what: `upstream: ${url.origin} answers (HTTP ${status} to HEAD)` }
  } catch (error) {
    const reason = signal.aborted
      ? { why: `no answer within ${seconds} s`, remedy: undefined }
      : unreachableReason(error as NodeJS.ErrnoException)
    const { why, remedy = 'Check the network and base_url.' } = reason
    return { level: 'error', what: `upstream: ${url.origin} cannot be reached: ${why}. ${remedy}` }
  }
}

async function headStatus(url: URL, agent: Agent, signal: AbortSignal): Promise<number> {
  const sent = requestFor(url)(url, { method: 'HEAD', agent, signal }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode ?? 0
}
