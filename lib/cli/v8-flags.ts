/** How V8 collects garbage while it serves. */
import { setFlagsFromString } from 'node:v8'

/**
 * Node's HTTP parser copies each piece of a body into memory of its own, however small. V8 gives such memory back on another
 * thread, which then fights with this one for the lock of the allocator, and mixes up its free lists: half and more of
 * all CPU time of an answer in bursts, the more the longer the process runs. Given back by the thread that took it, it costs
 * next to nothing. V8 looks at this flag whenever it collects, so that it can be set in a running process; most others
 * cannot: taking concurrent marking away ends Node 20 at its next full collection.
 */
export function freeBuffersOnThisThread(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}
