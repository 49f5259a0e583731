/** What a row of the table is: what is measured, and which processes serve it. */
import type { Round } from './measures.ts'
import type { Target } from './processes.ts'

interface Figures {
  work: string
  /** what they are in */
  unit: string
  goal: string
  rounds: number
}

/** Of what a new process does: each round starts its own. A figure for the bare proxy (or what else is 1), and one for ours. */
export interface RowOfStarts extends Figures {
  pairs?: undefined
  round(): Promise<Round>
}

export interface Pair {
  base: Target
  ours: Target
}

export interface Pairs {
  start(): Promise<Pair>
  /** What a process costs is also luck: what V8 compiled, how its memory lies. So the next rounds have new ones. */
  rounds: number
}

/** Of what two processes do again and again. */
export interface RowOfPairs extends Figures {
  pairs: Pairs
  round: (pair: Pair) => Promise<Round>
  /**
   * How often each pair is warmed up, as a rule by a round that does not count. V8 compiles the code of a new process for some
   * three seconds of load, on other threads.
   */
  warmUps: number
  warmUp?: (pair: Pair) => Promise<unknown>
}

export type Row = RowOfStarts | RowOfPairs
