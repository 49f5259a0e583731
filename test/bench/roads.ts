/**
 * Rows of each road on which a request of a coding agent is translated, beside a chat client on Claude: `npm run bench --
 * --roads`. New processes serve each row, as a rule one client is in front of them.
 */
import { agentBody } from './agent-body.ts'
import { apiAt, type Content } from './apis.ts'
import { clients, providers, type ClientApi, type ModelType } from '../../pipelines/index.ts'
import type { Ask } from './load.ts'
import { byTurns, held, inTurn, paced, requestWindow } from './measures.ts'
import { startOurs, type Target } from './processes.ts'
import type { Pairs, Row, RowOfPairs } from './rows.ts'
import { burstRow, inBursts, roundsOfPair } from './scenarios.ts'

const paths: Record<ModelType, string> = {
  anthropic: '/v1/messages',
  openai: '/v1/responses',
  common: '/v1/chat/completions',
  google: '/v1beta',
}

interface Road {
  client: ClientApi
  type: ModelType
}

const chatRoad: Road = { client: 'chat', type: 'anthropic' }

/** All but those on which bytes pass. */
function newRoads(): Road[] {
  const types = Object.keys(providers) as ModelType[]
  const all = (Object.keys(clients) as ClientApi[]).flatMap((client) =>
    types.map((type): Road => ({ client, type })),
  )
  return all.filter(
    ({ client, type }) =>
      providers[type].api !== client && !(client === chatRoad.client && type === chatRoad.type),
  )
}

const agentBytes = 30_000

function askOf({ client, type }: Road, stream: boolean): Ask {
  const body = agentBody(client, type, agentBytes, stream)
  return { path: clients[client].route, body, events: 0 }
}

/** Of a first question, so that the answer is what costs. */
function streamOf({ client, type }: Road): Ask {
  return { path: clients[client].route, body: agentBody(client, type, 1000, true), events: 0 }
}

/** Each model has the name of its type. */
function startRoad(upstream: Target, node: string): Promise<Target> {
  const types = Object.keys(providers) as ModelType[]
  const config = {
    endpoints: types.map((type) => ({
      name: type,
      type,
      base_url: `${upstream.url}${paths[type]}`,
      auth: 'account',
    })),
    models: types.map((type) => ({ name: type, id: type, type })),
  }
  return startOurs(upstream.url, { config, node })
}

function piecesIn({ type }: Road, content: Content): number | undefined {
  return apiAt(paths[type]).streams[content].pieces
}

export function* roadRows(upstream: Target, node: string): Generator<Row> {
  const start = () => startRoad(upstream, node)
  const pairs: Pairs = {
    start: async () => ({ base: await start(), ours: await start() }),
    rounds: roundsOfPair,
  }
  for (const road of newRoads()) {
    yield* pairRows(road, pairs)
    yield memoryRow(road, start)
  }
}

function nameOf({ client, type }: Road): string {
  return `${client} client on ${type}`
}

function pairRows(road: Road, pairs: Pairs): RowOfPairs[] {
  const what = nameOf(road)
  const perEvent = { pairs, unit: 'µs', goal: '<= 1.1', rounds: 6 }
  const contents: Content[] = ['text', 'reasoning', 'arguments']
  return [
    {
      ...perEvent,
      work: `${what}: JSON of an agent, 30 KB, CPU a request`,
      // a process takes some 5 000 requests until V8 has compiled all of their way
      warmUps: 8,
      round: ({ base, ours }) =>
        byTurns(
          requestWindow(base, askOf(chatRoad, false)),
          requestWindow(ours, askOf(road, false)),
        ),
    },
    ...contents.map((content) =>
      burstRow(
        `${what}: stream of ${content}`,
        '<= 1.1',
        {
          base: inBursts(streamOf(chatRoad), content),
          ours: inBursts(streamOf(road), content, piecesIn(road, content)),
        },
        pairs,
      ),
    ),
    {
      ...perEvent,
      work: `${what}: 100 x 50 events/s, CPU an event`,
      warmUps: 2,
      rounds: 4,
      round: ({ base, ours }) =>
        inTurn(
          async () => (await paced(base, streamOf(chatRoad))).cpu,
          async () => (await paced(ours, streamOf(road))).cpu,
        ),
    },
  ]
}

function memoryRow(road: Road, start: () => Promise<Target>): Row {
  return {
    work: `${nameOf(road)}: memory with 1 000 streams`,
    unit: 'MB',
    goal: '<= 130 MB',
    rounds: 1,
    round: () =>
      inTurn(
        async () => held(await start(), streamOf(chatRoad)),
        async () => held(await start(), streamOf(road)),
      ),
  }
}
