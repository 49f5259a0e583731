/** A wait that ends. */
import { setTimeout as wait } from 'node:timers/promises'

/** What is promised, if it comes in time; else fails with `why`. Whatever was begun goes on. */
export async function within<T>(ms: number, promised: Promise<T>, why: string): Promise<T> {
  const done = new AbortController()
  const silence = wait(ms, undefined, { signal: done.signal }).then(() => {
    throw new Error(why)
  })
  try {
    return await Promise.race([promised, silence])
  } finally {
    done.abort()
  }
}
