/**
 * Rows of each road on which a request is translated, beside a chat client on Claude: `npm run bench -- --roads`. A process of
 * its own serves each road, as a rule one client is in front of it.
 */
import { clients, providers, type ClientApi, type ModelType } from '../../pipelines/index.ts'
import type { Ask } from './load.ts'
import { cpuPerEvent, cpuPerRequest, held, inTurn, paced } from './measures.ts'
import { startOurs, type Target } from './processes.ts'
import type { Row } from './scenarios.ts'

const paths: Record<ModelType, string> = {
  anthropic: '/v1/messages',
  openai: '/v1/responses',
  common: '/v1/chat/completions',
  google: '/v1beta',
}

const text = 'word '.repeat(200)
const system = 'Be kind.'

const bodies: Record<ClientApi, (model: string) => object> = {
  chat: (model) => ({
    model,
    max_tokens: 1000,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: text },
    ],
  }),
  messages: (model) => ({
    model,
    max_tokens: 1000,
    system,
    messages: [{ role: 'user', content: text }],
  }),
  responses: (model) => ({
    model,
    max_output_tokens: 1000,
    instructions: system,
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
  }),
}

interface Road {
  client: ClientApi
  type: ModelType
}

const chatRoad: Road = { client: 'chat', type: 'anthropic' }
const burstEvents = 4000

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

function askOf({ client, type }: Road, stream: boolean): Ask {
  const body = { ...bodies[client](type), stream }
  return { path: clients[client].route, body: Buffer.from(JSON.stringify(body)), events: 0 }
}

function burstOf(road: Road): Ask {
  const query = `events=${burstEvents}&burst=64`
  return { ...askOf(road, true), query, events: burstEvents }
}

/** Each model has the name of its type. */
function startRoad(upstream: Target): Promise<Target> {
  const types = Object.keys(providers) as ModelType[]
  return startOurs(upstream.url, {
    endpoints: types.map((type) => ({
      name: type,
      type,
      base_url: `${upstream.url}${paths[type]}`,
      auth: 'account',
    })),
    models: types.map((type) => ({ name: type, id: type, type })),
  })
}

/** The process of a road is there while its rows are measured. */
export async function* roadRows(upstream: Target): AsyncGenerator<Row> {
  const start = () => startRoad(upstream)
  const base = await start()
  try {
    for (const road of newRoads()) {
      const ours = await start()
      try {
        yield* rowsOf(road, { base, ours, start })
      } finally {
        await ours.stop()
      }
    }
  } finally {
    await base.stop()
  }
}

interface RoadTargets {
  base: Target
  ours: Target
  start: () => Promise<Target>
}

function rowsOf(road: Road, { base, ours, start }: RoadTargets): Row[] {
  const what = `${road.client} client on ${road.type}`
  const perEvent = { unit: 'µs', goal: '<= 1.1', rounds: 5 }
  return [
    {
      ...perEvent,
      work: `${what}: JSON, CPU a request`,
      warmUps: 2,
      round: () =>
        inTurn(
          cpuPerRequest(base, askOf(chatRoad, false)),
          cpuPerRequest(ours, askOf(road, false)),
        ),
    },
    {
      ...perEvent,
      work: `${what}: stream in bursts, CPU an event`,
      warmUps: 2,
      round: () => inTurn(cpuPerEvent(base, burstOf(chatRoad)), cpuPerEvent(ours, burstOf(road))),
    },
    {
      ...perEvent,
      work: `${what}: 100 x 50 events/s, CPU an event`,
      rounds: 2,
      round: () =>
        inTurn(
          async () => (await paced(base, askOf(chatRoad, true))).cpu,
          async () => (await paced(ours, askOf(road, true))).cpu,
        ),
    },
    {
      work: `${what}: memory with 1 000 streams`,
      unit: 'MB',
      goal: '<= 130 MB',
      rounds: 1,
      round: () =>
        inTurn(
          async () => held(await start(), askOf(chatRoad, true)),
          async () => held(await start(), askOf(road, true)),
        ),
    },
  ]
}
