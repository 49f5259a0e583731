/** File systems that lack something: calls of `node:fs/promises` that fail as they do there. */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

type Call = 'readFile' | 'rename' | 'open' | 'writeFile' | 'chmod' | 'sync' | 'truncate' | 'access'

/** The others name a path. */
const ofHandles = new Set(['chmod', 'sync', 'truncate'])

/** With `restore` all is well again; it is, in any case, after the test. */
export interface Broken {
  restore(): void
}

/** Each named call fails with the code, for a path that `about` matches where the call has one. */
export async function broken(
  t: TestContext,
  codes: Partial<Record<Call, string>>,
  about = /./,
): Promise<Broken> {
  const handle = await fs.open(fileURLToPath(import.meta.url))
  const methods = Object.getPrototypeOf(handle) as Record<string, (...args: unknown[]) => unknown>
  await handle.close()
  const mocks = Object.entries(codes).map(([call, code]) => {
    const owner = ofHandles.has(call) ? methods : (fs as unknown as typeof methods)
    const real = owner[call]!
    return t.mock.method(owner, call, function fail(this: unknown, ...args: unknown[]) {
      const isMeant = owner === methods || about.test(String(args[0]))
      if (!isMeant) return real.apply(this, args)
      return Promise.reject(Object.assign(new Error(`${code}: ${call}`), { code }))
    })
  })
  const restore = () => {
    for (const mock of mocks) mock.mock.restore()
    syncBuiltinESMExports()
  }
  syncBuiltinESMExports()
  t.after(restore)
  return { restore }
}
