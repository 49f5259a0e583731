/** The client side of a bench: requests that read their answers to the end and check that all of it came. */
import http from 'node:http'
import { clientKey, wishOfUpstreams, type Target } from './processes.ts'

export interface Ask {
  path: string
  /** what the upstream is to answer with, such as `events=1000` */
  wish?: string
  body: Buffer
  /** SSE events of text that must come; 0 for a JSON body */
  events: number
  /** pieces of text in them, where one event has several */
  pieces?: number
  /** called with each piece of a stream */
  onPiece?: (piece: Buffer) => void
}

export interface Load {
  ask: Ask
  concurrency: number
  /** stops taking up new requests after it, ms */
  forMs: number
  /** at most; without it only the time counts */
  requests?: number
}

/** Runs the load; how many requests were answered whole. Throws when one was not. */
export async function run(
  target: Target,
  { ask, concurrency, forMs, requests }: Load,
): Promise<number> {
  await wishOfUpstreams(ask.wish ?? '')
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency })
  const until = performance.now() + forMs
  let begun = 0
  let answered = 0
  const worker = async () => {
    while (performance.now() < until && begun < (requests ?? Infinity)) {
      begun += 1
      await request(target, ask, agent)
      answered += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  agent.destroy()
  return answered
}

export interface PacedLoad {
  ask: Ask
  perSecond: number
  /** ms */
  forMs: number
}

/**
 * Sends requests at a rate, whether or not those before are answered; how long each took, ms. Throws when one was not
 * answered whole.
 */
export async function runAtRate(
  target: Target,
  { ask, perSecond, forMs }: PacedLoad,
): Promise<number[]> {
  await wishOfUpstreams(ask.wish ?? '')
  const agent = new http.Agent({ keepAlive: true })
  const took: number[] = []
  const timed = async () => {
    const began = performance.now()
    await request(target, ask, agent)
    took.push(performance.now() - began)
  }
  const asked: Promise<void>[] = []
  const from = performance.now()
  for (let now = 0; now < forMs; now = performance.now() - from) {
    while (asked.length <= (now / 1000) * perSecond) asked.push(timed())
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(asked)
  agent.destroy()
  return took
}

/** One request, answered whole. */
export function request({ url, name }: Target, ask: Ask, agent: http.Agent): Promise<void> {
  const { path, body, events, onPiece } = ask
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'anthropic-version': '2023-06-01',
        authorization: `Bearer ${clientKey}`,
      },
    }
    const outgoing = http.request(url + path, options, (answer) => {
      let count = 0
      let bytes = 0
      let last: number | undefined
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (events > 0) count += blankLines(piece, last)
        last = piece.at(-1)
        onPiece?.(piece)
      })
      answer.once('close', () => {
        // a few events more than those of text: start, stop, the end
        const whole = answer.complete && answer.statusCode === 200 && bytes > 0 && count >= events
        if (whole) resolve()
        else
          reject(
            new Error(
              `${name}: ${answer.statusCode}, ${count} of ${events} events, ${bytes} bytes`,
            ),
          )
      })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

/** How many end in this piece; `last` is the byte before it. */
function blankLines(piece: Buffer, last: number | undefined): number {
  const lineFeed = 10
  let count = last === lineFeed && piece[0] === lineFeed ? 1 : 0
  for (let at = piece.indexOf('\n\n'); at !== -1; at = piece.indexOf('\n\n', at + 2)) count += 1
  return count
}
