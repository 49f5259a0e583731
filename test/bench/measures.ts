/** What a round counts: CPU a request and an event, delay, memory. Each names a load and whom it meets. */
import { run, type Ask } from './load.ts'
import { cpuMs, watchRss, type Target } from './processes.ts'
import { median } from './figures.ts'

export interface Round {
  base: number
  ours: number
}

export async function inTurn(
  base: () => Promise<number>,
  ours: () => Promise<number>,
): Promise<Round> {
  return { base: await base(), ours: await ours() }
}

export function cpuPerRequest(target: Target, ask: Ask, concurrency = 20) {
  return async () => {
    const before = cpuMs(target)
    const answered = await run(target, { ask, concurrency, forMs: 800 })
    return ((cpuMs(target) - before) / answered) * 1000
  }
}

export function cpuPerEvent(target: Target, ask: Ask) {
  return async () => {
    const before = cpuMs(target)
    const answered = await run(target, { ask, concurrency: 8, forMs: 800 })
    return ((cpuMs(target) - before) / (answered * (ask.pieces ?? ask.events))) * 1000
  }
}

/** 100 streams of 50 events a second, each event with the moment it was sent. */
export async function paced(
  target: Target,
  { path, body }: Pick<Ask, 'path' | 'body'>,
): Promise<{ cpu: number; delay: number }> {
  const events = 150
  const delays: number[] = []
  const onPiece = (piece: Buffer) => {
    const now = Number(process.hrtime.bigint()) / 1e6
    for (const [, sent] of piece.toString('latin1').matchAll(/ at (\d+\.\d+) /g))
      delays.push(now - Number(sent))
  }
  const ask = { path, wish: `events=${events}&every=20`, body, events, onPiece }
  const before = cpuMs(target)
  await run(target, { ask, concurrency: 100, forMs: 60_000, requests: 100 })
  return { cpu: ((cpuMs(target) - before) / (100 * events)) * 1000, delay: median(delays) }
}

/** The most memory that a new process takes while it holds 1 000 streams, MB; ends the process. */
export async function held(
  target: Target,
  { path, body }: Pick<Ask, 'path' | 'body'>,
): Promise<number> {
  const peakOf = watchRss(target)
  const ask = { path, wish: 'events=25&every=200', body, events: 25 }
  await run(target, { ask, concurrency: 1000, forMs: 60_000, requests: 1000 })
  const peak = peakOf()
  await target.stop()
  return peak
}
