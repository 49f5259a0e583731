/** A real Redis server of the test's own, on a free loopback port: Debian's package `redis-server`. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { createClient } from '@redis/client'
import { SharedServer } from '../../lib/store/shared-server.ts'
import { freePort } from './free-port.ts'
import { need, skipWithout } from './packaged-server.ts'
import { until } from './until.ts'

export const skip = skipWithout('redis-server')

export interface RedisTestServer {
  port: number
  /** `redis://127.0.0.1:PORT` */
  url: string
  /** one command and its reply, over a connection of its own */
  command(...words: string[]): Promise<unknown>
  /** its process; another one after `start` */
  readonly process: ChildProcess
  stop(): Promise<void>
  /** again after `stop`, on the same port and with what it had saved */
  start(): Promise<void>
}

export interface RedisOptions {
  /** whether what it holds survives `stop` */
  persistent?: boolean
  password?: string
  /** key and certificate: it then takes encrypted connections alone */
  tls?: { key: string; cert: string }
}

/**
 * Requests wait for it as long as it takes, until the function that is handed back is called: the half second that they have is
 * little on a busy machine.
 */
export function waitForRedis(t: TestContext): () => void {
  const { mock } = t.mock.method(
    SharedServer.prototype,
    'soon',
    (settled: Promise<unknown>) => settled,
  )
  return () => mock.restore()
}

/** Why requests went on without it from now on, as often as they waited in vain. */
export function waitsInVain(t: TestContext): () => Promise<string[]> {
  const { mock } = t.mock.method(SharedServer.prototype, 'soon')
  return async () => {
    const waits = await Promise.allSettled(mock.calls.map(async ({ result }) => await result))
    return waits.flatMap((wait) => (wait.status === 'rejected' ? [String(wait.reason)] : []))
  }
}

/** Starts it, and ends it with the test. */
export async function startRedis(
  t: TestContext,
  { persistent = false, password, tls }: RedisOptions = {},
): Promise<RedisTestServer> {
  need('redis-server')
  const dir = mkdtempSync(path.join(tmpdir(), 'droid2api-redis-'))
  const port = await freePort()
  const append = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
  const secret = password === undefined ? [] : ['--requirepass', password]
  const at = ['--bind', '127.0.0.1', '--dir', dir, '--save', '']
  const listening = tls ? tlsOptions(dir, port, tls) : ['--port', String(port)]
  const socket = { host: '127.0.0.1', port, reconnectStrategy: false as const }
  let child: ChildProcess

  async function command(...words: string[]): Promise<unknown> {
    const client = createClient({
      ...(password !== undefined && { password }),
      socket: tls ? { ...socket, tls: true, ca: tls.cert, servername: 'test' } : socket,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.sendCommand(words)
    } finally {
      client.destroy()
    }
  }

  async function start(): Promise<void> {
    child = spawn('redis-server', [...at, ...listening, ...append, ...secret], { stdio: 'ignore' })
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
      return (await command('PING').catch(() => '')) === 'PONG'
    })
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }

  t.after(async () => {
    await stop()
    rmSync(dir, { recursive: true, force: true })
  })
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command,
    get process() {
      return child
    },
    stop,
    start,
  }
}

function tlsOptions(dir: string, port: number, { key, cert }: { key: string; cert: string }) {
  const files = { key: path.join(dir, 'key.pem'), cert: path.join(dir, 'cert.pem') }
  writeFileSync(files.key, key)
  writeFileSync(files.cert, cert)
  const own = ['--tls-key-file', files.key, '--tls-cert-file', files.cert]
  return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...own]
}
