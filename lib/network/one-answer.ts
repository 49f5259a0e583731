/** One question to a server beside the requests of clients, as `check`, `init` and `status` ask it: with an end to its patience. */
import { once } from 'node:events'
import type { Agent, IncomingMessage } from 'node:http'
import { requestFor } from './agents.ts'

export interface Ask {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  body?: string
  agent: Agent
  /** s, for the whole answer */
  patienceS: number
  /** of the answer, at most; the rest is not read */
  maxBytes?: number
}

export interface Answer {
  status: number
  method: string
  /** its beginning */
  text: string
}

/** The whole answer took longer than `patienceS`. */
export class NoAnswer extends Error {}

const enoughToUnderstand = 65_536

/** Throws NoAnswer, or what the connection fails with. */
export async function answerTo(ask: Ask): Promise<Answer> {
  const { method, url, headers, body, agent, patienceS, maxBytes = enoughToUnderstand } = ask
  const signal = AbortSignal.timeout(patienceS * 1000)
  try {
    const sent = requestFor(url)(url, { method, headers, agent, signal }).end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, method, text: await beginningOf(answer, maxBytes) }
  } catch (error) {
    if (signal.aborted) throw new NoAnswer(`no answer within ${patienceS} s`)
    throw error
  }
}

async function beginningOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  let text = ''
  for await (const piece of answer.setEncoding('utf8')) {
    text += piece
    if (text.length > maxBytes) break
  }
  return text
}
