/** The pair in a file on this machine: a lock file beside it makes processes take turns. */
import { createHash } from 'node:crypto'
import { withFileLock } from './file-lock.ts'
import { readTokens, writeTokens } from './token-file.ts'
import type { TokenStore } from './token-store.ts'

/** `seed`: the variable that the pair descends from, if any; a pair that descends from another one does not count. */
export function fileStore(file: string, seed?: string): TokenStore {
  const seedHash = seed === undefined ? undefined : hash(seed)
  return {
    place: file,
    async read() {
      const stored = await readTokens(file)
      const isOurs = !stored?.seedHash || !seedHash || stored.seedHash === seedHash
      return isOurs ? stored : undefined
    },
    withTurn: (work) =>
      withFileLock(file, () =>
        work(async (pair) => {
          await writeTokens(file, { ...pair, ...(seedHash && { seedHash }) })
          return pair
        }),
      ),
    close: () => Promise.resolve(),
  }
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
