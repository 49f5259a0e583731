/**
 * An upstream for all three APIs that does what the prompt says: `#17 reset-mid` answers request 17 and resets the
 * connection in the middle. It remembers how often each request came.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  responsesStream,
} from '../helpers/provider-answers.ts'

export const upstreamFaults = [
  'none',
  'reset-before',
  'reset-mid',
  'short',
  'garbage',
  'status-429',
  'status-500',
  'status-529',
  'html',
  'silent',
  'error-event',
] as const
export type UpstreamFault = (typeof upstreamFaults)[number]

export interface FaultyUpstream {
  url: string
  /** how often each request came with a good token */
  readonly counts: Map<number, number>
  readonly open: number
  dropIdle(): void
  close(): void
}

/** What a whole answer to a request says. */
export function answerText(id: number): string[] {
  return [`[${id}] `, ...Array.from({ length: 20 }, (_, word) => `word-${word} `), `[end ${id}]`]
}

/** `token` tells which access token counts; others are refused with 401. */
export async function startFaultyUpstream(token: () => string): Promise<FaultyUpstream> {
  const counts = new Map<number, number>()
  let open = 0
  const server = createServer((req, res) => {
    open += 1
    res.once('close', () => (open -= 1))
    void answer(req, res)
  })

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req).catch(() => '')
    const [, id, fault] = /#(\d+) ([\w-]+)/.exec(body) ?? []
    if (id === undefined) return void res.destroy()
    if (req.headers.authorization !== `Bearer ${token()}`) return refuse(res, 401)
    counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1)
    const stream = /"stream":true/.test(body)
    await act(req, res, { id: Number(id), fault: fault as UpstreamFault, stream })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    get open() {
      return open
    },
    dropIdle: () => server.closeIdleConnections(),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

interface Told {
  id: number
  fault: UpstreamFault
  stream: boolean
}

async function act(req: IncomingMessage, res: ServerResponse, told: Told): Promise<void> {
  const { fault, stream } = told
  if (fault === 'reset-before') return void req.socket.resetAndDestroy()
  if (fault === 'garbage') return void req.socket.end('not HTTP at all\r\n\r\n')
  if (fault.startsWith('status-')) return refuse(res, Number(fault.slice(7)))
  if (fault === 'html') {
    res.writeHead(200, { 'content-type': 'text/html' })
    return void res.end('<html>Welcome to the network</html>')
  }
  const pieces = stream ? streamOf(req.url ?? '', told.id) : halves(bodyOf(req.url ?? '', told.id))
  if (stream) res.writeHead(200, { 'content-type': 'text/event-stream' })
  else {
    const length = Buffer.byteLength(pieces.join('')) + (fault === 'none' ? 0 : 10)
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  }
  const cut = Math.floor(pieces.length / 2)
  for (const [index, piece] of pieces.entries()) {
    if (fault !== 'none' && index === cut) return await breakOff(req, res, fault, stream)
    res.write(piece)
    if (stream && index % 5 === 4) await wait(2)
  }
  res.end()
}

/** In the middle of a stream, or of a body that announced more than it has. */
async function breakOff(req: IncomingMessage, res: ServerResponse, fault: string, stream: boolean) {
  if (fault === 'silent') return
  if (fault === 'error-event' && stream) {
    const error = { type: 'overloaded_error', code: 'overloaded', message: 'too much' }
    res.end(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`)
    return
  }
  await wait(5)
  if (fault === 'reset-mid') req.socket.resetAndDestroy()
  else req.socket.destroy()
}

function refuse(res: ServerResponse, status: number): void {
  res.writeHead(status, { 'content-type': 'application/json', 'retry-after': '1' })
  res.end(JSON.stringify({ type: 'error', error: { type: 'api_error', message: `no: ${status}` } }))
}

function halves(body: string): string[] {
  return [body.slice(0, body.length / 2), body.slice(body.length / 2)]
}

function bodyOf(url: string, id: number): string {
  const said = { text: answerText(id) }
  if (url.includes('/v1/messages')) return JSON.stringify(anthropicMessage(said))
  if (url.includes('/v1/responses')) return JSON.stringify(responsesBody(said))
  const message = { role: 'assistant', content: said.text.join('') }
  return JSON.stringify({ id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }] })
}

function streamOf(url: string, id: number): string[] {
  const said = { text: answerText(id) }
  if (url.includes('/v1/messages')) return anthropicStream(said)
  if (url.includes('/v1/responses')) return responsesStream(said)
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...said.text.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ]
}
