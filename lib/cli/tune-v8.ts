/**
 * How V8 manages memory while it serves. Its defaults are those of a browser, with processors to spare and gigabytes; this
 * process runs beside others on a small machine. `npm run bench` shows what each of these is worth.
 *
 * All of it can be set in a running process, since V8 looks at these flags when it collects; of most others that is not
 * true (taking concurrent marking away ends Node 20 at its next full collection), so only the Node lines it was measured on
 * get it.
 */
import type { Server } from 'node:http'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** by major version */
const measuredLines = new Set(['20', '22', '24', '26'])

/** Whether this Node is of a line it was measured on; another keeps its own settings. */
export function isTuned(): boolean {
  return measuredLines.has(process.versions.node.split('.')[0]!)
}

/** Sets it for the whole process, once; `server`: the one whose requests fill the memory. */
export function tuneV8(server: Server): void {
  if (!isTuned()) return
  freeBuffersOnThisThread()
  beginYoung()
  capYoungGeneration(server)
}

/**
 * Node's HTTP parser copies each piece of a body into memory of its own, however small. V8 gives such memory back on another
 * thread, which then fights with this one for the lock of the allocator, and mixes up its free lists: half and more of
 * all CPU time of an answer in bursts, the more the longer the process runs. Given back by the thread that took it, it costs
 * next to nothing.
 */
function freeBuffersOnThisThread(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}

/**
 * Where many streams begin at once, V8 learns that what is made there lives long, and from then on makes it old at once: in
 * Node's streams the record of each write, which keeps what was written until the next full collection.
 */
function beginYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/**
 * MB of which each half may double once more, so that it comes to 8. V8's own limit is 16, from Node 24 on 32 and more; up to
 * it the memory of all that is dead piles up.
 */
const mayDoubleMb = 5
/** A look costs some microseconds; what so many requests leave behind is, as a rule, far below a megabyte. */
const requestsPerLook = 16

/**
 * Keeps the young generation small: above this, more of it saves no time. Its limit is fixed when a process starts, so what
 * is changed is whether it may double once more; it shrinks by itself when there is little to do. V8 has no word for "it has
 * grown" that comes in time, a thousand requests may arrive at once; so it is looked at as they come.
 */
function capYoungGeneration(server: Server): void {
  let requests = 0
  server.on('request', () => {
    requests += 1
    if (requests % requestsPerLook !== 0) return
    setFlagsFromString(`--semi-space-growth-factor=${mayDouble() ? 2 : 1}`)
  })
}

function mayDouble(): boolean {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
  if (!young) return true
  const half = young.space_used_size + young.space_available_size
  return half <= mayDoubleMb * 1024 * 1024
}
