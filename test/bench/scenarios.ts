/** The rows of the table: what is done, to whom, and what is counted. */
import { agentMessages } from './agent-body.ts'
import { run, runAtRate, type Ask } from './load.ts'
import {
  cpuAtRate,
  cpuPerEvent,
  cpuPerRequest,
  held,
  inTurn,
  paced,
  type Round,
} from './measures.ts'
import { rssMb, startBare, startOurs, startUpstream, type Target } from './processes.ts'
import { median } from './figures.ts'

export interface Row {
  work: string
  /** what the figures are in */
  unit: string
  goal: string
  /** one round: a figure for the bare proxy (or what else is 1), and one for ours */
  round(): Promise<Round>
  rounds: number
  /** rounds before them that do not count: code that runs often is compiled in the first seconds, by other threads */
  warmUps?: number
}

export interface Targets {
  upstream: Target
  bare: Target
  ours: Target
  /** ours for large bodies alone, whose cost depends on how the memory of the process lies by now */
  prompted: Target
}

/** `older`: the program of another build of ours, which then takes the place of the bare proxy. */
export async function startTargets(older: string | undefined): Promise<Targets> {
  const upstream = await startUpstream()
  const bare = await startBase(older)(upstream.url)
  const ours = await startOurs(upstream.url)
  const prompted = await startOurs(upstream.url)
  return { upstream, bare, ours, prompted }
}

function startBase(older: string | undefined): (upstream: string) => Promise<Target> {
  return older ? (upstream) => startOurs(upstream, {}, undefined, older) : startBare
}

const model = 'claude-sonnet-4-5'

function streamed(body: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), stream: true }))
}

const small = Buffer.from(
  JSON.stringify({
    model,
    max_tokens: 1000,
    system: 'Be kind.',
    messages: [{ role: 'user', content: 'word '.repeat(200) }],
  }),
)
const json: Ask = { path: '/v1/messages', body: small, events: 0 }
const chatJson: Ask = { path: '/v1/chat/completions', body: small, events: 0 }
const chatStream: Ask = { ...chatJson, body: streamed(small) }
const burstEvents = 4000
const burst: Ask = {
  path: '/v1/messages',
  query: `events=${burstEvents}&burst=64`,
  body: streamed(small),
  events: burstEvents,
}
const chatBurst: Ask = { ...burst, path: '/v1/chat/completions' }

