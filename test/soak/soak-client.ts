/** The client of the soak: asks in one of several ways, may leave or dawdle, and judges how the answer ended. */
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { clientKey } from '../bench/processes.ts'
import { answerText, type UpstreamFault } from './faulty-upstream.ts'

export const clientFaults = ['none', 'leave-before', 'leave-mid', 'slow', 'broken-json'] as const
export type ClientFault = (typeof clientFaults)[number]

export interface SoakAsk {
  id: number
  path: '/v1/messages' | '/v1/responses' | '/v1/chat/completions'
  model: string
  stream: boolean
  upstreamFault: UpstreamFault
  clientFault: ClientFault
  /** characters of the prompt */
  size: number
}

export type Outcome = 'whole' | 'refused' | 'failed' | 'broken' | 'left' | 'wrong'

/** Sends the request and reads what comes. Never rejects. */
export function ask(url: string, agent: http.Agent, asked: SoakAsk): Promise<Outcome> {
  const { clientFault, path } = asked
  const body = clientFault === 'broken-json' ? '{"model": ' : bodyOf(asked)
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` }
    const sent = http.request(url + path, { method: 'POST', agent, headers })
    const leave = () => {
      resolve('left')
      sent.destroy()
    }
    sent.once('error', () => resolve('broken'))
    sent.once('response', (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece)
        if (clientFault === 'leave-mid') leave()
        if (clientFault === 'slow') {
          answer.pause()
          void wait(20).then(() => answer.resume())
        }
      })
      answer.once('error', () => undefined)
      answer.once('close', () => {
        const text = Buffer.concat(pieces).toString()
        resolve(answer.complete ? judge(asked, answer.statusCode ?? 0, text) : 'broken')
      })
    })
    sent.end(body)
    if (clientFault === 'leave-before') setTimeout(leave, 3)
  })
}

function bodyOf({ id, path, model, stream, upstreamFault, size }: SoakAsk): string {
  const content = `#${id} ${upstreamFault} ${'x'.repeat(size)}`
  const asks =
    path === '/v1/responses' ? { input: content } : { messages: [{ role: 'user', content }] }
  return JSON.stringify({ model, stream, max_tokens: 100, ...asks })
}

const ends = {
  '/v1/messages': 'event: message_stop',
  '/v1/responses': 'event: response.completed',
  '/v1/chat/completions': 'data: [DONE]',
}

/** An answer that came to its end: whole with all of its own text, or an error that says so. */
function judge({ id, path, stream }: SoakAsk, status: number, text: string): Outcome {
  const others = [...text.matchAll(/\[(?:end )?(\d+)\]/g)].some(([, other]) => Number(other) !== id)
  if (others) return 'wrong'
  if (status >= 400) return isError(text) ? 'refused' : 'wrong'
  const failed = /"error":\s*\{/.test(text) || text.includes('event: error')
  const ended = stream ? text.includes(ends[path]) : text.trimEnd().endsWith('}')
  const whole = answerText(id).every((piece) => text.includes(piece.trim()))
  if (whole && ended && !failed) return 'whole'
  return failed && !ended ? 'failed' : 'wrong'
}

function isError(text: string): boolean {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    return typeof error?.message === 'string'
  } catch {
    // not even JSON
    return false
  }
}
