/**
 * Ten minutes (SOAK_SECONDS) of all that can happen at once, against the compiled program: every request must have one
 * truthful end, none may reach the upstream twice, and nothing may be left over. SOAK_SEED repeats a run. Linux only.
 */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openDescriptors, rssMb, startOurs, watchRss, type Target } from '../bench/processes.ts'
import { oneUpstream } from '../helpers/proxy.ts'
import { randomNumbers } from '../helpers/random.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startFaultyUpstream, upstreamFaults, type FaultyUpstream } from './faulty-upstream.ts'
import { ask, clientFaults, type Outcome, type SoakAsk } from './soak-client.ts'

const seconds = Number(process.env.SOAK_SECONDS ?? 600)
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
const workers = 40

const roads = [
  ['/v1/messages', 'claude-sonnet-4-5'],
  ['/v1/responses', 'gpt-5.1'],
  ['/v1/chat/completions', 'claude-sonnet-4-5'],
  ['/v1/chat/completions', 'gpt-5.1'],
  ['/v1/chat/completions', 'glm-4.6'],
] as const

test(`${seconds} s of mixed traffic with faults on both sides`, async (t) => {
  const tokens = await startTokenServer(t)
  const upstream = await startFaultyUpstream(() => tokens.accessToken)
  t.after(() => upstream.close())
  const config = oneUpstream(upstream.url, {
    timeouts: { idle_s: 1, first_byte_s: 10 },
    auth: { token_url: tokens.url },
  })
  const target = await startOurs(upstream.url, {
    config,
    login: { DROID_REFRESH_KEY: tokens.refreshToken },
  })
  t.after(() => target.stop())
  const agent = new http.Agent({ keepAlive: true, maxSockets: workers })
  const next = asks()

  // V8 takes its time to find out how much heap this load needs
  await traffic(target, agent, next, Math.min(60, seconds / 3))
  const start = await atRest(target, upstream)
  const peakOf = watchRss(target)
  const drop = setInterval(() => upstream.dropIdle(), 700)
  const revoke = setInterval(() => tokens.revokeAccess(), 5000)
  const results = await traffic(target, agent, next, seconds)
  for (const timer of [drop, revoke]) clearInterval(timer)
  const peak = peakOf()
  agent.destroy()
  const end = await atRest(target, upstream)

  const wrong = results.filter(([asked, outcome]) => !isRight(asked, outcome))
  const doubled = results.filter(([asked]) => (upstream.counts.get(asked.id) ?? 0) > allowed(asked))
  t.diagnostic(
    `seed ${seed}: ${results.length} requests, ${wrong.length} wrong ends, ${doubled.length} doubled`,
  )
  t.diagnostic(`renewals ${tokens.refreshes}, spent tokens shown ${tokens.reused.length}`)
  t.diagnostic(`upstream faults ${counted(results, ([asked]) => asked.upstreamFault)}`)
  t.diagnostic(`client faults ${counted(results, ([asked]) => asked.clientFault)}`)
  t.diagnostic(`ends ${counted(results, ([, outcome]) => outcome)}`)
  t.diagnostic(`RSS ${start.rss.toFixed(0)} MB, peak ${peak.toFixed(0)}, end ${end.rss.toFixed(0)}`)
  t.diagnostic(`descriptors ${start.descriptors}, end ${end.descriptors}`)

  for (const [asked, outcome] of [...wrong, ...doubled].slice(0, 5)) {
    t.diagnostic(`${outcome}: ${JSON.stringify(asked)}`)
  }
  assert.deepEqual(wrong.slice(0, 5), [])
  assert.deepEqual(doubled.slice(0, 5), [])
  assert.deepEqual(tokens.reused, [])
  assert.ok(end.descriptors <= start.descriptors + 8)
  assert.ok(end.rss <= start.rss + 40)
})

/** Requests without end, the same for the same seed. */
function asks(): () => SoakAsk {
  const random = randomNumbers(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let id = 0
  return () => {
    id += 1
    const [path, model] = pick(roads)
    return {
      id,
      path,
      model,
      stream: random() < 0.6,
      upstreamFault: random() < 0.6 ? 'none' : pick(upstreamFaults),
      clientFault: random() < 0.8 ? 'none' : pick(clientFaults),
      size: random() < 0.02 ? 2_000_000 : Math.floor(random() * 5000),
    }
  }
}

type Result = [asked: SoakAsk, outcome: Outcome]

async function traffic(target: Target, agent: http.Agent, next: () => SoakAsk, forSeconds: number) {
  const results: Result[] = []
  const until = performance.now() + forSeconds * 1000
  const work = async () => {
    while (performance.now() < until) {
      const asked = next()
      results.push([asked, await ask(target.url, agent, asked)])
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return results
}

/** Waits until nothing is under way, then for five seconds more. */
async function atRest(target: Target, upstream: FaultyUpstream) {
  for (let busy = true; busy;) {
    const health = (await (await fetch(`${target.url}/health`)).json()) as { in_flight: number }
    busy = health.in_flight > 1 || upstream.open > 0
    await wait(100)
  }
  upstream.dropIdle()
  await wait(5000)
  return { rss: rssMb(target), descriptors: openDescriptors(target) }
}

/** Whether a request ended as the faults that it met allow. */
function isRight({ clientFault, upstreamFault, path, stream }: SoakAsk, outcome: Outcome): boolean {
  // A page instead of an answer passes the transparent road as it is.
  const page = upstreamFault === 'html' && path !== '/v1/chat/completions'
  if (clientFault === 'leave-before' || clientFault === 'leave-mid') {
    return page || outcome !== 'wrong'
  }
  if (clientFault === 'broken-json') return outcome === 'refused'
  if (upstreamFault === 'none') return outcome === 'whole'
  if (page) return outcome === 'wrong'
  if (upstreamFault === 'error-event' && !stream) return outcome !== 'whole' && outcome !== 'wrong'
  return outcome === 'refused' || outcome === 'failed' || outcome === 'broken'
}

/**
 * On a kept connection a reset without any answer looks the same whether the upstream had closed it long before or has just
 * read the request: such a request is sent once more.
 */
function allowed({ upstreamFault }: SoakAsk): number {
  return upstreamFault === 'reset-before' ? 2 : 1
}

function counted(results: Result[], nameOf: (result: Result) => string): string {
  const counts = new Map<string, number>()
  for (const result of results) counts.set(nameOf(result), (counts.get(nameOf(result)) ?? 0) + 1)
  return Array.from(counts, ([name, count]) => `${name} ${count}`).join(', ')
}
