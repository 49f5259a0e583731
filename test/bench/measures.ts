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

/** CPU time, ms, and how many requests or events it went into. */
interface Spent {
  ms: number
  on: number
}

/**
 * The speed of a shared machine changes from second to second, by up to a half. So a round is made of short windows, which
 * base and ours have by turns, each first as often as the other.
 */
const windowMs = 100
const windowsOfRound = 8

/** µs of CPU for one request or event, over the windows of a round. */
export async function byTurns(
  base: () => Promise<Spent>,
  ours: () => Promise<Spent>,
): Promise<Round> {
  const sums = { base: { ms: 0, on: 0 }, ours: { ms: 0, on: 0 } }
  const add = (sum: Spent, { ms, on }: Spent) => {
    sum.ms += ms
    sum.on += on
  }
  for (let count = 0; count < windowsOfRound; count += 2) {
    add(sums.base, await base())
    add(sums.ours, await ours())
    add(sums.ours, await ours())
    add(sums.base, await base())
  }
  const each = ({ ms, on }: Spent) => (ms / on) * 1000
  return { base: each(sums.base), ours: each(sums.ours) }
}

/** A window of requests. */
export function requestWindow(target: Target, ask: Ask, concurrency = 20) {
  return async (): Promise<Spent> => {
    const before = cpuMs(target)
    const answered = await run(target, { ask, concurrency, forMs: windowMs })
    return { ms: cpuMs(target) - before, on: answered }
  }
}

/** A window of streams, and the events in them. */
export function eventWindow(target: Target, ask: Ask) {
  const streams = requestWindow(target, ask, 8)
  return async (): Promise<Spent> => {
    const { ms, on } = await streams()
    return { ms, on: on * (ask.pieces ?? ask.events) }
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
