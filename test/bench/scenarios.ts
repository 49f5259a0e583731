/** The rows of the table: what is done, to whom, and what is counted. */
import { agentBody } from './agent-body.ts'
import type { Content } from './apis.ts'
import { median } from './figures.ts'
import { run, runAtRate, type Ask } from './load.ts'
import { byTurns, eventWindow, held, inTurn, paced, requestWindow, type Round } from './measures.ts'
import { rssMb, startBare, startOurs, type Target } from './processes.ts'
import type { Pair, Pairs, Row, RowOfPairs, RowOfStarts } from './rows.ts'

/** What is compared, and how it is started, on one Node. */
export interface Programs {
  base: StartTarget
  ours: StartTarget
  /** The base is another build of ours: it translates, too. */
  isOurs: boolean
}

export type StartTarget = (upstream: string) => Promise<Target>

/** `older`: the program of another build of ours, which then takes the place of the bare proxy. */
export function programsOn(node: string, older?: string): Programs {
  return {
    base: older
      ? (upstream) => startOurs(upstream, { node, program: older })
      : (upstream) => startBare(upstream, node),
    ours: (upstream) => startOurs(upstream, { node }),
    isOurs: older !== undefined,
  }
}

const model = 'claude-sonnet-4-5'
const burstEvents = 4000
/** pieces of text that come together */
const burst = 64

/** A first question of 1 KB. */
function ask(path: Ask['path'], stream = false): Ask {
  const api = path === chat ? 'chat' : 'messages'
  return { path, body: agentBody(api, model, 1000, stream), events: 0 }
}

const messages = '/v1/messages'
const chat = '/v1/chat/completions'

/** The answer to it comes as fast as it can; `perEvent`: pieces of text that its API has in one event. */
export function inBursts(one: Ask, content: Content, perEvent = 1): Ask {
  const events = burstEvents / perEvent
  const wish = `events=${events}&burst=${Math.ceil(burst / perEvent)}&of=${content}`
  return { ...one, wish, events, pieces: burstEvents }
}

function bursts(path: Ask['path'], content: Content): Ask {
  return inBursts(ask(path, true), content)
}

export const roundsOfPair = 3

export function rowsOf(programs: Programs, upstream: Target): Row[] {
  const pairs: Pairs = {
    start: async () => ({
      base: await programs.base(upstream.url),
      ours: await programs.ours(upstream.url),
    }),
    rounds: roundsOfPair,
  }
  return [
    ...requestRows(programs, pairs),
    ...bodyRows(pairs),
    ...streamRows(programs, pairs),
    ...processRows(programs, upstream),
  ]
}

/** The path at which the base is asked for what ours translates. */
function basePath({ isOurs }: Programs): Ask['path'] {
  return isOurs ? chat : messages
}

function requestRows(programs: Programs, pairs: Pairs): RowOfPairs[] {
  const cpu = { pairs, unit: 'µs', rounds: 6, warmUps: 5 }
  const passed = ({ base, ours }: Pair) =>
    byTurns(requestWindow(base, ask(messages)), requestWindow(ours, ask(messages)))
  return [
    {
      ...cpu,
      work: 'JSON 1 KB passed through, CPU a request',
      goal: '<= 1.5',
      round: passed,
    },
    {
      ...cpu,
      work: 'JSON 1 KB translated, CPU a request',
      goal: '<= 1.7',
      round: ({ base, ours }) =>
        byTurns(requestWindow(base, ask(basePath(programs))), requestWindow(ours, ask(chat))),
    },
    {
      pairs,
      work: 'JSON 1 KB passed through, latency at 100 requests/s, p50',
      unit: 'ms',
      goal: '<= 1.3',
      rounds: 3,
      warmUps: 5,
      warmUp: passed,
      round: ({ base, ours }) =>
        inTurn(
          () => latency(base),
          () => latency(ours),
        ),
    },
  ]
}

/** Four at a time, as many as agents of a family have on their way at once. */
function bodyRows(pairs: Pairs): RowOfPairs[] {
  return [30, 200, 1000, 5000].map((kilobytes): RowOfPairs => {
    const large = { ...ask(messages), body: agentBody('messages', model, kilobytes * 1000, false) }
    return {
      pairs,
      work: `request of a coding agent, ${kilobytes} KB, with a system prompt in front, CPU`,
      unit: 'µs',
      goal: kilobytes < 1000 ? '<= 1.4' : '<= 1.8',
      rounds: 6,
      warmUps: 5,
      round: ({ base, ours }) =>
        byTurns(requestWindow(base, large, 4), requestWindow(ours, large, 4)),
    }
  })
}

