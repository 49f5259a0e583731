/**
 * How V8 manages memory while it serves. Its defaults are those of a browser, with processors to spare and gigabytes; this
 * process runs beside others on a small machine. Measured on Node 20 in 40 rounds each in turn, without and with:
 *
 * - buffers freed on this thread: CPU of an event that is passed through in bursts 1.90 (at times 5.5) and 1.53 µs, of a
 *   translated one 3.53 and 2.84 µs. `npm run bench` has rows of streams in bursts; `test/cli/tune-v8.test.ts` guards the share of CPU.
 * - a small young generation, where objects begin young: 1 000 streams at once hold 134 to 154 and 115 to 117 MB.
 *   `npm run bench` has the row "memory with 1 000 translated streams"; the same test guards the size.
 * - bodies collected after each 4 MB, in 6 pairs of new processes: a request of 200 KB takes 0.73 of the CPU (on Node 24, 0.6 to 0.8),
 *   and after 600 of 36 to 545 KB the process holds 72 instead of 94 MB. The rows are "request of a coding agent"; the same test
 *   guards how often.
 *
 * V8 reads these flags when it collects, so they can be set in a running process. That does not hold for most others (without
 * concurrent marking Node 20 ends at its next full GC), so only the Node lines measured get them.
 */
import type { IncomingMessage, Server } from 'node:http'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** by major version */
const measuredLines = new Set(['20', '22', '24', '26'])

/** Whether this Node is of a line that was measured; another keeps its own settings. */
export function isTuned(): boolean {
  return measuredLines.has(process.versions.node.split('.')[0]!)
}

/** Sets it for the whole process, once; `server`: the one whose requests fill the memory. `underWay`: how many of these there are. */
export function tuneV8(server: Server, underWay: () => number): void {
  if (!isTuned()) return
  freeBuffersOnThisThread()
  beginYoung()
  capYoungGeneration(server, underWay)
  collectBodies(server)
}

/**
 * Node's HTTP parser copies each piece of a body into memory of its own, however small. V8 gives such memory back on another
 * thread, which then contends with this one for the lock of the allocator and fragments its free lists, the more the longer
 * the process runs.
 */
function freeBuffersOnThisThread(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}

/**
 * Where many streams begin at once, V8 learns that objects made there live long, and from then on pretenures them: in Node's
 * streams the record of each write, which keeps what was written until the next full GC.
 */
function beginYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/**
 * Which halves may double once more, in MB: those of up to 4, so that each comes to 8, and with many streams those of up to 2. V8's
 * own limit is 16, from Node 24 on 32 and more, all of which fills with dead objects. With 4 in place of 8 a small request takes
 * 4 % more CPU, 100 streams no more.
 */
const mayDoubleMb = { few: 5, many: 2.5 }
const manyStreams = 64
/** So many requests leave far less than a megabyte behind. A look and its flag take 11 µs, so 0.7 µs a request. */
const requestsPerLook = 16

/**
 * Keeps the young generation small. Its limit is fixed when a process starts, so this sets whether it may double once more; it
 * shrinks by itself when there is little to do. V8 reports growth too late where a thousand requests arrive at once, so the size
 * is read as they come.
 */
function capYoungGeneration(server: Server, underWay: () => number): void {
  let requests = 0
  server.on('request', () => {
    requests += 1
    if (requests % requestsPerLook !== 0) return
    setFlagsFromString(`--semi-space-growth-factor=${mayDouble(underWay()) ? 2 : 1}`)
  })
}

function mayDouble(underWay: number): boolean {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
  if (!young) return true
  const half = young.space_used_size + young.space_available_size
  return half <= (underWay < manyStreams ? mayDoubleMb.few : mayDoubleMb.many) * 1024 * 1024
}

/** Bytes of requests' bodies after which the young generation is collected. It takes 0.7 ms. */
const bodiesPerCollection = 4 * 1024 * 1024
/** What two collections find in use becomes old, so that a body shall be gone by the second. */
const leastBodies = 8

/**
 * Collects the young generation by what bodies came. V8 does so when its objects fill it, and the bytes of a buffer are beside
 * them: some 70 requests of 200 KB fit, which hold 30 MB. V8 counts these against the limit of the old generation, and marks all
 * of the heap, which takes 5 ms and as much of other threads.
 */
function collectBodies(server: Server): void {
  let bytes = 0
  let bodies = 0
  let collect: Collect | undefined
  const count = (length: number) => {
    bytes += length
    bodies += 1
    if (bytes < bodiesPerCollection || bodies < leastBodies) return
    bytes = 0
    bodies = 0
    collect ??= collectorOfV8()
    collect({ type: 'minor' })
  }
  server.on('request', (request: IncomingMessage) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (length) count(Number(length))
    else if (encoding) countWhenRead(request, count)
  })
}

/** A body in chunks says its length only by what its connection brought. */
function countWhenRead(request: IncomingMessage, count: (bytes: number) => void): void {
  const { socket } = request
  const before = socket.bytesRead
  request.once('close', () => count(socket.bytesRead - before))
}

type Collect = (options: { type: 'minor' }) => void

/** Only a context that begins under this flag has it. It takes 2 ms and half a megabyte, so it waits for the first bodies. */
function collectorOfV8(): Collect {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return collect
}
