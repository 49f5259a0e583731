/** Addresses that take no connection in: what a far network, or one that swallows packets, looks like from here. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type LookupFunction, type Socket } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'

export interface SlowListener {
  port: number
  /** from now on connections come about; those asked for before do when their packet is sent again, after a second */
  open: () => void
}

/** On 127.0.0.2 and 127.0.0.3, at one port. */
export async function slowListener(t: TestContext): Promise<SlowListener> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'slow-listener.child.mjs')])
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  for (const host of ['127.0.0.2', '127.0.0.3']) await fill(t, host, port)
  return { port, open: () => child.stdin.end('\n') }
}

/** Takes the places that connections wait in, until one more finds none. */
async function fill(t: TestContext, host: string, port: number): Promise<void> {
  for (let count = 0; count < 20; count += 1) {
    const socket = connect(port, host).on('error', () => undefined)
    t.after(() => socket.destroy())
    if (!(await connectsSoon(socket))) {
      socket.destroy()
      return
    }
  }
  throw new Error('it never gets full')
}

async function connectsSoon(socket: Socket): Promise<boolean> {
  const soon = AbortSignal.timeout(150)
  return await once(socket, 'connect', { signal: soon }).then(
    () => true,
    () => false,
  )
}

/** A resolver that knows one name, with these addresses in this order. */
export function resolvesTo(...addresses: string[]): LookupFunction {
  return (_name, _options, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(done, null, found)
  }
}
