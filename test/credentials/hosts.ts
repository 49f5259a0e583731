/** Upstreams on hosts of their own, one for each way that `auth` can be written, and requests for all routes. */
import type { TestContext } from 'node:test'
import {
  anthropicMessage,
  responsesBody,
  startUpstream,
  type RecordedRequest,
  type Upstream,
} from '../helpers/upstream.ts'

/** Every way that an endpoint can be written in the file; a key of the environment stands in MY_KEY. */
export const ways = {
  account: { auth: 'account' },
  leftOut: {},
  client: { auth: 'client' },
  none: { auth: 'none' },
  env: { auth: { env: 'MY_KEY' } },
  envHeader: { auth: { env: 'MY_KEY', header: 'x-api-key' } },
  inHeaders: { headers: { Authorization: 'Bearer key-in-the-headers' } },
} as const

export type Way = keyof typeof ways

export const wayNames = Object.keys(ways) as Way[]

const paths = {
  anthropic: '/v1/messages',
  openai: '/v1/responses',
  common: '/v1/chat/completions',
} as const

type Type = keyof typeof paths

const types = Object.keys(paths) as Type[]

/** One route for one kind of model. */
export interface Ask {
  route: string
  type: Type
  body: object
}

const messages = [{ role: 'user', content: 'Hello' }]

export const asks: Ask[] = [
  { route: '/v1/messages', type: 'anthropic', body: { max_tokens: 9, messages } },
  { route: '/v1/messages/count_tokens', type: 'anthropic', body: { messages } },
  { route: '/v1/responses', type: 'openai', body: { input: 'Hello' } },
  { route: '/v1/responses/compact', type: 'openai', body: { input: 'Hello' } },
  ...types.map((type) => ({ route: '/v1/chat/completions', type, body: { messages } })),
]

/** The model of a type at a way's host; its alias leads to it. */
export const modelFor = (way: Way, type: Type) => `${type}-${way}`
export const aliasFor = (way: Way, type: Type) => `alias-${type}-${way}`

export interface Hosts {
  upstreams: Record<Way, Upstream>
  config: Record<string, unknown>
}

/** `refuses`: whether an upstream answers a request with 401. */
export async function startHosts(
  t: TestContext,
  refuses: (request: RecordedRequest) => boolean = () => false,
): Promise<Hosts> {
  const started = wayNames.map(async (way) => {
    const upstream = await startUpstream(t, (request) =>
      refuses(request) ? { status: 401, body: { error: { message: 'no' } } } : answerTo(request),
    )
    return [way, upstream] as const
  })
  const upstreams = Object.fromEntries(await Promise.all(started)) as Record<Way, Upstream>
  const all = wayNames.flatMap((way) => types.map((type) => ({ way, type })))
  return {
    upstreams,
    config: {
      models: all.map(({ way, type }) => {
        const id = modelFor(way, type)
        return { name: id, id, type, endpoint: id }
      }),
      endpoints: all.map(({ way, type }) => ({
        name: modelFor(way, type),
        type,
        base_url: upstreams[way].url + paths[type],
        ...ways[way],
      })),
      model_redirects: Object.fromEntries(
        all.map(({ way, type }) => [aliasFor(way, type), modelFor(way, type)]),
      ),
    },
  }
}

function answerTo({ url }: RecordedRequest) {
  if (url.includes('count_tokens')) return { body: { input_tokens: 3 } }
  if (url.startsWith(paths.anthropic)) return { body: anthropicMessage({ text: ['Hi'] }) }
  if (url.startsWith(paths.openai)) return { body: responsesBody({ text: ['Hi'] }) }
  const choice = { index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }
  return { body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [choice] } }
}

/** What of a request is a credential: the headers by which model APIs take one. */
export function credentialsOf({ headers }: RecordedRequest): Record<string, unknown> {
  const names = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'proxy-authorization']
  return Object.fromEntries(
    names.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]]),
  )
}

/** All that an upstream was sent, as one text. */
export function wholeOf({ url, rawHeaders, body }: RecordedRequest): string {
  return [url, ...rawHeaders, body.toString()].join('\n')
}
