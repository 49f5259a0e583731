/** How V8 manages memory once the program has told it how. */
import assert from 'node:assert/strict'
import { Server } from 'node:http'
import { test, type TestContext } from 'node:test'
import { getHeapSpaceStatistics } from 'node:v8'
import { isTuned, tuneV8 } from '../../lib/cli/tune-v8.ts'
import { runProgram } from '../helpers/program.ts'

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

test('the young generation stays small, whatever comes in', { skip: untuned }, async (t) => {
  const server = new Server()
  tuneV8(server)
  const kept: unknown[] = []

  // 80 MB that stay, a quarter of a megabyte with each request; by itself each half would grow to 16 MB and more
  for (let request = 0; request < 320; request++) {
    for (let count = 0; count < 500; count++) kept.push(Array.from({ length: 64 }, () => request))
    server.emit('request')
    await new Promise((resolve) => setImmediate(resolve))
  }

  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')!
  assert.equal(kept.length, 160_000)
  const half = young.space_used_size + young.space_available_size
  t.diagnostic(`${half} bytes of each half`)
  assert.ok(half < 9e6, `${half} bytes`)
})
