/** The ways through the proxy, and what their provider says: for faults that must not differ from way to way. */
import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
} from '../helpers/upstream.ts'
import { asks } from './asks.ts'

export interface Road {
  name: string
  path: string
  ask: Record<string, unknown>
  /** the provider's whole answer of these texts, as events and as a body */
  stream: (text: string[]) => string[]
  body: (text: string[]) => object
  /** what a whole stream ends with */
  end: string
  /** what a translated stream ends with that breaks off; the others break */
  failure?: RegExp
}

const claude = {
  stream: (text: string[]) => anthropicStream({ text }),
  body: (text: string[]) => anthropicMessage({ text }),
}
const gpt = {
  stream: (text: string[]) => responsesStream({ text }),
  body: (text: string[]) => responsesBody({ text }),
}
const chat = '/v1/chat/completions'
export const chatFailure = /data: \{"error":\{[^\n]*\n\n/

export const roads: Road[] = [
  {
    name: 'messages',
    path: '/v1/messages',
    ask: asks['/v1/messages'],
    end: 'event: message_stop',
    ...claude,
  },
  {
    name: 'responses',
    path: '/v1/responses',
    ask: asks['/v1/responses'],
    end: 'event: response.completed',
    ...gpt,
  },
  {
    name: 'responses with a Claude model',
    path: '/v1/responses',
    ask: { ...asks['/v1/responses'], model: 'claude-sonnet-4-5' },
    end: 'event: response.completed',
    failure: /event: response\.failed\ndata: [^\n]*\n\n/,
    ...claude,
  },
  {
    name: 'chat with a Claude model',
    path: chat,
    ask: asks[chat],
    end: 'data: [DONE]',
    failure: chatFailure,
    ...claude,
  },
  {
    name: 'chat with a GPT model',
    path: chat,
    ask: { ...asks[chat], model: 'gpt-5.1' },
    end: 'data: [DONE]',
    failure: chatFailure,
    ...gpt,
  },
]

/** One road that passes bytes, and one that translates: for what is measured, which takes seconds and is the same on twins. */
export const oneOfEach = roads.filter(({ name }) =>
  ['messages', 'chat with a GPT model'].includes(name),
)

/** The events of an answer of these texts, up to and with the first text. */
export function begun({ stream }: Pick<Road, 'stream'>, [first, ...others]: [string, ...string[]]) {
  const events = stream([first, ...others])
  return events.slice(0, events.findIndex((event) => event.includes(first)) + 1)
}

/** A request whose connection the test may destroy at any time. */
export function send(url: string, body: unknown): ClientRequest {
  const sent = request(url, { method: 'POST', headers: { authorization: 'Bearer caller' } })
  sent.on('error', () => undefined)
  sent.end(JSON.stringify(body))
  return sent
}

/** The answer to it, with its first bytes read; it flows on. */
export async function firstBytes(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined)
  await once(answer, 'data')
  return answer
}
