/** Puts a telling on the wire: as a stream with a model's pauses, or as one body; broken where the script says so. */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { DemoEvent, Telling } from './api.ts'
import type { Script } from './script.ts'

/** Streams until the end, or until the client leaves. `paceMs` lies between two pieces. */
export async function playStream(
  res: ServerResponse,
  telling: Telling,
  { breaks }: Script,
  paceMs: number,
): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const events = telling.events()
  const told = breaks ? firstHalf(events) : events
  await write(res, told, paceMs, gone.signal)
  if (breaks === 'error') await write(res, telling.failure(told.length), paceMs, gone.signal)
  if (breaks === 'cut') res.destroy()
  else if (!res.destroyed) res.end()
}

/** Half a body under the length of the whole, then nothing. */
export function playCutBody(res: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  res.setHeader('content-type', 'application/json; charset=utf-8')
  res.setHeader('content-length', bytes.length)
  res.write(bytes.subarray(0, bytes.length / 2), () => res.destroy())
}

async function write(
  res: ServerResponse,
  events: DemoEvent[],
  paceMs: number,
  gone: AbortSignal,
): Promise<void> {
  for (const event of events) {
    if (gone.aborted) return
    await written(res, frame(event), gone)
    if (event.piece && paceMs > 0) await pause(paceMs, gone)
  }
}

/** Settles when the bytes have left, so that a cut comes after them and a slow reader slows the demo. */
function written(res: ServerResponse, bytes: string, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gone.removeEventListener('abort', done)
      resolve()
    }
    gone.addEventListener('abort', done)
    res.write(bytes, done)
  })
}

async function pause(paceMs: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(paceMs, undefined, { signal })
  } catch {
    // the client has left; the loop sees it
  }
}

function firstHalf(events: DemoEvent[]): DemoEvent[] {
  const pieces = events.filter(({ piece }) => piece)
  const middle = pieces[Math.floor(pieces.length / 2)]
  return middle ? events.slice(0, events.indexOf(middle)) : events.slice(0, 1)
}

function frame({ name, data }: DemoEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return name === undefined ? `data: ${text}\n\n` : `event: ${name}\ndata: ${text}\n\n`
}