export function rowsOf({ upstream, bare, ours, prompted }: Targets, older?: string): Row[] {
  const baseChat = older ? chatJson : json
  const baseChatBurst = older ? chatBurst : burst
  const baseChatPath = older ? '/v1/chat/completions' : '/v1/messages'
  const base = startBase(older)
  /** of the paced streams, whose rounds give both figures */
  const delays: Round[] = []
  return [
    {
      work: 'JSON passed through, each at full speed, CPU a request',
      unit: 'µs',
      goal: '<= 1.35',
      rounds: 5,
      warmUps: 2,
      round: () => inTurn(cpuPerRequest(bare, json), cpuPerRequest(ours, json)),
    },
    {
      work: 'JSON translated, each at full speed, CPU a request',
      unit: 'µs',
      goal: '<= 1.6',
      rounds: 5,
      warmUps: 2,
      round: () => inTurn(cpuPerRequest(bare, baseChat), cpuPerRequest(ours, chatJson)),
    },
    {
      work: 'JSON passed through, both at 1 000 requests/s',
      unit: 'µs',
      goal: '<= 1.35',
      rounds: 5,
      round: () => inTurn(cpuAtRate(bare, json), cpuAtRate(ours, json)),
    },
    {
      work: 'JSON translated, both at 1 000 requests/s',
      unit: 'µs',
      goal: '<= 1.6',
      rounds: 5,
      round: () => inTurn(cpuAtRate(bare, baseChat), cpuAtRate(ours, chatJson)),
    },
    {
      work: 'latency at 100 requests/s, p50',
      unit: 'ms',
      goal: '<= 1.3',
      rounds: 3,
      round: () =>
        inTurn(
          () => latency(bare),
          () => latency(ours),
        ),
    },
    {
      work: 'stream passed through in bursts, CPU an event',
      unit: 'µs',
      goal: '<= 0.65',
      rounds: 5,
      warmUps: 3,
      round: () => inTurn(cpuPerEvent(bare, burst), cpuPerEvent(ours, burst)),
    },
    {
      work: 'stream translated in bursts, CPU an event',
      unit: 'µs',
      goal: '<= 1.9',
      rounds: 5,
      warmUps: 2,
      round: () => inTurn(cpuPerEvent(bare, baseChatBurst), cpuPerEvent(ours, chatBurst)),
    },
    {
      work: 'stream translated, 100 x 50 events/s, CPU an event',
      unit: 'µs',
      goal: '<= 1.3',
      rounds: 2,
      round: async () => {
        const { cpu, delay } = await pacedInTurn(bare, ours, baseChatPath)
        delays.push(delay)
        return cpu
      },
    },
    {
      work: 'the same, delay p50',
      unit: 'ms',
      goal: '<= 1.5',
      rounds: 2,
      round: async () => delays.shift() ?? (await pacedInTurn(bare, ours, baseChatPath)).delay,
    },
    ...[30, 200, 5000].map((kilobytes): Row => {
      const ask = { ...json, body: agentMessages(model, kilobytes * 1000, false) }
      return {
        work: `request of a coding agent, ${kilobytes} KB, with a system prompt in front, CPU`,
        unit: 'µs',
        goal: kilobytes < 1000 ? '<= 1.4' : '<= 1.8',
        rounds: 5,
        warmUps: 1,
        round: () => inTurn(cpuPerRequest(bare, ask, 4), cpuPerRequest(prompted, ask, 4)),
      }
    }),
    {
      work: 'memory idle',
      unit: 'MB',
      goal: '<= 55 MB',
      rounds: 3,
      round: () =>
        inTurn(
          () => idle(base, upstream),
          () => idle(startOurs, upstream),
        ),
    },
    {
      work: 'memory with 1 000 translated streams',
      unit: 'MB',
      goal: '<= 125 MB',
      rounds: 1,
      round: () =>
        inTurn(
          async () => held(await base(upstream.url), { ...chatStream, path: baseChatPath }),
          async () => held(await startOurs(upstream.url), chatStream),
        ),
    },
    {
      work: 'start to first answer',
      unit: 'ms',
      goal: '<= 1.7',
      rounds: 7,
      round: () =>
        inTurn(
          () => start(base, upstream),
          () => start(startOurs, upstream),
        ),
    },
  ]
}

async function latency(target: Target): Promise<number> {
  return median(await runAtRate(target, { ask: json, perSecond: 100, forMs: 2500 }))
}

async function pacedInTurn(
  bare: Target,
  ours: Target,
  basePath: Ask['path'],
): Promise<{ cpu: Round; delay: Round }> {
  const base = await paced(bare, { ...chatStream, path: basePath })
  const retold = await paced(ours, chatStream)
  return {
    cpu: { base: base.cpu, ours: retold.cpu },
    delay: { base: base.delay, ours: retold.delay },
  }
}

type StartTarget = (upstream: string) => Promise<Target>

async function idle(startTarget: StartTarget, upstream: Target): Promise<number> {
  const target = await startTarget(upstream.url)
  await run(target, { ask: json, concurrency: 1, forMs: 1000, requests: 1 })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const rss = rssMb(target)
  await target.stop()
  return rss
}

async function start(startTarget: StartTarget, upstream: Target): Promise<number> {
  const began = performance.now()
  const target = await startTarget(upstream.url)
  await run(target, { ask: json, concurrency: 1, forMs: 1000, requests: 1 })
  const took = performance.now() - began
  await target.stop()
  return took
}
