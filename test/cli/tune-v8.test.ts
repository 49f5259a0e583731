/** How V8 manages memory once the program has told it how. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks'
import { test, type TestContext } from 'node:test'
import { getHeapSpaceStatistics } from 'node:v8'
import { isTuned, tuneV8 } from '../../lib/cli/tune-v8.ts'
import { runProgram } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'

/** In the program itself, on a signal: takes and drops many buffers, then logs the CPU time of all and of its other threads. */
const probe = `
import { readdirSync, readFileSync } from 'node:fs'
function cpu() {
  const spent = { all: 0, others: 0 }
  for (const id of readdirSync('/proc/self/task')) {
    const ns = Number(readFileSync('/proc/self/task/' + id + '/schedstat', 'utf8').split(' ')[0])
    spent.all += ns
    if (Number(id) !== process.pid) spent.others += ns
  }
  return spent
}
process.on('SIGUSR2', async () => {
  const before = cpu()
  for (let round = 0; round < 300; round++) {
    for (let count = 0; count < 2000; count++) new ArrayBuffer(150)
    await new Promise(setImmediate)
  }
  const { all, others } = cpu()
  const share = (others - before.others) / (all - before.all)
  process.stdout.write(JSON.stringify({ msg: 'buffers taken and dropped', share }) + '\\n')
})
`

const untuned = !isTuned() && 'this Node keeps its own settings'
const skip = untuned || (process.platform !== 'linux' && 'only Linux says what a thread costs')

/** The part of the CPU time that the program's other threads have while many buffers are taken and dropped. */
async function shareOfOthers(t: TestContext, before = ''): Promise<number> {
  const source = `data:text/javascript,${encodeURIComponent(before + probe)}`
  const program = runProgram(t, { args: ['demo'], env: { NODE_OPTIONS: `--import=${source}` } })
  await program.url()
  program.process.kill('SIGUSR2')
  const share = Number((await program.line('buffers taken and dropped')).share)
  t.diagnostic(`other threads have ${share} of the CPU time`)
  return share
}

test('gives the memory of buffers back on the thread that took it', { skip }, async (t) => {
  const share = await shareOfOthers(t)

  // about a tenth, for what is compiled; 0.27 on one processor and 0.4 on two where another gives it back
  assert.ok(share < 0.2, `other threads have ${share} of the CPU time`)
})

test('a Node that it was not measured on keeps its own settings', { skip }, async (t) => {
  const versions = `{ value: { ...process.versions, node: '27.1.0' } }`

  const share = await shareOfOthers(t, `Object.defineProperty(process, 'versions', ${versions});`)

  assert.ok(share > 0.2, `other threads have ${share} of the CPU time`)
})

const noneUnderWay = () => 0

// in this order: what has grown stays
for (const [what, underWay, most] of [
  ['with many streams under way', 64, 4.6e6],
  ['whatever comes in', 1, 9e6],
] as const)
  test(`the young generation stays small ${what}`, { skip: untuned }, async (t) => {
    const before = halfOfYoung()
    const half = await halfAfterMuchThatStays(() => underWay)
    t.diagnostic(`${half} bytes of each half`)
    // loading this test makes some Nodes grow it before
    assert.ok(half <= Math.max(before, most), `${half} bytes`)
  })

/** Bytes of each half of the young generation. */
async function halfAfterMuchThatStays(underWay: () => number): Promise<number> {
  const server = new Server()
  tuneV8(server, underWay)
  const kept: unknown[] = []
  for (let request = 0; request < 16; request++) server.emit('request', { headers: {} })

  // 80 MB that stay, a 32nd of a megabyte with each request; by itself each half would grow to 16 MB and more
  for (let request = 0; request < 2560; request++) {
    for (let count = 0; count < 60; count++) kept.push(Array.from({ length: 64 }, () => request))
    server.emit('request', { headers: {} })
    await new Promise((resolve) => setImmediate(resolve))
  }

  assert.equal(kept.length, 153_600)
  return halfOfYoung()
}

function halfOfYoung(): number {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')!
  return young.space_used_size + young.space_available_size
}

const kb = (count: number) => Buffer.alloc(count * 1024)

for (const [which, body, each] of [
  ['that are small', () => kb(256), 16],
  ['that are large', () => kb(1024), 8],
  ['that come in chunks', () => new Blob([kb(1024)]).stream(), 8],
] satisfies [string, () => BodyInit, number][])
  test(`bodies ${which} are collected after each ${each}`, { skip: untuned }, async (t) => {
    const forced = forcedCollections(t)
    const send = await tunedServer(t)

    for (let sent = 0; sent < each * 3.5; sent++) await send(body())

    await until(() => forced() >= 3)
    assert.equal(forced(), 3)
  })

/** Begins one that reads what it is sent. Returns what sends it a body and waits for the answer. */
async function tunedServer(t: TestContext): Promise<(body: BodyInit) => Promise<void>> {
  const server = new Server((req, res) => req.resume().once('end', () => res.end()))
  tuneV8(server, noneUnderWay)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async (body) => {
    await (await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)).text()
  }
}

/** How often this program wanted a collection, since the test began. Where V8 is marking, it makes a full one of it. */
function forcedCollections(t: TestContext): () => number {
  let count = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags } = (entry as PerformanceEntry & { detail: NodeGCPerformanceDetail }).detail
      if (flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) count += 1
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  t.after(() => observer.disconnect())
  return () => count
}
