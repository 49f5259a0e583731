/** The processes of a bench, and what the kernel says of them. Linux only: it reads /proc. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

export interface Target {
  name: string
  /** `http://127.0.0.1:PORT` */
  url: string
  /** none for the upstream itself, of which nothing is measured */
  pid?: number
  stop(): Promise<void>
}

const benchDir = import.meta.dirname
const projectDir = path.join(benchDir, '..', '..')
/** options for the node that is measured, such as `--cpu-prof` or `--max-semi-space-size=1` */
const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []

/** one for each Node that is measured */
const upstreams = new Set<ChildProcess>()

export async function startUpstream(): Promise<Target> {
  const child = fork(path.join(benchDir, 'upstream.ts'), { execArgv: ['--import', 'tsx'] })
  upstreams.add(child)
  const [port] = (await once(child, 'message')) as [number]
  return { name: 'direct', url: `http://127.0.0.1:${port}`, stop: () => end(child) }
}

/** What the upstreams answer with from now on. Not by a header of the requests: which of these go up differs from build to build. */
export async function wishOfUpstreams(wish: string): Promise<void> {
  const taken = [...upstreams].map((child) => once(child, 'message'))
  for (const child of upstreams) child.send(wish)
  await Promise.all(taken)
}

export function startBare(upstream: string, node = process.execPath): Promise<Target> {
  return startProxy('bare', node, [path.join(benchDir, 'bare-proxy.mjs'), upstream])
}

export interface OursOptions {
  /** beside what it takes to serve one Claude from this upstream */
  config?: object
  /** in the environment */
  login?: Record<string, string>
  /** of another build */
  program?: string | undefined
  /** the program `node` that runs it */
  node?: string
}

/** As start.sh and the systemd unit start it. The image's libc has no arenas. */
export const asShipped = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '33554432',
  MALLOC_TRIM_THRESHOLD_: '16777216',
}

export function startOurs(
  upstream: string,
  {
    config,
    login = { FACTORY_API_KEY: 'fk-of-the-bench-0123456789' },
    program = path.join(projectDir, 'dist/bin/droid2api.js'),
    node = process.execPath,
  }: OursOptions = {},
): Promise<Target> {
  const dir = mkdtempSync(path.join(tmpdir(), 'droid2api-bench-'))
  const file = path.join(dir, 'config.json')
  const base = {
    port: 0,
    endpoints: [
      { name: 'claude', type: 'anthropic', base_url: `${upstream}/v1/messages`, auth: 'account' },
    ],
    models: [{ name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' }],
    api_keys: [clientKey],
    ...config,
  }
  writeFileSync(file, JSON.stringify(base))
  const env = { ...asShipped, ...process.env, ...login, DATA_DIR: dir }
  return startProxy('droid2api', node, [program, '-c', file], env)
}

export const clientKey = 'bench-client-key-5f4e3d2c'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs `node` on `args` and waits for the first line with a `url`. */
async function startProxy(
  name: string,
  node: string,
  args: string[],
  env = process.env,
): Promise<Target> {
  const child = spawn(node, [...nodeOptions, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const lines = createInterface(child.stdout)
  for await (const line of lines) {
    const { url } = JSON.parse(line) as { url?: string }
    if (url === undefined) continue
    child.stdout.resume()
    return { name, url, pid: child.pid!, stop: () => end(child) }
  }
  throw new Error(`${name} ended before it was listening`)
}

async function end(child: ChildProcess): Promise<void> {
  running.delete(child)
  if (child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** CPU time that the process has used up to now, all threads, ms. */
export function cpuMs({ pid }: Target): number {
  if (pid === undefined) return 0
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((id) => {
    const [onCpu] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')
    return Number(onCpu)
  })
  return ns.reduce((sum, one) => sum + one, 0) / 1e6
}

/** Resident memory, MB of 1000² bytes. */
export function rssMb({ pid }: Target): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return (pages * 4096) / 1e6
}

export function openDescriptors({ pid }: Target): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Looks at the memory of the process until it is asked for the most that it saw, MB. */
export function watchRss(target: Target): () => number {
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, rssMb(target))), 20)
  return () => {
    clearInterval(timer)
    return Math.max(peak, rssMb(target))
  }
}