const contents: { what: string; content: Content }[] = [
  { what: '', content: 'text' },
  { what: ' of reasoning', content: 'reasoning' },
  { what: ' of tool arguments', content: 'arguments' },
]

/** `what`: streams of which kind. */
export function burstRow(
  what: string,
  goal: string,
  asks: { base: Ask; ours: Ask },
  pairs: Pairs,
): RowOfPairs {
  return {
    pairs,
    work: `${what} in bursts, CPU an event`,
    unit: 'µs',
    goal,
    rounds: 6,
    warmUps: 5,
    round: ({ base, ours }) => byTurns(eventWindow(base, asks.base), eventWindow(ours, asks.ours)),
  }
}

function streamRows(programs: Programs, pairs: Pairs): RowOfPairs[] {
  const path = basePath(programs)
  /** of the paced streams, whose rounds give both figures */
  const delays: Round[] = []
  return [
    burstRow(
      'stream passed through',
      '<= 0.65',
      { base: bursts(messages, 'text'), ours: bursts(messages, 'text') },
      pairs,
    ),
    ...contents.map(({ what, content }) =>
      burstRow(
        `stream${what} translated`,
        '<= 1.5',
        { base: bursts(path, content), ours: bursts(chat, content) },
        pairs,
      ),
    ),
    {
      pairs,
      work: 'stream translated, 100 x 50 events/s, CPU an event',
      unit: 'µs',
      goal: '<= 1.3',
      rounds: 4,
      warmUps: 2,
      round: async (pair) => {
        const { cpu, delay } = await pacedInTurn(pair, path)
        delays.push(delay)
        return cpu
      },
    },
    {
      pairs,
      work: 'the same, delay p50',
      unit: 'ms',
      goal: '<= 1.5',
      rounds: 4,
      warmUps: 2,
      warmUp: async (pair) => (delays.length > 0 ? undefined : pacedInTurn(pair, path)),
      round: async (pair) => delays.shift() ?? (await pacedInTurn(pair, path)).delay,
    },
  ]
}

function processRows(programs: Programs, upstream: Target): RowOfStarts[] {
  const { base, ours } = programs
  return [
    {
      work: 'memory idle',
      unit: 'MB',
      goal: '<= 50 MB',
      rounds: 3,
      round: () =>
        inTurn(
          () => idle(base, upstream),
          () => idle(ours, upstream),
        ),
    },
    {
      work: 'memory with 1 000 translated streams',
      unit: 'MB',
      goal: '<= 105 MB',
      rounds: 1,
      round: () =>
        inTurn(
          async () => held(await base(upstream.url), ask(basePath(programs), true)),
          async () => held(await ours(upstream.url), ask(chat, true)),
        ),
    },
    {
      work: 'start to first answer',
      unit: 'ms',
      goal: '<= 1.3',
      rounds: 7,
      round: () =>
        inTurn(
          () => firstAnswer(base, upstream),
          () => firstAnswer(ours, upstream),
        ),
    },
  ]
}

async function latency(target: Target): Promise<number> {
  return median(await runAtRate(target, { ask: ask(messages), perSecond: 100, forMs: 1500 }))
}

async function pacedInTurn(
  { base, ours }: Pair,
  path: Ask['path'],
): Promise<{ cpu: Round; delay: Round }> {
  const other = await paced(base, ask(path, true))
  const retold = await paced(ours, ask(chat, true))
  return {
    cpu: { base: other.cpu, ours: retold.cpu },
    delay: { base: other.delay, ours: retold.delay },
  }
}

async function idle(startTarget: StartTarget, upstream: Target): Promise<number> {
  const target = await startTarget(upstream.url)
  await run(target, { ask: ask(messages), concurrency: 1, forMs: 1000, requests: 1 })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const rss = rssMb(target)
  await target.stop()
  return rss
}

async function firstAnswer(startTarget: StartTarget, upstream: Target): Promise<number> {
  const began = performance.now()
  const target = await startTarget(upstream.url)
  await run(target, { ask: ask(messages), concurrency: 1, forMs: 1000, requests: 1 })
  const took = performance.now() - began
  await target.stop()
  return took
}
